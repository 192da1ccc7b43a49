// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles
internal import Planning

/// Where the pipeline file has the sources of a run, for what the run says of single images.
struct ImagePlaces: Sendable {
    /// Of each source of the opened pipeline.
    var positions: [FilePosition] = []
    /// Of images that the plan refused, which the journal does not have, by ``SourceImage/key``.
    var refused: [String: FilePosition] = [:]

    /// Refused images that are remembered.
    static let imagesMax = 1000

    /// - Parameter index: ``SourceImage/sourceIndex``.
    func position(ofSource index: Int) -> FilePosition? {
        positions.indices.contains(index) ? positions[index] : nil
    }
}

extension PipelineRun {
    /// The line of the pipeline file that an image comes from, such as `night.yaml:9`; nil if it is
    /// not known, and for a copy, which has no file.
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

    /// Remembers which sources the images have that need eyes.
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
    /// An empty plan. An object that has the journal's lock has a file for it that no other process
    /// uses; one that only plans has one for its purpose.
    func ownPlan(for purpose: Plan.Purpose) throws(TranshipError) -> Plan {
        try Plan(beside: journal, for: writes ? .run : purpose)
    }

    /// Images that the plan refused, whose messages are looked at for projects.
    private static let namedImagesMax = 500

    /// The names for what a plan says, also without a run: of its images' projects if they are several,
    /// of members, and of what messages of refused images have. Asks for those and no others; what
    /// cannot be asked has no name.
    ///
    /// - Parameters:
    ///   - ids: of the images and of their copies.
    ///   - members: of the projects that images are shared with.
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

    /// False if one project at the source and one at the target leave no doubt.
    private func hasSeveralProjects(_ ids: Set<String>) -> Bool {
        let maps =
            pipeline.projects != nil
            || pipeline.targets.contains { $0.cloudEntry?.rules.image.owner != nil }
        return maps && ids.count > 2
    }

    /// Keeps the names of projects for reports. Asks for those that the journal does not know; what
    /// cannot be asked stays without a name.
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
    /// What the file says, key by key. The lines of `projects` are ``ProjectTable/texts``, also those
    /// of a CSV file.
    var settingTexts: [String: String] {
        keyTexts.filter { projects == nil || !$0.key.hasPrefix("projects.") }
    }
}
