// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(5))) struct CancellationTests {
    private let client = HTTPClient()

    /// Cancels a task once it has reached the condition, and measures the time.
    private func cancel(
        _ task: Task<Void, any Error>, when isThere: @escaping @Sendable () -> Bool
    ) async {
        #expect(await eventually(isThere))
        task.cancel()
        let start = ContinuousClock.now
        let error = await failure { try await task.value }
        // The promise is a second, which the last test here checks. A task that is not woken waits
        // for at least half a minute.
        #expect(ContinuousClock.now - start < .seconds(25))
        #expect(error?.code == .interrupted)
    }

    @Test func `While connecting to a host that does not answer`() async throws {
        // With a full backlog, the kernel silently drops further attempts.
        let listener = try DeafListener()
        let client = client
        let url = "http://127.0.0.1:\(listener.port)/"
        let task = Task<Void, any Error> { _ = try await client.send(HTTPRequest(.get, url)) }
        let start = ContinuousClock.now
        await cancel(task) { ContinuousClock.now - start > .milliseconds(300) }
    }

    @Test func `While the answer is awaited`() async throws {
        let server = try RawHTTPServer { _ in .hanging() }
        let client = client
        let task = Task<Void, any Error> {
            _ = try await client.send(HTTPRequest(.get, server.url))
        }
        await cancel(task) { !server.requests.isEmpty }
    }

    @Test func `While a place is awaited`() async throws {
        let server = try RawHTTPServer { _ in .hanging() }
        let client = HTTPClient(TransportConfiguration(connectionsMax: 1))
        let first = Task { try await client.send(HTTPRequest(.get, server.url)) }
        #expect(await server.received { $0.count == 1 })
        let task = Task<Void, any Error> {
            _ = try await client.send(HTTPRequest(.get, server.url))
        }
        await cancel(task) { true }
        first.cancel()
        #expect(server.requests.count == 1)
    }

    @Test func `Before anything began`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let client = client
        let task = Task<Void, any Error> {
            try? await Task.sleep(for: .seconds(60))
            _ = try await client.upload(
                HTTPRequest(.put, server.url), from: ByteRing(), sizeBytes: nil)
        }
        await cancel(task) { true }
        #expect(server.requests.isEmpty)
    }

    @Test func `While a download waits in a full ring`() async throws {
        let server = try RawHTTPServer { _ in .status(200, body: noise(1 << 20)) }
        let client = client
        let ring = ByteRing(capacityBytes: 64 << 10)
        let task = Task<Void, any Error> {
            _ = try await client.download(HTTPRequest(.get, server.url), into: ring) { _ in }
        }
        await cancel(task) { ring.writtenBytes == 64 << 10 }
        #expect(ring.failure?.code == .interrupted)
    }

    @Test(arguments: [nil, 0, 100] as [Int64?])
    func `While an upload waits in an empty ring`(sizeBytes: Int64?) async throws {
        let server = try RawHTTPServer { _ in .status(204) }
        let client = client
        let ring = ByteRing()
        let task = Task<Void, any Error> {
            _ = try await client.upload(
                HTTPRequest(.put, server.url), from: ring, sizeBytes: sizeBytes)
        }
        await cancel(task) { sizeBytes == 0 || !server.requests.isEmpty }
        #expect(server.requests.allSatisfy { !$0.isComplete })
    }

    @Test func `While a target does not read`() async throws {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.readBody(atMost: 1000)
                while exchange.send("HTTP/1.1 102 Processing\r\n\r\n") { usleep(100_000) }
                exchange.close()
            }
        }
        let client = client
        let ring = ByteRing()
        let task = Task<Void, any Error> {
            _ = try await client.upload(HTTPRequest(.put, server.url), from: ring, sizeBytes: nil)
        }
        let producer = Task { try await blocking { while true { try ring.put(noise(1 << 20)) } } }
        // Waits until everything is full: both kernels' buffers, curl's, and the ring behind them.
        let last = Guarded((bytes: Int64(0), since: ContinuousClock.now))
        await cancel(task) {
            last.withLock { last in
                if last.bytes != ring.readBytes { last = (ring.readBytes, .now) }
                return last.bytes > 0 && ContinuousClock.now - last.since > .milliseconds(300)
            }
        }
        await #expect(throws: TranshipError.self) { try await producer.value }
    }
}

@Suite(.timeLimit(.minutes(5))) struct CancellationTimeTests {
    @Test func `A cancelled exchange is over within a second`() async throws {
        let server = try RawHTTPServer { _ in .hanging() }
        let client = HTTPClient()
        // Takes the best of several rounds: other tests may keep all cores busy for a while.
        var best = Duration.seconds(60)
        for round in 1...10 where best > .milliseconds(500) {
            let task = Task { try await client.send(HTTPRequest(.get, server.url)) }
            #expect(await server.received { $0.count == round })
            let start = ContinuousClock.now
            task.cancel()
            _ = try? await task.value
            best = min(best, ContinuousClock.now - start)
        }
        #expect(best <= .milliseconds(500))
    }
}

/// A listening socket whose queue is full.
private final class DeafListener {
    let port: UInt16
    private let sockets: [Int32]

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var sockets = [listener]
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(listener, address, length)
                _ = listen(listener, 0)
                _ = getsockname(listener, address, &length)
                for _ in 0..<4 {
                    let fd = socket(
                        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                    _ = connect(fd, address, length)
                    sockets.append(fd)
                }
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        self.sockets = sockets
    }

    deinit { for fd in sockets { close(fd) } }
}
