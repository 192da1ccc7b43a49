// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel

/// A machine on which the pipeline is started: its disk, which outlives every process.
///
/// `@unchecked Sendable`: only the thread of its timeline touches it.
final class Host: @unchecked Sendable {
    /// The number of the host, from 1.
    let number: Int
    let journal: Journal
    let spool: SpoolFolder
    /// True if a process was started on this host.
    var isUsed = false
    /// The number of times that its journal was lost.
    var losses = 0
    var hasLostJournal: Bool { losses > 0 }

    init(number: Int, journal: Journal, spool: SpoolFolder) {
        self.number = number
        self.journal = journal
        self.spool = spool
    }

    /// Returns the transfers in the journal, independently of the process.
    func rows(
        in states: [TransferState] = TransferState.allCases
    ) async throws(TranshipError) -> [Transfer] {
        try await journal.transfers(run: nil, in: states, limit: 1000)
    }
}
