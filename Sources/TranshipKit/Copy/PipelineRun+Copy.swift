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
    /// If no image has a name of the order, ``plan(matching:listsAllDifferences:)`` throws before
    /// the journal has a run.
    ///
    /// - Parameter text: the text from ``CopyOrder/pipeline(writtenBy:)``.
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
    /// Returns an error that names the images that exist in place of the missing ones.
    func refusal(
        _ missed: [MissedSelection], environment: [String: String]
    ) async -> TranshipError {
        guard let first = missed.first else {
            return TranshipError(.noImageSelected, "no image is selected")
        }
        guard case .cloud(let cloud) = source else { return archiveRefusal(first) }
        let isLegacy = await isLegacy(cloud, environment)
        let commands = isLegacy ? "tranship v1" : "tranship image"
        let list = "\(commands) list \(cloud.options)"
        if let error = await ownerRefusal(missed, cloud, environment) { return error }
        if let error = await statusRefusal(first, cloud, environment) { return error }
        guard let name = first.name else {
            return TranshipError(
                .noImageSelected, "cloud \"\(cloud.words)\" has no image that meets the conditions",
                hint: first.listedImages == 0 && otherOwner != nil
                    ? "no image that this project sees has that owner"
                    : first.listedImages == 0
                        ? "it has no active image of this project; `\(list)\(isLegacy ? "" : " --all")` "
                            + "lists what other projects show, and `--owner any` selects it"
                        : "it lists \(first.listedImages): "
                            + ShortList(first.examples, count: first.listedImages).words)
        }
        let words = missed.compactMap(\.name).map { "\"\($0)\"" }.joined(separator: ", ")
        let message =
            "cloud \"\(cloud.words)\" has no image \(words) of "
            + (otherOwner.map { "project \($0)" } ?? "this project")
        let show = "\(commands) show \(cloud.options)"
        if let error = conditionRefusal(first, "cloud \"\(cloud.words)\"", (show, list)) {
            return error
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
        let all =
            first.listedImages == 0 && !isLegacy
            ? "`\(list) --all` lists what other projects show" : "`\(list)` lists all"
        return TranshipError(
            .noImageSelected, message, hint: "\(guess)there are \(there); \(all)")
    }

    /// Returns an error that names the images of an archive in place of a missing one.
    private func archiveRefusal(_ missed: MissedSelection) -> TranshipError {
        let place = "archive \(missed.cloud)"
        let there = ShortList(missed.examples, count: missed.listedImages).words
        guard let name = missed.name else {
            return TranshipError(
                .noImageSelected, "\(place) has no image that meets the conditions",
                hint: "it lists \(missed.listedImages): \(there)")
        }
        if let error = conditionRefusal(missed, place, nil) { return error }
        let guess =
            shellHint(name) ?? missed.nearest.map { "did you mean \"\($0)\"? " } ?? ""
        return TranshipError(
            .noImageSelected, "\(place) has no image \"\(name)\"",
            hint: "\(guess)there are \(there)")
    }

    /// Returns an error if a source has an image of the name but a condition leaves it out.
    ///
    /// - Parameter commands: the commands that show an image and list images; nil for a source
    ///   without such commands.
    private func conditionRefusal(
        _ missed: MissedSelection, _ place: String, _ commands: (show: String, list: String)?
    ) -> TranshipError? {
        guard let name = missed.name else { return nil }
        func refusal(_ reason: String?, hint: String?) -> TranshipError {
            TranshipError(
                .noImageSelected, Self.unselected(name, place, reason),
                hint: hint ?? "leave out the option that it does not meet")
        }
        let literal = Glob(name).literal
        switch missed.cause {
        case .glob(let escaped):
            return TranshipError(
                .noImageSelected,
                "the image \"\(name)\" of \(place) is not selected: as a glob, its name does not "
                    + "match it",
                hint: "write a backslash before each character that a glob gives a meaning: "
                    + escaped.shellQuoted)
        // Except `owner`: the caller's message says "of this project", which is right for a glob as
        // well.
        case .leftOut(let key, let reason, _) where literal == nil && key != "owner":
            return refusal(
                reason,
                hint: commands.map { "compare the images with the conditions: `\($0.list) --long`" }
            )
        default: break
        }
        guard let literal, missed.nearest == literal else { return nil }
        var reason: String?
        if case .leftOut(_, let words, _) = missed.cause { reason = words }
        return refusal(
            reason,
            hint: commands.map {
                "compare it with the conditions: `\($0.show) \(literal.shellQuoted)`"
            })
    }

    /// - Parameter reason: the reason why the first image of the name is left out; nil if it is not
    ///   known.
    private static func unselected(_ name: String, _ place: String, _ reason: String?) -> String {
        guard let literal = Glob(name).literal else {
            return "no image of \(place) that matches \"\(name)\" is selected"
                + (reason.map { "; of the first one: \($0)" } ?? "")
        }
        return "the image \"\(literal)\" of \(place) is not selected"
            + (reason.map { ": \($0)" } ?? "")
    }

    /// The project of `--owner`; nil for our own project and for `any`.
    private var otherOwner: String? {
        options.owner.flatMap { ["self", "any"].contains($0) ? nil : $0 }
    }

    /// Returns an error if `--owner` has the name of a project in place of its id.
    private func ownerRefusal(
        _ missed: [MissedSelection], _ cloud: CloudPlace, _ environment: [String: String]
    ) async -> TranshipError? {
        guard let owner = otherOwner, !CloudConfiguration.isProjectID(owner),
            missed.allSatisfy({ $0.listedImages == 0 })
        else { return nil }
        let names = missed.compactMap(\.name).map { "\"\($0)\"" }.joined(separator: ", ")
        var id: String?
        // If Keystone does not answer, the hint has no id.
        if let session = try? CloudSession.named(
            cloud.name, region: cloud.region, environment: environment)
        {
            let own = try? await session.ownProjects().filter { $0.name == owner }.map(\.id)
            id = own?.count == 1 ? own?[0] : nil
            if id == nil { id = try? await session.projectID(of: owner, domain: nil) }
        }
        return TranshipError(
            .noImageSelected,
            "cloud \"\(cloud.words)\" has no image "
                + (names.isEmpty ? "whose owner is \"\(owner)\"" : "\(names) of \"\(owner)\""),
            hint: id.map { "--owner takes the id of a project: --owner \($0)" }
                ?? "--owner takes the id of a project, self or any: "
                + "`openstack --os-cloud \(cloud.name) project show \(owner.shellQuoted) -f value "
                + "-c id` prints the id")
    }

    /// Returns an error if only the status of a named image leaves it out.
    private func statusRefusal(
        _ missed: MissedSelection, _ cloud: CloudPlace, _ environment: [String: String]
    ) async -> TranshipError? {
        guard let name = missed.name, case .leftOut("status", let reason, let status) = missed.cause
        else { return nil }
        var ids: [String] = []
        var isOwn = otherOwner == nil && options.owner != "any"
        if Self.isID(name) {
            ids = [name]
            isOwn = await self.isOwn(name, cloud, environment)
        } else if status == .deactivated {
            ids = await images(ImageQuery(status: [.deactivated]), name, cloud, environment)
        }
        let message = Self.unselected(name, "cloud \"\(cloud.words)\"", reason)
        let hint: String
        if status != .deactivated {
            hint = (status ?? .unknown).stepToData
        } else if ids.isEmpty {
            hint =
                "`tranship image list \(cloud.options) --status deactivated` lists such images, and "
                + "`tranship image reactivate IMAGE \(cloud.options)` makes one active"
        } else if isOwn {
            hint =
                "reactivate it: `tranship image reactivate "
                + "\(ids.prefix(5).joined(separator: " ")) \(cloud.options)`"
        } else {
            hint = "ask its owner to reactivate it: \(ids.prefix(5).joined(separator: ", "))"
        }
        return TranshipError(.noImageSelected, message, hint: hint)
    }

    /// False if the cloud says that another project owns the image.
    private func isOwn(
        _ id: String, _ cloud: CloudPlace, _ environment: [String: String]
    ) async -> Bool {
        guard
            let session = try? CloudSession.named(
                cloud.name, region: cloud.region, environment: environment),
            let project = try? await session.authenticate().projectID,
            let owner = try? await ImageService(session).imageIfPresent(id)?.ownerID
        else { return true }
        return owner == project
    }

    private func isLegacy(_ cloud: CloudPlace, _ environment: [String: String]) async -> Bool {
        do {
            return try await LegacyImageService.isNeeded(
                by: .named(cloud.name, region: cloud.region, environment: environment))
        } catch {
            // Without an answer, only the hint is less exact.
            return false
        }
    }

    /// Returns a hint if the shell expanded a glob in a name, or did not expand braces.
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

    /// Returns the ids of the images with that name that a query lists.
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
            // Without an answer, only the hint is less exact.
            return []
        }
        return ids
    }
}
