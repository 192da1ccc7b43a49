// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CMalloc
import Dispatch
import Foundation
import MigrationModel
import Synchronization
import TranshipKit

/// What concerns the whole process: signals, limits, memory.
enum Process {
    /// To be called once, first of all.
    static func prepare() {
        // A closed pipe and a full disk are errors to report, not reasons to die.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        // glibc keeps an arena for each thread, up to 8 a core; the threads here
        // are many and hold little.
        _ = cmalloc_limit_arenas(2)
        // Pages of listings are large and short-lived.
        _ = cmalloc_map_from(128 << 10)
    }
}

/// SIGINT, SIGTERM and SIGHUP end a run in order: stop starting, abort or drain
/// what is in flight, commit, exit.
///
/// `@unchecked`: `sources` is written in `init` and used again in `deinit` only;
/// everything else is a lock or a constant.
final class Signals: @unchecked Sendable {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]
    private static let graceSeconds = 4.5
    private let sources: [any DispatchSourceSignal]
    /// Counts signals; also tells whether there was one.
    private let count = Mutex(0)

    /// - Parameters:
    ///   - drain: the first signal lets what is in flight finish.
    ///   - stop: called with true when bodies are to be aborted.
    init(drain: Bool, stop: @escaping @Sendable (_ abort: Bool) -> Void) {
        let queue = DispatchQueue(label: "tranship.signals")
        // `DispatchSource` sees signals only when their default is off.
        for number in Self.numbers { signal(number, SIG_IGN) }
        sources = Self.numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for source in sources {
            source.setEventHandler { [unowned self] in received(drain: drain, queue, stop) }
            source.activate()
        }
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
            Terminal.tell("finishing what is in flight; interrupt again to abort it")
            stop(false)
            return
        }
        if number == (drain ? 2 : 1) {
            Terminal.tell("stopping")
            stop(true)
            // Whatever hangs now, the journal is safe: it was committed before
            // every step.
            queue.asyncAfter(deadline: .now() + Self.graceSeconds) {
                Terminal.tell("interrupted; run again, or `tranship resume`, to go on")
                exit(ExitStatus.interrupted.rawValue)
            }
            return
        }
        exit(ExitStatus.interrupted.rawValue)
    }
}
