// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ByteRingTests {
    @Test(arguments: [16, 1000, 64 << 10, 2 << 20])
    func `What goes in comes out, for the reader and for every observer`(
        capacityBytes: Int
    ) async throws {
        let bytes = noise(min(3 << 20, capacityBytes * 1000 + 77))
        let digests = try [StreamingDigest(.md5), StreamingDigest(.sha256)]
        let ring = ByteRing(
            capacityBytes: capacityBytes, observers: digests.map { digest in { digest.update($0) } }
        )
        async let written: Void = blocking { try ring.put(bytes, pieceBytes: 16_411) }
        async let read = blocking { try ring.takeAll(pieceBytes: 70_001) }
        #expect(try await ring.finished() == bytes.count)
        #expect(try await read == bytes)
        try await written
        for (digest, algorithm) in zip(digests, [Checksum.Algorithm.md5, .sha256]) {
            #expect(try digest.finish() == Digests.digest(algorithm, of: bytes))
        }
        #expect(ring.writtenBytes == bytes.count)
        #expect(ring.readBytes == bytes.count)
    }

    @Test func `A producer stops at the capacity while the reader does not read`() async throws {
        let ring = ByteRing(capacityBytes: 4096)
        async let write: Void = blocking { try ring.put(noise(10_000), pieceBytes: 1000) }
        #expect(await eventually { ring.writtenBytes == 4096 })
        let read = try await blocking { try ring.takeAll(pieceBytes: 512) }
        try await write
        #expect(read == noise(10_000))
    }

    @Test(arguments: [0, 1, 999, 1000, 5000])
    func `The first bytes can be looked at, and are read after that`(count: Int) async throws {
        let bytes = noise(count)
        let ring = ByteRing(capacityBytes: 4096)
        async let write: Void = blocking { try ring.put(bytes, pieceBytes: 300) }
        #expect(try await ring.head(bytesMax: 1000).starts(with: bytes.prefix(1000)))
        #expect(try await blocking { try ring.takeAll(pieceBytes: 512) } == bytes)
        try await write
    }

    @Test func `A stream that breaks within its first bytes has none`() async throws {
        let ring = ByteRing(capacityBytes: 4096)
        try await blocking { try noise(500).withUnsafeBytes { try ring.write($0) } }
        ring.fail(TranshipError(.connectionLost, "reset"))
        await #expect(throws: TranshipError.self) { try await ring.head(bytesMax: 1000) }
    }

    @Test func `A slow observer holds the producer back and sees everything`() async throws {
        let seen = Guarded<Int64>(0)
        let gate = Guarded<Bool>(false)
        // A real observer must not hold its thread. This one represents a digest that is slower
        // than the source.
        let ring = ByteRing(
            capacityBytes: 4096,
            observers: [
                { bytes in
                    while !gate.withLock({ $0 }) { usleep(1000) }
                    seen.withLock { $0 += Int64(bytes.count) }
                }
            ], hasReader: false)
        async let write: Void = blocking { try ring.put(noise(100_000), pieceBytes: 999) }
        #expect(await eventually { ring.writtenBytes == 4096 })
        #expect(seen.withLock { $0 } == 0)
        gate.withLock { $0 = true }
        #expect(try await ring.finished() == 100_000)
        #expect(seen.withLock { $0 } == 100_000)
        try await write
    }

    @Test func `The first failure wakes a blocked producer, and later ones change nothing`()
        async throws
    {
        let ring = ByteRing(capacityBytes: 4096)
        async let write = blocking { () -> TranshipError? in
            do { try ring.put(noise(10_000), pieceBytes: 1000) } catch {
                return TranshipError(wrapping: error)
            }
            return nil
        }
        #expect(await eventually { ring.writtenBytes == 4096 })
        ring.fail(TranshipError(.conflict, "first"))
        ring.fail(TranshipError(.gone, "second"))
        #expect(try await write?.message == "first")
        #expect(ring.failure?.code == .conflict)
    }

    @Test func `A failure wakes a blocked reader, though bytes are left for it`() async throws {
        let ring = ByteRing(withholdsEnd: true)
        async let read = blocking { () -> TranshipError? in
            do { _ = try ring.takeAll(pieceBytes: 1000) } catch {
                return TranshipError(wrapping: error)
            }
            return nil
        }
        try await blocking { try ring.put(noise(5000), pieceBytes: 5000) }
        ring.fail(TranshipError(.checksumMismatch, "wrong"))
        #expect(try await read?.code == .checksumMismatch)
        ring.release()
        #expect(throws: TranshipError.self) { try ring.takeAll(pieceBytes: 1000) }
    }

    @Test func `A reader of a slow source gets the little there is within seconds`() async throws {
        let ring = ByteRing()
        try await blocking { try ring.put([1, 2, 3], pieceBytes: 3, finishes: false) }
        let count = try await blocking {
            var buffer = [UInt8](repeating: 0, count: 1000)
            return try buffer.withUnsafeMutableBytes { try ring.read(into: $0) }
        }
        #expect(count == 3)
    }

    @Test func `Memory is asked for by the first write, and its lack is an error of ours`()
        async throws
    {
        // Larger than any address space.
        let ring = ByteRing(capacityBytes: 1 << 50)
        let error = await #expect(throws: TranshipError.self) {
            try await blocking { try ring.put([1], pieceBytes: 1) }
        }
        #expect(error?.message.hasPrefix("no memory for a buffer of 1024.0 TiB") == true)
    }
}

