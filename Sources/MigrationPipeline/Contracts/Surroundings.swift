// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import ByteStreams

/// Everything that a run needs from its machine: time, random numbers, threads, disk space.
///
/// All of it is in one place, so that a simulation can replace it and keep all other code.
package struct Surroundings: Sendable {
    /// Milliseconds since 1970.
    package var now = SteadyClock().now
    /// Calls the body once after this many milliseconds. Call the returned function to cancel it.
    package var after:
        @Sendable (_ milliseconds: Int, _ body: @escaping @Sendable () -> Void)
            -> @Sendable () -> Void = { milliseconds, body in
                let timer = Task {
                    guard (try? await Task.sleep(for: .milliseconds(milliseconds))) != nil else {
                        return
                    }
                    body()
                }
                return { timer.cancel() }
            }
    /// Returns a random number from 0 up to 1, uniformly distributed.
    package var chance: @Sendable () -> Double = { .random(in: 0..<1) }
    /// The executor of every stage's tasks; nil for a concurrent queue for each stage.
    package var executor: (any TaskExecutor)?
    /// Runs the digests.
    package var observers = ByteRing.dispatching
    /// The disk for the spool.
    package var disk = SpoolDisk.real

    /// This machine, with a clock that starts now.
    package static var machine: Surroundings { Surroundings() }
}
