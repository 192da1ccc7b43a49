// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel

/// The names of projects, for messages with project ids and for the images of a plan.
public struct ProjectWords: Sendable {
    /// The names of projects, by their ids, as far as they could be found.
    public let names: [String: String]
    /// The projects of a plan's images and copies, by their ids. Empty if there is one project at
    /// the source and one at the target, so that no name is needed.
    let moving: Set<String>
    /// The projects that a plan's images are shared with, by their ids.
    private let members: Set<String>
    /// The names that more than two projects of the plan have. Two may have one name: one at the
    /// source and one at the target.
    private let ambiguous: Set<String>

    /// - Parameter names: the names, by the ids of the projects.
    public init(_ names: [String: String] = [:]) { self.init(names, moving: []) }

    /// - Parameters:
    ///   - moving: the projects of a plan's images and copies, if there are several.
    ///   - members: the projects that its images are shared with.
    init(_ names: [String: String], moving: Set<String>, members: Set<String> = []) {
        self.names = names
        self.moving = moving
        self.members = members
        let counts = moving.compactMap { names[$0] }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        ambiguous = Set(counts.filter { $0.value > 2 }.keys)
    }

    /// The names of the plan's projects and members.
    var planNames: [String: String] {
        names.filter { moving.contains($0.key) || members.contains($0.key) }
    }

    /// Returns a project at one end of an image; nil without an id.
    func project(_ id: String?) -> PipelinePlan.NamedProject? {
        guard let id, !id.isEmpty else { return nil }
        let name = names[id]
        return PipelinePlan.NamedProject(
            id: id, name: name, isOneOfMany: name.map { ambiguous.contains($0) } ?? false)
    }

    /// Returns `payroll (8607…)`, or only the id.
    public func words(ofProject id: String) -> String {
        names[id].map { "\($0.cut(to: Self.nameCharactersMax)) (\(id))" } ?? id
    }

    /// Returns a message with the names of projects before their ids.
    public func naming(projectsIn message: String) -> String {
        var text = message
        for id in ids(in: text) {
            let named = words(ofProject: id)
            text = text.replacing(named, with: id).replacing(id, with: named)
        }
        return text
    }

    /// Returns a failure with the names of projects before their ids in its message. Leaves the
    /// hint as it is: it may be a command, which takes ids.
    public func naming(_ failure: Transfer.Failure) -> Transfer.Failure {
        guard !names.isEmpty else { return failure }
        var named = failure
        named.message = naming(projectsIn: failure.message)
        return named
    }

    /// Returns the ids in a message that have a name.
    private func ids(in text: String) -> [String] {
        // A short id may also be part of a word.
        names.keys.filter { $0.count >= Self.idCharactersMin && text.contains($0) }.sorted()
    }

    /// Returns the ids that are long enough to look for in messages.
    static func findable(_ ids: Set<String>) -> Set<String> {
        ids.filter { $0.count >= idCharactersMin }
    }

    private static let nameCharactersMax = 64
    /// The minimum length of an id that is looked for in messages, in characters.
    private static let idCharactersMin = 32
}
