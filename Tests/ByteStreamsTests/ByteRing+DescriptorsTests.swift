// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct ByteRingDescriptorsTests {
    @Test func `What was written comes out of the pipe, whole and in order`() async throws {
        let pipe = try Pipe()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let ring = ByteRing(capacityBytes: 1 << 16)
        Thread.detachNewThread {
            _ = try? bytes.withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
            ring.finishWriting()
        }
        let last = Guarded<Int64>(0)
        async let drained = {
            let count = try await ring.drain(into: pipe.writeEnd, named: "the output") { bytes in
                last.withLock { $0 = bytes }
            }
            pipe.closeWriteEnd()
            return count
        }()
        let received = await pipe.readAll()
        #expect(try await drained == 3_000_000)
        #expect(received == bytes)
        #expect(last.withLock { $0 } == 3_000_000)
    }

    @Test func `Cancelling reaches a pipe without a reader`() async throws {
        let pipe = try Pipe()
        let ring = ByteRing(capacityBytes: 1 << 20)
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        try bytes.withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        let writing = Task { try await ring.drain(into: pipe.writeEnd, named: "the output") }
        try await Task.sleep(for: .milliseconds(50))
        let started = ContinuousClock.now
        writing.cancel()
        let error = await #expect(throws: TranshipError.self) { _ = try await writing.value }
        #expect(error?.code == .interrupted)
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test func `A pipe without a reader fails the ring, so that the producer stops`() async throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = try Pipe()
        pipe.closeReadEnd()
        let ring = ByteRing()
        try [UInt8(1)].withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        let error = await #expect(throws: TranshipError.self) {
            _ = try await ring.drain(into: pipe.writeEnd, named: "standard output")
        }
        #expect(
            error.map { "\($0)" } == """
                the reader of standard output is gone
                hint: check the program at the other end of the pipe: it ended before it had read everything
                """)
        #expect(ring.failure?.code == .targetFailed)
    }

    @Test func `A full disk is told in the system's words`() async throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        let ring = ByteRing()
        try [UInt8(1)].withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        let error = await #expect(throws: TranshipError.self) {
            _ = try await ring.drain(into: full, named: "disk.img")
        }
        #expect(error?.message == "cannot write disk.img: No space left on device")
    }
}

/// The two ends of a pipe, each of which is closed once. Only one test at a time uses it, and the
/// numbers of the ends do not change.
private final class Pipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32
    private let isOpen: (read: Flag, write: Flag) = (Flag(), Flag())

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeReadEnd()
        closeWriteEnd()
    }

    func closeReadEnd() { if isOpen.read.takeDown() { close(readEnd) } }
    func closeWriteEnd() { if isOpen.write.takeDown() { close(writeEnd) } }

    func readAll() async -> [UInt8] {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                var (all, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
                while true {
                    let count = read(readEnd, &buffer, buffer.count)
                    guard count > 0 else { return continuation.resume(returning: all) }
                    all += buffer[..<count]
                }
            }
        }
    }
}

private final class Flag: Sendable {
    private let isUp = Guarded(true)

    func takeDown() -> Bool {
        isUp.withLock { isUp in
            defer { isUp = false }
            return isUp
        }
    }
}
