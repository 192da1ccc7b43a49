// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CCurl
import Glibc

/// The sockets of a curl handle, including those of kept connections.
///
/// They serve three purposes. A cancellation shuts them down, which wakes curl at once. An upload
/// that waits for its source sees that the service has answered. And an answer that curl left
/// unread can still be read before the socket closes.
final class OpenSockets: Sendable {
    private struct State {
        /// The open sockets, in the order in which they opened.
        var sockets: [Int32] = []
        /// The number of sockets opened since the exchange began.
        var opened = 0
        /// `errno` of the last socket that could not be opened.
        var openError: Int32 = 0
        var refusesLinkLocal = false
        var hasRefusedLinkLocal = false
        var savesUnread = false
        var unread: [UInt8] = []
    }

    private let state = Guarded(State())
    private static let unreadBytesMax = 256 << 10

    /// Begins an exchange.
    ///
    /// - Parameter refusesLinkLocal: true to open no connection to a link-local address.
    func begin(refusesLinkLocal: Bool) {
        state.withLock { state in
            state.opened = 0
            state.openError = 0
            state.refusesLinkLocal = refusesLinkLocal
            state.hasRefusedLinkLocal = false
        }
    }

    /// Opens a socket for curl; -1 if the system has none, or if the address is refused.
    func open(_ address: UnsafePointer<curl_sockaddr>) -> Int32 {
        state.withLock { state in
            if state.refusesLinkLocal, LinkLocal.contains(address) {
                state.hasRefusedLinkLocal = true
                return -1
            }
            let asked = address.pointee
            let fd = socket(
                asked.family, asked.socktype | Int32(SOCK_CLOEXEC.rawValue), asked.protocol)
            guard fd >= 0 else {
                state.openError = errno
                return fd
            }
            state.sockets.append(fd)
            state.opened += 1
            return fd
        }
    }

    /// The number of sockets that this exchange has opened; 0 while it uses a kept connection.
    var openedCount: Int { state.withLock { $0.opened } }

    /// `errno` of the last socket of this exchange that could not be opened; 0 if all could.
    var openError: Int32 { state.withLock { $0.openError } }

    /// True if this exchange tried to open a connection to a link-local address.
    var hasRefusedLinkLocal: Bool { state.withLock { $0.hasRefusedLinkLocal } }

    /// Closes a socket. After ``saveUnread()``, keeps the bytes that the socket still held.
    func close(_ fd: Int32) -> Int32 {
        // Under the lock: another thread must not shut down a number that the system has reused.
        state.withLock { state in
            if state.savesUnread { state.unread += Self.unread(fd) }
            state.sockets.removeAll { $0 == fd }
            return Glibc.close(fd)
        }
    }

    /// Ends every connection. curl notices it and closes them.
    func shutDown() {
        state.withLock { state in
            for fd in state.sockets { shutdown(fd, Int32(SHUT_RDWR)) }
        }
    }

    /// True if the newest connection has something to read or has ended.
    var hasSpoken: Bool { newestHas(POLLIN) }

    /// True if the newest connection was reset: nothing can be sent, and nothing more arrives.
    var isBroken: Bool { newestHas(0) }

    /// The newest connection that is still open.
    var newest: Int32? { state.withLock { $0.sockets.last } }

    /// True if one of the events happened. A reset always counts (poll(2)).
    private func newestHas(_ events: Int32) -> Bool {
        state.withLock { state in
            guard let fd = state.sockets.last else { return false }
            var entry = pollfd(fd: fd, events: Int16(events), revents: 0)
            return poll(&entry, 1, 0) > 0
        }
    }

    /// Keeps, from now on, the bytes that a socket still holds when it closes.
    func saveUnread() {
        state.withLock { state in
            state.savesUnread = true
            state.unread = []
        }
    }

    /// Returns the kept bytes, and stops keeping more.
    func takeUnread() -> [UInt8] {
        state.withLock { state in
            state.savesUnread = false
            defer { state.unread = [] }
            return state.unread
        }
    }

    /// Reads the rest of a socket. A reset does not remove data that arrived before it: on Linux,
    /// `recv` first empties the receive queue and then reports the error.
    private static func unread(_ fd: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < unreadBytesMax {
            let count = recv(fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }
}
