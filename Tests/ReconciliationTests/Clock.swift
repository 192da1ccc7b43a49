// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Dispatch
import MigrationPipeline

/// A clock that moves only when a caller waits.
final class Clock: Sendable {
    private let milliseconds = Guarded<Int64>(1_800_000_000_000)

    var now: Int64 { milliseconds.withLock { $0 } }

    /// At most one transfer is active, so nothing else happens meanwhile.
    @Sendable func after(
        _ wait: Int, _ body: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        milliseconds.withLock { $0 += Int64(wait) }
        DispatchQueue.global().async(execute: body)
        return {}
    }

    /// The surroundings of a run: real except for the time, and never random.
    var surroundings: Surroundings {
        var surroundings = Surroundings.machine
        surroundings.now = { self.now }
        surroundings.after = after
        surroundings.chance = { 0 }
        return surroundings
    }
}
