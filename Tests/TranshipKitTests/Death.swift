// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal

/// The end of a process at one writing access to its journal. All later accesses fail.
final class Death: Sendable {
    private struct Died: Error {}

    private let number: Int
    private let before: Bool
    private let writes = Guarded(0)

    /// - Parameters:
    ///   - number: the number of the access, from 1.
    ///   - before: true if the access itself is lost, too.
    init(at number: Int, before: Bool) {
        self.number = number
        self.before = before
    }

    /// True if the process reached that access.
    var isReached: Bool { writes.withLock { $0 >= number } }

    var passage: Journal.Passage {
        { [self] isWrite, access in
            let count = writes.withLock { count in
                if isWrite { count += 1 }
                return count
            }
            if count > number || isWrite && count == number && before { throw Died() }
            if count == number, !isWrite { throw Died() }
            try access()
        }
    }
}
