// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Glibc
import HTTPTransport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct UploadTests {
    private let client = HTTPClient()

    private func upload(
        to server: RawHTTPServer, from ring: ByteRing, sizeBytes: Int64?
    ) -> Task<HTTPResponse, any Error> {
        Task { [client] in
            try await client.upload(
                HTTPRequest(.put, server.url + "/file"), from: ring, sizeBytes: sizeBytes)
        }
    }

    @Test(arguments: [0, 1, 3_000_001], [true, false])
    func `What the ring holds arrives, with its size or chunked`(
        count: Int, isDeclared: Bool
    ) async throws {
        let server = try RawHTTPServer { _ in .status(204) }
        let bytes = noise(count)
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: isDeclared ? Int64(count) : nil)
        try await blocking {
            try ring.put(bytes)
            ring.finishWriting()
        }
        #expect(try await upload.value.status == 204)
        let received = try #require(server.requests.first)
        #expect(received.method == "PUT")
        #expect(received.isComplete)
        #expect(received.bodyBytes == count)
        #expect(received[header: "content-length"] == (isDeclared ? "\(count)" : nil))
        #expect(received[header: "transfer-encoding"] == (isDeclared ? nil : "chunked"))
        #expect(received[header: "expect"] == nil)
        if count > 0 { #expect(try received.sha256 == digest(.sha256, of: bytes).value) }
    }

    /// Traps 1 and 2: a read callback that returns 0 would end the body as if it were complete.
    @Test(arguments: [nil, 300_000] as [Int64?], [false, true])
    func `A source that breaks never becomes a complete body`(
        sizeBytes: Int64?, isAtTheLastByte: Bool
    ) async throws {
        let server = try RawHTTPServer { _ in .status(204) }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: sizeBytes)
        let count = isAtTheLastByte ? 300_000 : 200_000
        try await blocking { try ring.put(noise(count)) }
        #expect(await server.received { $0.first?.bodyBytes ?? 0 > 100_000 })
        ring.fail(TranshipError(.sourceTruncated, "the source broke"))
        let error = await failure { _ = try await upload.value }
        #expect(error?.message == "the source broke")
        #expect(await server.received { _ in server.connectionCount == 1 })
        #expect(server.requests.count == 1)
        #expect(server.requests.allSatisfy { !$0.isComplete })
    }

    @Test(arguments: [0, 10, 199_999] as [Int64])
    func `A source longer than its declared size never becomes a complete body`(
        sizeBytes: Int64
    ) async throws {
        let server = try RawHTTPServer { _ in .status(204) }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: sizeBytes)
        _ = try? await blocking {
            try ring.put(noise(200_000))
            ring.finishWriting()
        }
        let error = await failure { _ = try await upload.value }
        #expect(error?.code == .sourceTruncated)
        #expect(ring.failure?.code == .sourceTruncated)
        #expect(server.requests.allSatisfy { !$0.isComplete })
    }

    @Test func `A source shorter than its declared size never becomes a complete body`()
        async throws
    {
        let server = try RawHTTPServer { _ in .status(204) }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: 200_001)
        try await blocking {
            try ring.put(noise(200_000))
            ring.finishWriting()
        }
        let error = await failure { _ = try await upload.value }
        #expect(error?.code == .sourceTruncated)
        #expect(server.requests.allSatisfy { !$0.isComplete })
    }

    @Test(arguments: [0, 1, 50_000, 500_000], [true, false])
    func `Nothing is complete before the end is released, nor after a failure`(
        count: Int, isDeclared: Bool
    ) async throws {
        let server = try RawHTTPServer { _ in .status(204) }
        for isGood in [true, false] {
            let ring = ByteRing(withholdsEnd: true)
            let upload = upload(to: server, from: ring, sizeBytes: isDeclared ? Int64(count) : nil)
            try await blocking {
                try ring.put(noise(count))
                ring.finishWriting()
            }
            #expect(try await ring.finished() == count)
            let sent = Int64(max(0, count - 64 << 10))
            #expect(await eventually { ring.readBytes == sent })
            #expect(!server.requests.contains { $0.isComplete && isGood })
            if isGood {
                ring.release()
                #expect(try await upload.value.status == 204)
                #expect(server.requests.last?.bodyBytes == Int64(count))
                #expect(server.requests.last?.isComplete == true)
            } else {
                ring.fail(TranshipError(.checksumMismatch, "not what was promised"))
                let error = await failure { _ = try await upload.value }
                #expect(error?.code == .checksumMismatch)
                #expect(server.requests.filter(\.isComplete).count == 1)
            }
        }
    }

    @Test(arguments: [-1, -2, .min] as [Int64])
    func `A negative size is an error`(sizeBytes: Int64) async throws {
        let server = try RawHTTPServer { _ in .status(204) }
        let ring = ByteRing()
        let error = await failure {
            _ = try await upload(to: server, from: ring, sizeBytes: sizeBytes).value
        }
        #expect(error?.code == .sourceTruncated)
        #expect(ring.failure?.code == .sourceTruncated)
        #expect(server.requests.isEmpty)
    }

    /// Trap 3: the producer must not be left waiting for a reader that has gone.
    @Test(arguments: [nil, 50 << 20] as [Int64?])
    func `An early refusal is returned with its text, and stops the source`(
        sizeBytes: Int64?
    ) async throws {
        let text = "<h1>409 Conflict</h1>no longer queued"
        let server = try RawHTTPServer { _ in .early(409, text: text, afterBodyBytes: 100_000) }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: sizeBytes)
        async let produced = blocking { () -> TranshipError? in
            let piece = noise(1 << 20)
            do { for _ in 0..<50 { try ring.put(piece) } } catch {
                return TranshipError(wrapping: error)
            }
            return nil
        }
        let response = try await upload.value
        #expect(response.status == 409)
        #expect(String(decoding: response.body, as: UTF8.self) == text)
        #expect(try await produced?.code == .conflict)
        #expect(ring.failure?.answer?.message == "no longer queued")
    }

    /// The refusal and the reset both arrive before our next send: curl reports the failed send and
    /// drops the answer.
    @Test(arguments: 0..<10)
    func `A refusal is read even when the connection is reset right after it`(
        round: Int
    ) async throws {
        let answered = Guarded(false)
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.readBody(atMost: 1000)
                exchange.sendHead(413, [("Content-Length", "10")])
                exchange.send("over quota")
                exchange.reset()
                answered.withLock { $0 = true }
            }
        }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: 100 << 20)
        _ = try? await blocking {
            try ring.put(noise(200_000))
            while !answered.withLock({ $0 }) { usleep(1000) }
            while true { try ring.put(noise(200_000)) }
        }
        let response = try await upload.value
        #expect(response.status == 413)
        #expect(String(decoding: response.body, as: UTF8.self) == "over quota")
    }

    @Test func `A refusal is noticed while the source is silent`() async throws {
        let server = try RawHTTPServer { _ in .early(415, text: "not a qcow2", afterBodyBytes: 10) }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: nil)
        try await blocking { try ring.put(noise(1000)) }
        #expect(try await upload.value.status == 415)
    }

    @Test func `A service that hangs up while the source is silent is noticed`() async throws {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.readBody(atMost: 1000)
                exchange.close()
            }
        }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: nil)
        try await blocking { try ring.put(noise(1000)) }
        let error = await failure { _ = try await upload.value }
        #expect(error?.code == .connectionLost)
        #expect(error?.isTransient == true)
        #expect(ring.failure?.code == .connectionLost)
    }

    /// Trap 5: curl reports success as soon as the answer is HTTP.
    @Test func `A success that came before the whole body is none`() async throws {
        let server = try RawHTTPServer { _ in .early(204, text: "", afterBodyBytes: 1000) }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: nil)
        try await blocking { try ring.put(noise(100_000)) }
        #expect(await server.received { !$0.isEmpty })
        _ = try? await blocking { while true { try ring.put(noise(100_000)) } }
        let error = await failure { _ = try await upload.value }
        #expect(error != nil)
        #expect(error?.isTransient == true || error?.code == .invalidAnswer)
    }

    @Test func `A reset without an answer is a lost connection`() async throws {
        let server = try RawHTTPServer { _ in .resettingEarly(afterBodyBytes: 100_000) }
        let ring = ByteRing()
        let upload = upload(to: server, from: ring, sizeBytes: nil)
        _ = try? await blocking { while true { try ring.put(noise(100_000)) } }
        let error = await failure { _ = try await upload.value }
        #expect(error?.code == .connectionLost)
        #expect(error?.isTransient == true)
    }
}

