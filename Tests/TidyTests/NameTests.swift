// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct NameTests {
    private let sources: [SourceTree.File]
    private let tests: [SourceTree.File]

    init() throws {
        sources = try SourceTree.sources.get()
        tests = try SourceTree.tests.get()
    }

    @Test func `Every file has the copyright and licence header`() {
        let header = """
            // SPDX-FileCopyrightText: The Tranship authors
            // SPDX-License-Identifier: Apache-2.0

            """
        for file in sources + tests {
            #expect(file.text.hasPrefix(header), "\(file.path)")
        }
    }

    /// A name like `Utils` does not describe the contents.
    @Test func `No name is a mere drawer like Utils`() {
        let drawer = /(Utils?|Helpers?|Common|Extras|Misc|Manager)/
        let declaration =
            /\b(?:struct|class|enum|protocol|actor|extension|typealias) (\w+)/
        for file in sources + tests {
            #expect(file.path.firstMatch(of: drawer) == nil, "\(file.path)")
            let lines = file.lines(with: "Util", "Helper", "Common", "Extras", "Misc", "Manager")
            for match in lines.compactMap({ $0.text.firstMatch(of: declaration) })
            where match.output.1 != "FileManager" {
                #expect(
                    match.output.1.firstMatch(of: drawer) == nil, "\(file.path): \(match.output.1)")
            }
        }
    }

    @Test func `Suites are named after a source file or after their subject`() {
        let names = Dictionary(grouping: sources, by: \.target).mapValues { files in
            Set(files.map { $0.name.dropLast(6).filter { $0 != "+" } })
        }
        for file in tests where file.name.hasSuffix("Tests.swift") {
            let target = String(file.target.dropLast(5))
            guard let known = names[target], !Exceptions.subjects.keys.contains(file.path) else {
                continue
            }
            let name = file.name.dropLast("Tests.swift".count).filter { $0 != "+" }
            let isKnown = known.contains(name)
            #expect(isKnown, "\(file.path): the target has no source file of that name")
        }
    }

    /// The testing library copies names into its report without escapes for XML, which makes the
    /// report unreadable.
    @Test func `No name of a test needs an escape in XML`() {
        let name = /func `[^`]*["&<][^`]*`/
        for file in tests {
            for line in file.lines(with: "func `") where line.text.contains(name) {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
        }
    }

    @Test func `Every exception still exists`() {
        for path in Exceptions.subjects.keys {
            #expect(
                tests.contains { $0.path == path }, "\(path) does not exist: remove its exception")
        }
    }
}
