// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Pages generated from the source. `make docs` writes them, and these tests compare them.
@Suite struct PageTests {
    private func compare(_ path: String, with text: String) throws {
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            try Data(text.utf8).write(to: SourceTree.root.appendingPathComponent(path))
        }
        #expect(try SourceTree.text(path) == text, "\(path) is stale: run `make docs`")
    }

    @Test func `The page of error codes matches the source`() throws {
        let page = try ErrorPage(
            source: SourceTree.text("Sources/Basics/TranshipError+Codes.swift"))
        #expect(page.codes.count > 40)
        try compare("docs/errors.md", with: page.markdown)
    }

    @Test func `The page of exit codes matches the source`() throws {
        try compare("docs/exit-codes.md", with: ExitPage.markdown)
    }

    @Test func `Every code has a meaning and a unique name`() throws {
        let page = try ErrorPage(
            source: SourceTree.text("Sources/Basics/TranshipError+Codes.swift"))
        #expect(Set(page.codes.map(\.name)).count == page.codes.count)
        for code in page.codes {
            #expect(!code.meaning.isEmpty, "\(code.name)")
            #expect(code.name.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil, "\(code.name)")
        }
    }

    /// A code without a use would mislead readers of the page.
    @Test func `Every code is used`() throws {
        let page = try ErrorPage(
            source: SourceTree.text("Sources/Basics/TranshipError+Codes.swift"))
        let files = try SourceTree.sources.get().filter {
            $0.name != "TranshipError+Codes.swift" && $0.name != "ExitStatus.swift"
        }
        for code in page.codes {
            let isUsed = files.contains { $0.code.range(of: ".\(code.symbol)") != nil }
            #expect(isUsed, "\(code.name)")
        }
    }
}
