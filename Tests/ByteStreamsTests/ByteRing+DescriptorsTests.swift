// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
import Foundation
import MigrationModel
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ByteRingDescriptorsTests {
    @Test func `What goes into one pipe comes out of another, whole and in order`() async throws {
        let (input, output) = (try Pipe(), try Pipe())
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let ring = ByteRing(capacityBytes: 1 << 16)
        Thread.detachNewThread { input.write(bytes) }
        async let filled = {
            let count = try await ring.fill(from: input.readEnd, named: "the input")
            ring.finishWriting()
            return count
        }()
        async let drained = {
            let count = try await ring.drain(into: output.writeEnd, named: "the output")
            output.closeWriteEnd()
            return count
        }()
        let received = await output.readAll()
        #expect(try await filled == 3_000_000)
        #expect(try await drained == 3_000_000)
        #expect(received == bytes)
    }

    @Test func `The end of a descriptor is not the end of the ring: that is for the caller to say`()
        async throws
    {
        let pipe = try Pipe()
        pipe.write([1, 2, 3])
        let ring = ByteRing()
        #expect(try await ring.fill(from: pipe.readEnd, named: "the input") == 3)
        ring.fail(MigrationError(.sourceTruncated, "three bytes are not enough"))
        let error = await #expect(throws: MigrationError.self) {
            _ = try await ring.drain(into: pipe.readEnd, named: "nowhere")
        }
        #expect(error?.code == .sourceTruncated)
    }

    @Test func `Cancelling reaches a pipe that says nothing within a second`() async throws {
        let pipe = try Pipe()
        let ring = ByteRing()
        let reading = Task { try await ring.fill(from: pipe.readEnd, named: "the input") }
        try await Task.sleep(for: .milliseconds(50))
        let started = ContinuousClock.now
        reading.cancel()
        let error = await #expect(throws: MigrationError.self) { _ = try await reading.value }
        #expect(error?.code == .interrupted)
        #expect(ContinuousClock.now - started < .seconds(1))
    }

    @Test func `Cancelling reaches a pipe that nobody reads within a second`() async throws {
        let pipe = try Pipe()
        let ring = ByteRing(capacityBytes: 1 << 20)
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        try bytes.withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        let writing = Task { try await ring.drain(into: pipe.writeEnd, named: "the output") }
        try await Task.sleep(for: .milliseconds(50))
        let started = ContinuousClock.now
        writing.cancel()
        let error = await #expect(throws: MigrationError.self) { _ = try await writing.value }
        #expect(error?.code == .interrupted)
        #expect(ContinuousClock.now - started < .seconds(1))
    }

    @Test func `A pipe without a reader fails the ring, so that the producer stops`() async throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = try Pipe()
        pipe.closeReadEnd()
        let ring = ByteRing()
        try [UInt8(1)].withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        let error = await #expect(throws: MigrationError.self) {
            _ = try await ring.drain(into: pipe.writeEnd, named: "standard output")
        }
        #expect(
            error.map { "\($0)" } == """
                nobody reads standard output any more
                hint: the program after the pipe ended before it had read everything
                """)
        #expect(ring.failure?.code == .outputFailed)
    }

    @Test func `A full disk is told in the system's words`() async throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        let ring = ByteRing()
        try [UInt8(1)].withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        let error = await #expect(throws: MigrationError.self) {
            _ = try await ring.drain(into: full, named: "disk.img")
        }
        #expect(error?.message == "cannot write disk.img: No space left on device")
    }

    @Test func `A descriptor that cannot be read is told by its name`() async throws {
        let directory = open("/", O_RDONLY | O_CLOEXEC)
        defer { close(directory) }
        let error = await #expect(throws: MigrationError.self) {
            _ = try await ByteRing().fill(from: directory, named: "standard input")
        }
        #expect(error?.code == .sourceUnavailable)
        #expect(error?.message == "cannot read standard input: Is a directory")
    }
}

/// Two ends, each of which is closed once. Used by one test at a time; the
/// ends' numbers do not change.
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

    /// Everything, then the end.
    func write(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                Foundation.write(writeEnd, $0.baseAddress, $0.count)
            }
            guard count > 0 else { break }
            done += count
        }
        closeWriteEnd()
    }

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
    private let isUp = Mutex(true)

    func takeDown() -> Bool {
        isUp.withLock { isUp in
            defer { isUp = false }
            return isUp
        }
    }
}
