// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

extension Pipeline {
    /// The sources and the targets in short, each named once: `alpha, files -> beta, gamma`.
    package var route: String {
        func list(_ words: [String]) -> String {
            var seen: Set<String> = []
            return words.filter { seen.insert($0).inserted }.joined(separator: ", ")
        }
        return list(sources.map(\.entry.shortName)) + " -> " + list(targets.map(\.entry.shortName))
    }
}