@Suite(.timeLimit(.minutes(5))) struct UploadStallTests {
    @Test func `A target that stops reading is given up`() async throws {
        let client = HTTPClient(TransportConfiguration(stallSeconds: 1))
        let isOver = Guarded(false)
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.readBody(atMost: 1000)
                while !isOver.withLock({ $0 }) { usleep(1000) }
                exchange.close()
            }
        }
        defer { isOver.withLock { $0 = true } }
        let ring = ByteRing()
        let upload = Task {
            try await client.upload(HTTPRequest(.put, server.url), from: ring, sizeBytes: nil)
        }
        _ = try? await blocking { while true { try ring.put(noise(1 << 20)) } }
        let error = await failure { _ = try await upload.value }
        #expect(error?.code == .timedOut)
    }

    @Test func `An empty ring of our own is not a stall`() async throws {
        let client = HTTPClient(TransportConfiguration(stallSeconds: 1))
        let server = try RawHTTPServer { _ in .status(204) }
        let ring = ByteRing()
        let upload = Task {
            try await client.upload(HTTPRequest(.put, server.url), from: ring, sizeBytes: nil)
        }
        try await blocking { try ring.put(noise(1000)) }
        // Waits in real time, longer than the limit: curl has no other clock.
        try await Task.sleep(for: .seconds(2))
        try await blocking { try ring.put(noise(1000)) }
        ring.finishWriting()
        #expect(try await upload.value.status == 204)
        #expect(server.requests.first?.bodyBytes == 2000)
    }

    @Test func `A target that takes only drops is given up after a while`() async throws {
        var configuration = TransportConfiguration(stallSeconds: 100)
        (configuration.leastBytesPerSecond, configuration.leastRateSeconds) = (10_000, 2)
        let client = HTTPClient(configuration)
        let isOver = Guarded(false)
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                while !isOver.withLock({ $0 }) {
                    exchange.readBody(atMost: 10)
                    // Waits in real time: curl has no other clock.
                    usleep(100_000)
                }
                exchange.close()
            }
        }
        defer { isOver.withLock { $0 = true } }
        let ring = ByteRing()
        let upload = Task {
            try await client.upload(HTTPRequest(.put, server.url), from: ring, sizeBytes: 1 << 40)
        }
        _ = try? await blocking { while true { try ring.put(noise(1 << 20)) } }
        let error = await failure { _ = try await upload.value }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("10000 bytes a second") == true)
    }

    @Test func `A slow source of our own is not a slow target`() async throws {
        var configuration = TransportConfiguration()
        (configuration.leastBytesPerSecond, configuration.leastRateSeconds) = (1_000_000, 1)
        let client = HTTPClient(configuration)
        let server = try RawHTTPServer { _ in .status(204) }
        let ring = ByteRing()
        let upload = Task {
            try await client.upload(HTTPRequest(.put, server.url), from: ring, sizeBytes: nil)
        }
        for _ in 0..<12 {
            try await blocking { try ring.put(noise(100)) }
            // Waits in real time, in total longer than the limit: curl has no other clock.
            try await Task.sleep(for: .milliseconds(300))
        }
        ring.finishWriting()
        #expect(try await upload.value.status == 204)
    }

    @Test func `The answer to a whole body has a limit of its own`() async throws {
        let server = try RawHTTPServer { _ in .hanging(afterBodyBytes: 1000) }
        let client = HTTPClient(
            TransportConfiguration(stallSeconds: 1, answerTimeoutSeconds: 2))
        let ring = ByteRing()
        let upload = Task {
            try await client.upload(HTTPRequest(.put, server.url), from: ring, sizeBytes: 1000)
        }
        try await blocking {
            try ring.put(noise(1000))
            ring.finishWriting()
        }
        let error = await failure { _ = try await upload.value }
        #expect(error?.code == .timedOut)
        #expect(error?.message.hasSuffix("no answer came within 2 s after the body") == true)
    }
}
