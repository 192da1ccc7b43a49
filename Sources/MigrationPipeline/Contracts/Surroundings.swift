// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import ByteStreams
internal import Dispatch

/// Everything that a run needs from its machine: time, random numbers, threads, disk space.
///
/// It is in one place, so that a simulation can replace it and keep all other code.
package struct Surroundings: Sendable {
    /// Milliseconds since 1970.
    package var now: @Sendable () -> Int64
    /// Calls the body once after this many milliseconds. Call the returned function to cancel it.
    package var after:
        @Sendable (_ milliseconds: Int, _ body: @escaping @Sendable () -> Void)
            -> @Sendable () -> Void
    /// Uniformly from 0 up to 1.
    package var chance: @Sendable () -> Double
    /// Runs the tasks of every stage; nil is a concurrent queue for each.
    package var executor: (any TaskExecutor)?
    /// Runs the digests.
    package var observers: ByteRing.Runner
    /// The disk for the spool.
    package var disk = SpoolDisk.real

    package init(
        now: @escaping @Sendable () -> Int64,
        after:
            @escaping @Sendable (_ milliseconds: Int, _ body: @escaping @Sendable () -> Void)
            -> @Sendable () -> Void,
        chance: @escaping @Sendable () -> Double, executor: (any TaskExecutor)?,
        observers: @escaping ByteRing.Runner
    ) {
        self.now = now
        self.after = after
        self.chance = chance
        self.executor = executor
        self.observers = observers
    }

    /// This machine, with a clock that starts now.
    package static var machine: Surroundings {
        Surroundings(
            now: SteadyClock().now,
            after: { milliseconds, body in
                let item = DispatchWorkItem(block: body)
                DispatchQueue.global().asyncAfter(
                    deadline: .now() + .milliseconds(milliseconds), execute: item)
                let cancel = Cancellation(item)
                return { cancel.item.cancel() }
            },
            chance: { Double.random(in: 0..<1) }, executor: nil, observers: ByteRing.dispatching)
    }
}

/// `@unchecked Sendable` is safe: the only use is `cancel()` of the work item, which any thread may
/// call at any time.
private final class Cancellation: @unchecked Sendable {
    let item: DispatchWorkItem

    init(_ item: DispatchWorkItem) {
        self.item = item
    }
}
