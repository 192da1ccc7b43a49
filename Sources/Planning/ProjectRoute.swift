// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
public import PipelineFiles

/// The images that a target gets by the pipeline's `projects`, and the projects of members.
public struct ProjectRoute: Sendable {
    /// The images that one project of a cloud gets.
    public struct Intake: Sendable {
        /// The treatment of images whose project is not in the table.
        public enum Others: Sendable {
            /// They come to this target: `"*"`.
            case taken
            /// Another target of this cloud is responsible for them.
            case left
            /// The plan refuses them at this target, once.
            case refused
        }

        /// The projects' ids at the sources.
        var projects: Set<String>
        var others: Others
        /// All projects of the table, by their ids at the sources.
        var mapped: Set<String>
        /// The names of the sources' projects that are not in the table, by their ids, if they are
        /// known.
        var names: [String: String]

        public init(
            projects: Set<String>, others: Others, mapped: Set<String>,
            names: [String: String] = [:]
        ) {
            self.projects = projects
            self.others = others
            self.mapped = mapped
            self.names = names
        }

    }

    /// Project ids at the sources with the ids at the target.
    let members: OwnerMap
    /// The images that this target gets; nil for an administrator's target, which gets all images,
    /// each with its owner.
    let takes: Intake?

    public init(members: OwnerMap, takes: Intake?) {
        self.members = members
        self.takes = takes
    }

    /// The projects of the table, at the sources and at the target.
    public var projectIDs: Set<String> {
        Set(members.projects.keys).union(members.projects.values)
            .union([members.rest].compactMap(\.self))
    }

    /// True if the table names a target for the images of a project of the sources.
    func isMapped(_ project: String) -> Bool {
        if case .taken = takes?.others { return true }
        return members.target(of: project) != nil
    }

    /// Returns `payroll (8607…)`, or only the id.
    func words(ofProject id: String) -> String {
        takes?.names[id].map { "\($0) (\(id))" } ?? id
    }

    enum Verdict {
        case wanted, unwanted
        case refused(TranshipError)
    }

    func verdict(_ image: ListedImage) -> Verdict {
        guard let takes, image.image.imageID != nil else { return .wanted }
        let owner = image.image.ownerID
        if let owner {
            if takes.projects.contains(owner) { return .wanted }
            guard !takes.mapped.contains(owner) else { return .unwanted }
        }
        switch takes.others {
        case .taken: return .wanted
        case .left: return .unwanted
        case .refused:
            return .refused(
                TranshipError(
                    .refused,
                    owner.map { "its project \(words(ofProject: $0)) is not in `projects`" }
                        ?? "it has no project at the source, and there is no \"*\" in `projects`",
                    hint: "add the project, or \"*\" for the rest, to `projects`"))
        }
    }
}
