// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel

/// A machine on which the pipeline is started: its disk, which outlives every
/// process.
///
/// `@unchecked Sendable`: touched by the thread of its timeline alone.
final class Host: @unchecked Sendable {
    /// From 1.
    let number: Int
    let journal: Journal
    let spool: SpoolFolder
    /// Something was started here.
    var isUsed = false
    /// How often its journal was lost.
    var losses = 0
    var hasLostJournal: Bool { losses > 0 }

    init(number: Int, journal: Journal, spool: SpoolFolder) {
        self.number = number
        self.journal = journal
        self.spool = spool
    }

    /// What the journal says of transfers, past the process.
    func rows(
        in states: [TransferState] = TransferState.allCases
    ) async throws(TranshipError) -> [Transfer] {
        try await journal.transfers(run: nil, in: states, limit: 1000)
    }
}
