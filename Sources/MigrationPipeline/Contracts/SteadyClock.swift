// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal

/// A clock that starts at the machine's time and then runs evenly.
///
/// The journal stores due times as times of day, so that a restart finds them. But if the clock is
/// set while a run waits, the run must neither wait longer nor end a deadline early. Time in which
/// the machine slept counts.
package struct SteadyClock: Sendable {
    private let startMilliseconds: Int64
    private let elapsed: @Sendable () -> Duration

    /// - Parameters:
    ///   - wall: returns milliseconds since 1970; called once.
    ///   - elapsed: returns the time since any fixed moment.
    package init(
        wall: () -> Int64 = Timestamp.now,
        elapsed: @escaping @Sendable () -> Duration = {
            [start = ContinuousClock.now] in start.duration(to: .now)
        }
    ) {
        let before = elapsed()
        startMilliseconds = wall()
        self.elapsed = { elapsed() - before }
    }

    /// Milliseconds since 1970.
    package var now: @Sendable () -> Int64 {
        { [startMilliseconds, elapsed] in
            let (seconds, attoseconds) = elapsed().components
            return startMilliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000
        }
    }
}
