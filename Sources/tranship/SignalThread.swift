// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// Delivers SIGINT, SIGTERM and SIGHUP on a thread that does nothing else.
///
/// A `DispatchSource` would need a thread of Dispatch, and all of these may be busy.
enum SignalThread {
    static let numbers = [SIGINT, SIGTERM, SIGHUP]

    private static let receiver = Guarded<(@Sendable () -> Void)?>(nil)

    /// Sets the function that signals call from now on, instead of ending the process.
    static func deliver(to new: @escaping @Sendable () -> Void) {
        receiver.withLock { $0 = new }
        guard isStarted else { return }
        for number in numbers { signal(number, wake) }
    }

    /// Does the same, except for signals that the process was started to ignore, for example by
    /// `nohup`, or in the background by a shell without job control.
    static func deliverUnlessIgnored(to new: @escaping @Sendable () -> Void) {
        receiver.withLock { $0 = new }
        guard isStarted else { return }
        for number in numbers where !isIgnored(number) { signal(number, wake) }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Makes signals do nothing from now on.
    static func ignore() { receiver.withLock { $0 = nil } }

    /// Starts the thread, which runs from its first use to the end of the process. False if that
    /// failed.
    private static let isStarted: Bool = {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        signalPipe = ends[1]
        let readEnd = ends[0]
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                let count = read(readEnd, &byte, 1)
                if count < 0, errno == EINTR { continue }
                guard count == 1 else { return }
                receiver.withLock { $0 }?()
            }
        }
        return true
    }()

    /// The signal handler. It may only do what signal-safety(7) allows.
    private static let wake: @convention(c) (Int32) -> Void = { _ in
        let before = errno
        var byte: UInt8 = 0
        _ = write(signalPipe, &byte, 1)
        errno = before
    }
}

/// The pipe into which the signal handler writes. A plain global, because a handler cannot capture
/// anything.
///
/// This is safe: it is written once, before the first handler is installed.
private nonisolated(unsafe) var signalPipe: Int32 = -1
