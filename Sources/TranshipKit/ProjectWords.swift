// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel

/// The names of projects: for messages, which have their ids, and for the images of a plan.
public struct ProjectWords: Sendable {
    /// What projects are called, by their ids; those that could be found out.
    public let names: [String: String]
    /// The projects of a plan's images and copies, by their ids. Empty if one project at the source and
    /// one at the target leave no doubt.
    let moving: Set<String>
    /// The projects that a plan's images are shared with, by their ids.
    private let members: Set<String>
    /// Names of more projects of the plan than one at each end.
    private let ambiguous: Set<String>

    /// - Parameter names: by the ids of the projects.
    public init(_ names: [String: String] = [:]) { self.init(names, moving: []) }

    /// - Parameters:
    ///   - moving: the projects of a plan's images and copies, if they are several.
    ///   - members: those that its images are shared with.
    init(_ names: [String: String], moving: Set<String>, members: Set<String> = []) {
        self.names = names
        self.moving = moving
        self.members = members
        let counts = moving.compactMap { names[$0] }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        ambiguous = Set(counts.filter { $0.value > 2 }.keys)
    }

    /// Of the names, those of the plan's projects and members.
    var planNames: [String: String] {
        names.filter { moving.contains($0.key) || members.contains($0.key) }
    }

    /// A project at one end of an image; nil without an id.
    func project(_ id: String?) -> PipelinePlan.NamedProject? {
        guard let id, !id.isEmpty else { return nil }
        let name = names[id]
        return PipelinePlan.NamedProject(
            id: id, name: name, isOneOfMany: name.map { ambiguous.contains($0) } ?? false)
    }

    /// `payroll (8607…)`, or the id alone.
    public func words(ofProject id: String) -> String {
        names[id].map { "\($0.cut(to: Self.nameCharactersMax)) (\(id))" } ?? id
    }

    /// A message with the names of projects before their ids.
    public func naming(projectsIn message: String) -> String {
        var text = message
        for id in ids(in: text) {
            let named = words(ofProject: id)
            text = text.replacing(named, with: id).replacing(id, with: named)
        }
        return text
    }

    /// A failure with the names of projects before their ids in its message. Its hint may be a command,
    /// which takes ids.
    public func naming(_ failure: Transfer.Failure) -> Transfer.Failure {
        guard !names.isEmpty else { return failure }
        var named = failure
        named.message = naming(projectsIn: failure.message)
        return named
    }

    /// The ids that a message has, of those with a name.
    private func ids(in text: String) -> [String] {
        // An id that is a word could be part of other words.
        names.keys.filter { $0.count >= Self.idCharactersMin && text.contains($0) }.sorted()
    }

    /// Those of some ids that are looked for in messages.
    static func findable(_ ids: Set<String>) -> Set<String> {
        ids.filter { $0.count >= idCharactersMin }
    }

    private static let nameCharactersMax = 64
    /// The shortest id that is looked for in messages, in characters.
    private static let idCharactersMin = 32
}
