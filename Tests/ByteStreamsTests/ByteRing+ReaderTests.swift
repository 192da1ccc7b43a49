// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Testing

@Suite struct ByteRingReaderTests {
    private func readNow(_ ring: ByteRing, _ count: Int = 16) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        return try buffer.withUnsafeMutableBytes { try ring.readNow(into: $0) }.map {
            Array(buffer.prefix($0))
        }
    }

    @Test func `Who does not want to wait gets what is there, and nothing before the end`() throws {
        let ring = ByteRing(capacityBytes: 64)
        #expect(try readNow(ring) == nil)
        try [1, 2, 3].withUnsafeBytes { try ring.write($0) }
        #expect(try readNow(ring, 2)?.count == 2)
        #expect(try readNow(ring, 64)?.count == 22)
        #expect(try readNow(ring) == nil)
        ring.finishWriting()
        #expect(try readNow(ring) == [])
    }

    @Test func `Who does not want to wait gets a withheld end only after its release`() throws {
        let ring = ByteRing(capacityBytes: 64, withholdsEnd: true)
        try [UInt8](repeating: 7, count: 20).withUnsafeBytes { try ring.write($0) }
        ring.finishWriting()
        #expect(try readNow(ring, 64)?.count == 4)
        #expect(try readNow(ring) == nil)
        ring.release()
        #expect(try readNow(ring, 64)?.count == 16)
        #expect(try readNow(ring) == [])
    }

    @Test func `A ring knows whether a read of that size would wait`() throws {
        let ring = ByteRing(capacityBytes: 64)
        #expect(!ring.holds(1))
        try [UInt8](repeating: 7, count: 3).withUnsafeBytes { try ring.write($0) }
        #expect(ring.holds(3))
        #expect(!ring.holds(4))
        ring.finishWriting()
        #expect(ring.holds(4))
    }

    @Test func `Who does not want to wait is told of a failure`() throws {
        let ring = ByteRing(capacityBytes: 64)
        ring.fail(TranshipError(.connectionLost, "gone"))
        #expect(ring.holds(1))
        #expect(throws: TranshipError.self) { try readNow(ring) }
    }

    @Test func `Observers run where the ring's maker wants them`() throws {
        let jobs = Guarded<[@Sendable () -> Void]>([])
        let seen = Guarded(0)
        let ring = ByteRing(
            capacityBytes: 64, observers: [{ span in seen.withLock { $0 += span.count } }],
            runner: { job in jobs.withLock { $0.append(job) } })
        try [UInt8](repeating: 7, count: 20).withUnsafeBytes { try ring.write($0) }
        ring.finishWriting()
        #expect(seen.withLock { $0 } == 0)
        for job in jobs.withLock({ $0 }) { job() }
        #expect(seen.withLock { $0 } == 20)
    }
}
