// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CMalloc
import Dispatch
import Foundation
import MigrationModel
import Synchronization
import TranshipKit

/// Settings of the whole process: signals, limits, memory.
enum Process {
    /// Call once, before anything else.
    static func prepare() {
        // Report a closed pipe or a full disk as an error instead of dying from it.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        // glibc keeps up to 8 arenas for each core. Here many threads hold little memory each.
        _ = cmalloc_limit_arenas(2)
        // Pages of listings are large and short-lived, so give their memory back at once.
        _ = cmalloc_map_from(128 << 10)
    }
}

/// Ends a run in order on SIGINT, SIGTERM and SIGHUP: starts no more images, aborts or drains those
/// in flight, commits, exits.
///
/// `@unchecked` is safe: `sources` is written in `init` and read only in `deinit`. All other
/// properties are locks or constants.
final class Signals: @unchecked Sendable {
    private static let graceSeconds = 4.5
    private var sources: [any DispatchSourceSignal] = []
    /// Number of signals received.
    private let count = Mutex(0)

    /// - Parameters:
    ///   - drain: if true, images in flight may finish after the first signal.
    ///   - stop: called with true to abort the images in flight, and with false to let them finish.
    init(drain: Bool, stop: @escaping @Sendable (_ abort: Bool) -> Void) {
        let queue = DispatchQueue(label: "tranship.signals")
        sources = queue.sourcesOfSignals { [unowned self] in received(drain: drain, queue, stop) }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    private func received(
        drain: Bool, _ queue: DispatchQueue, _ stop: @Sendable (Bool) -> Void
    ) {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if drain, number == 1 {
            Terminal.tell("finishing the images in flight; interrupt again to abort them")
            stop(false)
            return
        }
        if number == (drain ? 2 : 1) {
            Terminal.tell("stopping")
            stop(true)
            // The journal is safe even if a thread hangs: every step was committed before it
            // began.
            queue.asyncAfter(deadline: .now() + Self.graceSeconds) {
                Terminal.tell("interrupted; run again, or `tranship resume`, to go on")
                exit(ExitStatus.interrupted.rawValue)
            }
            return
        }
        exit(ExitStatus.interrupted.rawValue)
    }
}

/// Cancels the work of a command at the first signal, so that it can undo what it began. A second
/// signal ends the process at once.
enum Interruption {
    static func guarding<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let sources = DispatchQueue(label: "tranship.signals").sourcesOfSignals {
            if task.isCancelled { exit(ExitStatus.interrupted.rawValue) }
            task.cancel()
        }
        defer { for source in sources { source.cancel() } }
        return try await task.value
    }
}

extension DispatchQueue {
    /// Calls `received` at each SIGINT, SIGTERM and SIGHUP until the sources are cancelled.
    fileprivate func sourcesOfSignals(
        _ received: @escaping @Sendable () -> Void
    ) -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            // `DispatchSource` receives a signal only if its default action is disabled.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: self)
            source.setEventHandler(handler: received)
            source.activate()
            return source
        }
    }
}
