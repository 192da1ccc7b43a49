// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CProcess
import Foundation
import MigrationModel
import TranshipKit

/// Settings of the whole process: signals, limits, memory.
enum Process {
    /// Prepares the process. Call once, before anything else.
    static func prepare() {
        reserveStandardStreams()
        // Report a closed pipe or a full disk as an error instead of dying from it.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        ChildProcesses.prepare()
        endAtSignals()
        OpenFileLimit.raise()
        refuseCores()
        // glibc keeps up to 8 arenas for each core. Here, many threads each use little memory.
        _ = cprocess_limit_arenas(2)
        // Pages of listings are large and short-lived, so their memory is returned at once.
        _ = cprocess_map_from(128 << 10)
    }

    /// Opens standard input, output and error if they are closed (`>&-`). Otherwise the next file
    /// or pipe would get their number, and messages would be written into it. ``SignalThread``
    /// would take them for signals.
    ///
    /// Standard input is opened for writing and standard output for reading, so that each use still
    /// fails.
    private static func reserveStandardStreams() {
        for (number, mode) in [
            (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY),
        ] where fcntl(number, F_GETFD) < 0 {
            // `open` returns the lowest free number, which is this one.
            _ = open("/dev/null", mode)
        }
    }

    /// Ends a command at SIGINT, SIGTERM and SIGHUP with the documented exit code, until the
    /// command handles signals itself. Exits at once: apart from their programs, these commands
    /// have nothing to undo.
    private static func endAtSignals() {
        SignalThread.deliverUnlessIgnored {
            // A stopped terminal must not block the process.
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 1)
                _exit(ExitStatus.interrupted.rawValue)
            }
            isEnding.withLock { $0 = true }
            ChildProcesses.end()
            Log.end(ExitStatus.interrupted.rawValue)
            _exit(ExitStatus.interrupted.rawValue)
        }
    }

    /// True once a signal is ending the process.
    private static let isEnding = Guarded(false)

    /// Returns only if no signal is ending the process. Otherwise, a command whose programs were
    /// ended would fail and report that.
    static func waitIfEnding() {
        while isEnding.withLock(\.self) { sleep(1) }
    }

    /// Ends the process and the programs that it started, as a signal does.
    static func endInterrupted() -> Never {
        isEnding.withLock { $0 = true }
        ChildProcesses.end()
        Log.end(ExitStatus.interrupted.rawValue)
        exit(ExitStatus.interrupted.rawValue)
    }

    /// Keeps tokens and passwords out of core files, and out of reach of other processes.
    ///
    /// The limit alone is not enough. The kernel ignores it if it pipes cores to a program
    /// (core(5)), and such a program, like systemd-coredump, also stores the environment, with
    /// `OS_PASSWORD` in it. For a process that is not dumpable, no such program is started, and
    /// other processes of the same user can neither trace it nor read its memory (prctl(2)).
    private static func refuseCores() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        // This comes before the next call, after which the file belongs to root.
        if let filter = fopen("/proc/self/coredump_filter", "w") {
            fputs("0", filter)
            fclose(filter)
        }
        _ = cprocess_refuse_dumps()
    }
}

/// Ends a run in order on SIGINT, SIGTERM and SIGHUP: starts no more images, aborts or finishes
/// those in flight, commits and exits.
final class Signals: Sendable {
    /// The time for an orderly end, in seconds. The whole process ends within 5 s, even with a
    /// thousand images in flight.
    private static let graceSeconds = 4.0
    /// The number of signals received.
    private let count = Guarded(0)

    /// - Parameters:
    ///   - drain: true if images in flight may finish after the first signal.
    ///   - stop: called with true to abort the images in flight, and with false to let them finish.
    init(drain: Bool, stop: @escaping @Sendable (_ abort: Bool) -> Void) {
        SignalThread.deliver { [weak self] in self?.received(drain: drain, stop) }
    }

    deinit { SignalThread.ignore() }

    private func received(drain: Bool, _ stop: @Sendable (Bool) -> Void) {
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
            // The journal is safe even if a thread hangs: every step was committed before it began.
            // This uses its own thread, because all threads of Dispatch may hang.
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: Self.graceSeconds)
                Terminal.tell("interrupted; the same command goes on")
                Process.endInterrupted()
            }
            ChildProcesses.end { stop(true) }
            return
        }
        Process.endInterrupted()
    }
}

/// Cancels the work of a command at the first signal, so that the command can undo its changes. A
/// second signal ends the process at once.
enum Interruption {
    static func guarding<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        SignalThread.deliver {
            if task.isCancelled { Process.endInterrupted() }
            ChildProcesses.end { task.cancel() }
        }
        defer { SignalThread.ignore() }
        return try await task.value
    }
}
