// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
public import PipelineFiles

/// Which images a target gets by the pipeline's `projects`, and which project each member is.
public struct ProjectRoute: Sendable {
    /// What one project of a cloud gets.
    public struct Intake: Sendable {
        /// What becomes of images whose project is not in the table.
        public enum Others: Sendable {
            /// They come here: `"*"`.
            case taken
            /// Another target of this cloud answers for them.
            case left
            /// The plan refuses them here, once.
            case refused
        }

        /// Ids at the sources.
        var projects: Set<String>
        var others: Others
        /// All projects of the table, by their ids at the sources.
        var mapped: Set<String>
        /// Names at the sources of projects that are not in the table, by their ids, as far as they
        /// are known.
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
    /// Nil for an administrator's target, which gets all images, each with its owner.
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

    /// True if the table says where the images of a project of the sources go.
    func isMapped(_ project: String) -> Bool { members.target(of: project) != nil }

    /// `payroll (8607…)`, or the id alone.
    func words(ofProject id: String) -> String {
        takes?.names[id].map { "\($0) (\(id))" } ?? id
    }

    enum Verdict {
        case wanted, unwanted
        case refused(TranshipError)
    }

    func verdict(_ image: ListedImage) -> Verdict {
        guard let takes, let owner = image.image.ownerID else { return .wanted }
        if takes.projects.contains(owner) { return .wanted }
        guard !takes.mapped.contains(owner) else { return .unwanted }
        switch takes.others {
        case .taken: return .wanted
        case .left: return .unwanted
        case .refused:
            return .refused(
                TranshipError(
                    .refused, "its project \(words(ofProject: owner)) is not in `projects`",
                    hint: "add the project, or \"*\" for the rest, to `projects`"))
        }
    }
}
