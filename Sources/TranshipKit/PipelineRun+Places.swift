// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles
internal import Planning

/// The positions of a run's sources in the pipeline file, for what the run says about single
/// images.
struct ImagePlaces: Sendable {
    /// The position of each source of the opened pipeline.
    var positions: [FilePosition] = []
    /// The positions for images that the plan refused, which the journal does not have, by
    /// ``SourceImage/key``.
    var refused: [String: FilePosition] = [:]

    /// The maximum number of refused images to remember.
    static let imagesMax = 1000

    /// Returns the position of a source.
    ///
    /// - Parameter index: ``SourceImage/sourceIndex``.
    func position(ofSource index: Int) -> FilePosition? {
        positions.indices.contains(index) ? positions[index] : nil
    }
}

extension PipelineRun {
    /// Returns the line of the pipeline file that an image comes from, such as `night.yaml:9`; nil
    /// if it is not known, and for a copy, which has no file.
    ///
    /// - Parameters:
    ///   - key: ``SourceImage/key``.
    ///   - index: ``SourceImage/sourceIndex``; nil for an image that the plan refused.
    public func place(ofSource key: String, index: Int? = nil) -> String? {
        guard !Run.isCopy(file: pipeline.absoluteFile, name: pipeline.name) else { return nil }
        let places = places.withLock { $0 }
        let known = index.flatMap { places.position(ofSource: $0) } ?? places.refused[key]
        let named = pipeline.sources.filter { $0.entry.names(key, in: pipeline.baseDirectory) }
            .map(\.position)
        guard let position = known ?? (named.count == 1 ? named.first : nil) else { return nil }
        return "\(PathText.lastComponent(position.file)):\(position.line)"
    }

    /// Remembers the positions for the images that an operator has to look at.
    func remember(refusedIn plan: Plan) async throws(TranshipError) {
        let page = try await plan.items(
            after: 0, limit: ImagePlaces.imagesMax, actions: [.refuse, .conflict])
        places.withLock { places in
            places.refused = [:]
            for image in page.map(\.item.source) where places.refused[image.key] == nil {
                places.refused[image.key] = places.position(ofSource: image.sourceIndex)
            }
        }
    }
}

extension PipelineRun {
    /// Returns an empty plan. If this object has the journal's lock, the plan's file is one that no
    /// other process uses; if it only plans, the file is the one for the purpose.
    func ownPlan(for purpose: Plan.Purpose) throws(TranshipError) -> Plan {
        try Plan(beside: journal, for: writes ? .run : purpose)
    }

    /// The maximum number of refused images whose messages are searched for projects.
    private static let namedImagesMax = 500

    /// Returns the names of the projects that a plan mentions, also without a run: the projects of
    /// its images if there are several, of members, and of messages about refused images. Asks
    /// Keystone for no other projects. A project that cannot be asked for has no name.
    ///
    /// - Parameters:
    ///   - ids: the projects of the images and of their copies.
    ///   - members: the projects that images are shared with.
    func projectWords(
        for plan: Plan, _ ids: Set<String>, members: Set<String>, _ opened: OpenedPipeline
    ) async throws(TranshipError) -> ProjectWords {
        let known = try await journal.projectNames()
        let refused = try await plan.items(
            after: 0, limit: Self.namedImagesMax, actions: [.refuse, .conflict])
        let messages = Set(refused.compactMap { $0.item.refusal?.message ?? $0.item.reason?.words })
        let moving = hasSeveralProjects(ids) ? ids : []
        let named = ProjectWords.findable(ids).filter { id in
            messages.contains { $0.contains(id) }
        }
        let asked = moving.union(named).union(ProjectWords.findable(members))
            .filter { known[$0] == nil }
        let new =
            asked.isEmpty ? [:] : await opened.projectNames.names(of: asked.sorted())
        let unnamed = opened.projectNames.unnamed
        return ProjectWords(
            known.merging(new) { first, _ in first }.filter { !unnamed.contains($0.key) },
            moving: moving, members: members)
    }

    /// False if the images have one project at the source and one at the target, so that their
    /// names add nothing.
    private func hasSeveralProjects(_ ids: Set<String>) -> Bool {
        let maps =
            pipeline.projects != nil
            || pipeline.targets.contains { $0.cloudEntry?.rules.image.owner != nil }
        return maps && ids.count > 2
    }

    /// Stores the names of projects for reports. Asks for those that the journal does not know; a
    /// project that cannot be asked for stays without a name.
    func remember(
        projects ids: Set<String>, _ opened: OpenedPipeline
    ) async throws(TranshipError) {
        var all = ids
        for target in opened.targets { all.formUnion(target.route?.projectIDs ?? []) }
        let known = try await journal.projectNames()
        let new = all.filter { known[$0] == nil }
        guard !new.isEmpty else { return }
        try await journal.remember(
            projectNames: await opened.projectNames.names(of: new.sorted()))
    }
}

extension Pipeline {
    /// The settings of the file, key by key, also as its variables expand them, without the lines
    /// of `projects`: those are ``ProjectTable/texts``, even if they come from a CSV file.
    var settingTexts: [String: String] {
        keyTexts.merging(outsideTexts) { text, _ in text }
            .filter { projects == nil || !$0.key.hasPrefix("projects.") }
    }
}
