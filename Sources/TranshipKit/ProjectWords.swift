// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel

/// The names of projects, for messages, which have their ids.
public struct ProjectWords: Sendable {
    /// What projects are called, by their ids; those that could be found out.
    public let names: [String: String]

    /// - Parameter names: by the ids of the projects.
    public init(_ names: [String: String] = [:]) { self.names = names }

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

    private static let nameCharactersMax = 64
    /// The shortest id that is looked for in messages, in characters.
    static let idCharactersMin = 32
}
