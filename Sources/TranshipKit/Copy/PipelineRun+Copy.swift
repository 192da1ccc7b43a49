// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import MigrationJournal
public import MigrationModel
internal import OpenStackImage
internal import PipelineFiles

extension PipelineRun {
    /// Opens the pipeline of an order and its journal.
    ///
    /// A name that no image has ends ``plan(matching:listsAllDifferences:)`` with an error, before the
    /// journal has a run.
    ///
    /// - Parameter text: of ``CopyOrder/pipeline(writtenBy:)``.
    /// - Throws: as ``init(file:journalPath:environment:plansOnly:planning:events:)``.
    public convenience init(
        copying order: CopyOrder, text: String, journalPath: String? = nil,
        environment: [String: String], plansOnly: Bool = false,
        planning: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws(TranshipError) {
        try OpenFileLimit.expectEnough()
        // The file does not exist; messages with a line of it begin with this word.
        let pipeline = try Pipeline.parse(
            text: text, file: Run.copyFile, environment: environment)
        self.init(
            pipeline,
            journal: try await JournalPlace.journal(
                of: pipeline, at: journalPath, environment: environment, plansOnly: plansOnly),
            environment: environment, writes: !plansOnly,
            refusal: { await order.refusal($0, environment: environment) },
            explain: order.explained, planning: planning, events: events)
    }
}

extension CopyOrder {
    /// Says what is there in place of images that are not.
    func refusal(
        _ missed: [MissedSelection], environment: [String: String]
    ) async -> TranshipError {
        guard let first = missed.first, case .cloud(let cloud) = source else {
            return TranshipError(.noImageSelected, "no image is selected")
        }
        let isLegacy = await isLegacy(cloud, environment)
        let commands = isLegacy ? "tranship v1" : "tranship image"
        let list = "\(commands) list \(cloud.options)"
        guard let name = first.name else {
            return TranshipError(
                .noImageSelected, "cloud \"\(cloud.words)\" has no image that meets the conditions",
                hint: first.listedImages == 0 && ![nil, "self", "any"].contains(options.owner)
                    ? "--owner takes a project's id, self or any, and no image that this project sees "
                        + "has that owner"
                    : first.listedImages == 0
                        ? "it has no active image of this project; `\(list)\(isLegacy ? "" : " --all")` "
                            + "lists what other projects show, and `--owner any` selects it"
                        : "it lists \(first.listedImages): "
                            + ShortList(first.examples, count: first.listedImages).words)
        }
        let words = missed.compactMap(\.name).map { "\"\($0)\"" }.joined(separator: ", ")
        let message = "cloud \"\(cloud.words)\" has no image \(words) of this project"
        if first.nearest == name {
            var reason = ""
            if case .leftOut(_, let words, _) = first.cause { reason = ": \(words)" }
            return TranshipError(
                .noImageSelected,
                "the image \"\(name)\" of cloud \"\(cloud.words)\" is not selected\(reason)",
                hint: "compare it with the conditions: `\(commands) show \(cloud.options) "
                    + "\(name.shellQuoted)`; an image must also be active")
        }
        if let id = await images(ImageQuery(isHidden: true), name, cloud, environment).first {
            return TranshipError(
                .noImageSelected,
                "the image \"\(name)\" of cloud \"\(cloud.words)\" is hidden, and not selected",
                hint: "name its id: \(id)")
        }
        let others =
            options.owner == nil
            ? await images(ImageQuery(visibility: .all), name, cloud, environment) : []
        if let id = others.first {
            return TranshipError(
                .noImageSelected, message,
                hint: others.count == 1
                    ? "another project has one of that name: name its id, \(id), or add --owner any"
                    : "\(others.count) of other projects have that name: name an id, or add "
                        + "--owner any")
        }
        if first.cause == .gone, let run = first.copiedInRun {
            return TranshipError(
                .noImageSelected, "\(message) any more; run \(run) copied it",
                hint: "`tranship image list \(cloud.options)` lists what is there")
        }
        let guess =
            shellHint(name) ?? first.nearest.map { "did you mean \"\($0)\"? " } ?? ""
        let there = ShortList(first.examples, count: first.listedImages).words
        let all = "`\(list)` lists all"
        return TranshipError(
            .noImageSelected, message, hint: "\(guess)there are \(there); \(all)")
    }

    private func isLegacy(_ cloud: CloudPlace, _ environment: [String: String]) async -> Bool {
        do {
            return try await LegacyImageService.isNeeded(
                by: .named(cloud.name, region: cloud.region, environment: environment))
        } catch {
            // Only the hint is poorer without.
            return false
        }
    }

    /// What a shell did with a name, or did not do.
    private func shellHint(_ name: String) -> String? {
        if FileManager.default.fileExists(atPath: name) {
            return "quote the glob if this was one: \(name) is a file here, so the shell may have "
                + "expanded a glob to this name; "
        }
        if name.contains(","), name.contains("{") {
            return "remove the quotes so that the shell expands the braces; "
        }
        guard name.contains(",") else { return nil }
        return "write each name as its own argument: "
            + name.split(separator: ",").map { String($0).shellQuoted }.joined(separator: " ")
            + "; "
    }

    /// Ids of images with that name that a query lists.
    private func images(
        _ query: ImageQuery, _ name: String, _ cloud: CloudPlace, _ environment: [String: String]
    ) async -> [String] {
        guard let literal = Glob(name).literal else { return [] }
        var query = query
        query.name = .one(literal)
        var ids: [String] = []
        do {
            let service = ImageService(
                try CloudSession.named(
                    cloud.name, region: cloud.region, environment: environment))
            for try await image in service.images(query).flattened { ids.append(image.id) }
        } catch {
            // Only the hint is poorer without.
            return []
        }
        return ids
    }
}
