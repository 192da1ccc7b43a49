// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation

/// An HTTP server on loopback for faults that real services cannot be made to show: it cuts,
/// resets, drips, hangs and lies.
///
/// Raw sockets, one thread for each connection, no limits: for tests only. It records the requests.
/// `stop()` or its deinitialization ends every connection.
public final class RawHTTPServer: Sendable {
    /// A closure that chooses a reply when the head of a request has arrived.
    public typealias Handler = @Sendable (ReceivedRequest) -> Reply

    public let port: UInt16
    private let log: RequestLog
    private let listener: Int32
    private let connections = ConnectionSet()

    /// - Parameter keptBodyBytes: the number of bytes of each request's body that are recorded.
    public init(keptBodyBytes: Int = 1 << 20, _ handler: @escaping Handler) throws {
        log = RequestLog(keptBodyBytes: keptBodyBytes)
        listener = try listeningSocket()
        port = boundPort(listener)
        let (listener, log, connections) = (listener, log, connections)
        Thread.detachNewThread {
            // Only this thread closes the socket. The number of a closed socket soon belongs to
            // another server, whose connections would come here.
            defer { close(listener) }
            while true {
                let fd = accept(listener, nil, nil)
                guard fd >= 0 else { return }
                // Otherwise a child of another test would keep it open.
                _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
                guard connections.add(fd) else {
                    close(fd)
                    return
                }
                Thread.detachNewThread {
                    serve(fd, log, handler)
                    connections.close(fd)
                }
            }
        }
    }

    /// Replies to each path (without its query) with its list in order, and repeats the last reply;
    /// replies 404 to other paths.
    public convenience init(scripts: [String: [Reply]]) throws {
        let turns = Guarded<[String: Int]>([:])
        try self.init { request in
            guard let replies = scripts[request.path], !replies.isEmpty else { return .status(404) }
            let turn = turns.withLock { turns in
                defer { turns[request.path, default: 0] += 1 }
                return turns[request.path, default: 0]
            }
            return replies[min(turn, replies.count - 1)]
        }
    }

    deinit { stop() }

    /// `http://127.0.0.1:port`
    public var url: String { "http://127.0.0.1:\(port)" }

    /// All requests so far, in the order in which their heads arrived. The last ones may still be
    /// incomplete.
    public var requests: [ReceivedRequest] { log.all }

    /// The number of connections that were accepted.
    public var connectionCount: Int { connections.acceptedCount }

    /// The number of open connections.
    public var openConnectionCount: Int { connections.openCount }

    /// Waits until the requests satisfy the condition; returns false after the limit.
    public func received(
        withinSeconds seconds: Double = 60,
        _ condition: @Sendable ([ReceivedRequest]) -> Bool
    ) async -> Bool {
        await eventually(withinSeconds: seconds) { condition(self.requests) }
    }

    public func stop() {
        connections.stop { shutdown(listener, Int32(SHUT_RDWR)) }
    }
}

/// Checks the condition every few milliseconds until it is true; returns false after the limit.
public func eventually(
    withinSeconds seconds: Double = 60, _ condition: @Sendable () -> Bool
) async -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        if ContinuousClock.now > end { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}

private func listeningSocket() throws -> Int32 {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = loopback
    let isBound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    // Many clients of one test may connect at once.
    guard isBound, listen(fd, 4096) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    return fd
}

private var loopback: sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

private func boundPort(_ fd: Int32) -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = getsockname(fd, $0, &length)
        }
    }
    return UInt16(bigEndian: address.sin_port)
}

/// The connections of one server, so that stopping it ends them.
private final class ConnectionSet: Sendable {
    private let state = Guarded<(open: Set<Int32>, accepted: Int, isStopped: Bool)>(([], 0, false))

    var acceptedCount: Int { state.withLock { $0.accepted } }

    var openCount: Int { state.withLock { $0.open.count } }

    func add(_ fd: Int32) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            state.accepted += 1
            state.open.insert(fd)
            return true
        }
    }

    func close(_ fd: Int32) {
        state.withLock { state in
            guard state.open.remove(fd) != nil else { return }
            _ = Foundation.close(fd)
        }
    }

    func stop(_ endListening: () -> Void) {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            endListening()
            for fd in state.open { shutdown(fd, Int32(SHUT_RDWR)) }
        }
    }
}

/// Serves one connection: requests one after the other, until a reply closes it.
private func serve(_ fd: Int32, _ log: RequestLog, _ handler: RawHTTPServer.Handler) {
    signal(SIGPIPE, SIG_IGN)
    let socket = RawSocket(fd)
    while let request = socket.readHead() {
        let exchange = RawExchange(request, socket, log)
        handler(request).run(exchange)
        guard exchange.canGoOn else { return }
    }
}
