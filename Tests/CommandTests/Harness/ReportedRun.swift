// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport

@testable import TranshipKit
@testable import tranship

/// A journal with one run, as reports read it.
struct ReportedRun {
    let folder: TemporaryFolder
    let journal: Journal
    let run: MigrationModel.Run

    /// - Parameter items: the items of the run's plan.
    init(_ items: [PlanItem]) async throws {
        folder = try TemporaryFolder()
        journal = try await .open(path: folder.file("journal.sqlite"))
        run = try await journal.takeOver(items)
    }

    var audit: RunAudit {
        get async throws { try await RunAudit.read(journalPath: journal.path) }
    }

    /// Returns the fields of each image that has an entry in the report.
    func entries() async throws -> [AuditFields] {
        let audit = try await audit
        var found: [AuditFields] = []
        try await audit.eachEntry { (entry) throws(TranshipError) in
            found.append(AuditFields(entry: entry, audit: audit))
        }
        return found
    }
}
