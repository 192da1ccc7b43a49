// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit
@testable import tranship

/// Names from outside in the HTML report.
@Suite struct ReportNamesTests {
    @Test func `The page shows characters that a browser hides or obeys`() async throws {
        let folder = try TemporaryFolder()
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        let name = "x\u{202E}y\u{2067}z\u{200B}"
        var source = Sample.source("a")
        source.name = name
        var refused = Sample.item("b")
        refused.action = .refuse
        refused.refusal = .init(TranshipError(.sourceUnavailable, "no \(name)"))
        _ = try await journal.takeOver([Sample.item("a", source: source), refused])
        let page = try await AuditPage(RunAudit.read(journalPath: journal.path)).text()
        #expect(!page.unicodeScalars.contains { $0 != "\n" && $0.isUnseen })
        let shown = #"x\\u{202E}y\\u{2067}z\\u{200B}"#
        #expect(page.contains("\"\(shown)\""))
        #expect(page.contains("no \(shown)"))
    }
}
