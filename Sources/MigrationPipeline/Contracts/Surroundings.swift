// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import ByteStreams
internal import Dispatch

/// What a run takes from the machine that it runs on: time, chance, threads,
/// room on a disk.
///
/// In one place, so that a simulation can give all of it and everything else
/// stays what it is.
package struct Surroundings: Sendable {
    /// Milliseconds since 1970.
    package var now: @Sendable () -> Int64
    /// Calls the body once after so many milliseconds, unless what it returns
    /// is called first.
    package var after:
        @Sendable (_ milliseconds: Int, _ body: @escaping @Sendable () -> Void)
            -> @Sendable () -> Void
    /// Uniformly from 0 up to 1.
    package var chance: @Sendable () -> Double
    /// Runs the tasks of every stage; nil is a concurrent queue for each.
    package var executor: (any TaskExecutor)?
    /// Runs the digests.
    package var observers: ByteRing.Runner
    /// What the spool lies on.
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

/// `@unchecked Sendable`: `cancel()` of a work item may be called on any thread
/// at any time, and nothing else is done with it.
private final class Cancellation: @unchecked Sendable {
    let item: DispatchWorkItem

    init(_ item: DispatchWorkItem) {
        self.item = item
    }
}
