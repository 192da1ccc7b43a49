// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Dispatch
import MigrationPipeline

/// Time that passes only when someone waits for it.
final class Clock: Sendable {
    private let milliseconds = Guarded<Int64>(1_800_000_000_000)

    var now: Int64 { milliseconds.withLock { $0 } }

    /// Called with one transfer in hand at the most, so nothing else goes on.
    @Sendable func after(
        _ wait: Int, _ body: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        milliseconds.withLock { $0 += Int64(wait) }
        DispatchQueue.global().async(execute: body)
        return {}
    }

    /// Of a run: real but for the time, and never random.
    var surroundings: Surroundings {
        var surroundings = Surroundings.machine
        surroundings.now = { self.now }
        surroundings.after = after
        surroundings.chance = { 0 }
        return surroundings
    }
}
