// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import OpenStackImage
internal import PipelineFiles
internal import SourceReaders

/// The `owner` table of a target, with the id of each project that the table names. The Image
/// service accepts any text as an owner: a name in place of an id would hide the images from all
/// users.
struct OwnerTable {
    private let pipeline: Pipeline
    private let connections: any Connections
    /// The names of sources that are absent from the plan.
    private let absent: Set<String>
    private let unchecked: UncheckedProjects

    init(
        _ pipeline: Pipeline, _ connections: any Connections,
        unchecked: UncheckedProjects = UncheckedProjects(), without absent: Set<String> = []
    ) {
        self.unchecked = unchecked
        self.pipeline = pipeline
        self.connections = connections
        self.absent = absent
    }

    /// Returns the target with ids in its table.
    ///
    /// - Throws: ``TranshipError/Code/invalidPipeline`` for a word that is neither an id nor the
    ///   name of exactly one project; the errors of Keystone.
    func withIDs(_ target: Target) async throws(TranshipError) -> Target {
        guard let entry = target.cloudEntry, let table = entry.rules.image.owner,
            !table.isProjectTable
        else { return target }
        var projects: [String: String] = [:]
        for (source, owner) in table.projects.sorted(by: { $0.key < $1.key }) {
            let owner = try await id(of: owner, at: .target, entry.cloud)
            for source in try await sourceIDs(of: source) {
                guard projects.updateValue(owner, forKey: source) == nil else {
                    throw refusal(
                        entry.cloud, "names the project \(source) twice",
                        hint: "remove one of the two lines")
                }
            }
        }
        var rest: String?
        if let owner = table.rest { rest = try await id(of: owner, at: .target, entry.cloud) }
        return .cloud(entry.owned(by: OwnerMap(projects: projects, rest: rest)))
    }

    /// Returns the ids of one project at the sources: each source may have a project of that name.
    private func sourceIDs(of project: String) async throws(TranshipError) -> [String] {
        var ids: [String] = []
        var last: TranshipError?
        var isWhole = true
        for entry in pipeline.sources {
            guard let source = entry.cloudEntry else {
                // The records of this source may name projects of any cloud as owners.
                if CloudConfiguration.isProjectID(project) { isWhole = false }
                continue
            }
            guard !absent.contains(entry.shownName) else {
                isWhole = false
                continue
            }
            do {
                let id = try await id(of: project, at: .source, source.cloud)
                if !ids.contains(id) { ids.append(id) }
            } catch {
                guard error.code == .invalidPipeline else { throw error }
                last = error
            }
        }
        if ids.isEmpty {
            // Keep the word if a source of another kind may have it as an owner in its records, or
            // if an absent source may have the project.
            guard let last, isWhole else { return [project] }
            throw last
        }
        return ids
    }

    private func id(
        of project: String, at side: TranshipError.Side, _ cloud: CloudName
    ) async throws(TranshipError) -> String {
        let session = try await connections.signIn(cloud).session
        // Without Keystone, an owner may be any text.
        guard session.configuration.authURL != nil else { return project }
        do {
            return try await unchecked.id(of: ProjectTable.Name(project), at: side, in: session)
        } catch {
            guard error.isAnAnswer || [.notFound, .ambiguous].contains(error.code) else {
                throw error
            }
            throw refusal(
                cloud,
                "names \"\(project)\", which is not the id of a project: \(error.message)",
                hint: "write the project's id; `openstack --os-cloud \(cloud.name) project list` "
                    + "shows it")
        }
    }

    private func refusal(_ cloud: CloudName, _ words: String, hint: String) -> TranshipError {
        TranshipError(
            .invalidPipeline, "\(cloud.position): the table of `image: owner` \(words)", hint: hint)
    }
}