@Suite(.timeLimit(.minutes(5))) struct ByteRingWithheldEndTests {
    @Test(arguments: [1, 100, 64 << 10, 300_000])
    func `The end stays back until it is released`(count: Int) async throws {
        let ring = ByteRing(withholdsEnd: true)
        let bytes = noise(count)
        async let read = blocking { try ring.takeAll(pieceBytes: 10_000) }
        try await blocking { try ring.put(bytes, pieceBytes: 10_000) }
        #expect(try await ring.finished() == count)
        let handedOut = max(0, count - 64 << 10)
        #expect(await eventually { ring.readBytes == handedOut })
        ring.release()
        #expect(try await read == bytes)
    }

    @Test func `The end of an empty stream stays back too`() async throws {
        let ring = ByteRing(withholdsEnd: true)
        let read = Guarded<[UInt8]?>(nil)
        async let reading: Void = blocking {
            let bytes = try ring.takeAll(pieceBytes: 10)
            read.withLock { $0 = bytes }
        }
        ring.finishWriting()
        #expect(try await ring.finished() == 0)
        #expect(read.withLock { $0 } == nil)
        ring.release()
        try await reading
        #expect(read.withLock { $0 } == [])
    }
}

@Suite(.timeLimit(.minutes(5))) struct ByteRingWaitingTests {
    @Test func `Started resumes with the first bytes, or with an empty end`() async throws {
        let ring = ByteRing()
        async let started = ring.started()
        try await blocking { try ring.put([1, 2], pieceBytes: 2, finishes: false) }
        #expect(try await started == 2)
        let empty = ByteRing()
        async let ended = empty.started()
        empty.finishWriting()
        #expect(try await ended == 0)
    }

    @Test func `A failure resumes all waiting tasks, before and after`() async throws {
        let ring = ByteRing()
        let waiting = Task { try await ring.finished() }
        let alsoWaiting = Task { try await ring.started() }
        ring.fail(TranshipError(.gone, "gone"))
        await #expect(throws: TranshipError.self) { try await waiting.value }
        await #expect(throws: TranshipError.self) { try await alsoWaiting.value }
        await #expect(throws: TranshipError.self) { try await ring.finished() }
    }

    @Test func `A cancelled task waits no longer, and the stream goes on`() async throws {
        let ring = ByteRing()
        let waiting = Task { try await ring.finished() }
        waiting.cancel()
        let error = await #expect(throws: TranshipError.self) { try await waiting.value }
        #expect(error?.code == .interrupted)
        #expect(ring.failure == nil)
    }
}

extension ByteRing {
    func put(
        _ bytes: [UInt8], pieceBytes: Int, finishes: Bool = true
    ) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieceBytes))
            try piece.withUnsafeBytes { try write($0) }
            rest = rest.dropFirst(pieceBytes)
        }
        if finishes { finishWriting() }
    }

    func takeAll(pieceBytes: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
            if count == 0 { return all }
            all += buffer.prefix(count)
        }
    }
}
