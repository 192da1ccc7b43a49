// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
public import MigrationModel

/// A ring joined to a file descriptor: a file, a pipe, a terminal.
///
/// Both calls block a serial queue of their own and no task. A descriptor that
/// has nothing to give, or a pipe whose reader sleeps, holds up neither the
/// cancellation of the task nor the failure of the ring for more than
/// `checkMilliseconds`. The descriptor stays open, and its flags, which it may
/// share with other processes, stay as they are.
extension ByteRing {
    private static let descriptorBytes = 256 << 10
    private static let checkMilliseconds: Int32 = 200

    /// Puts what a descriptor gives into the ring, up to its end.
    ///
    /// Neither ``finishWriting()`` nor ``fail(_:)`` is called, except for a
    /// cancellation: whether the source was complete is for the caller to say.
    ///
    /// - Parameter name: what messages call it, such as `standard input`.
    /// - Returns: how many bytes came.
    /// - Throws: ``MigrationError/Code/sourceUnavailable`` when reading failed,
    ///   or the ring's own failure.
    public func fill(
        from descriptor: Int32, named name: String
    ) async throws(MigrationError) -> Int64 {
        try await onQueue("tranship.descriptor.read") { () throws(MigrationError) in
            try self.pumpIn(descriptor, name)
        }
    }

    /// Takes everything out of the ring and puts it into a descriptor; returns
    /// after the end was read.
    ///
    /// - Returns: how many bytes were written.
    /// - Throws: ``MigrationError/Code/outputFailed`` when writing failed, or
    ///   the ring's own failure. The ring is failed with the former, so that
    ///   its producer stops.
    public func drain(
        into descriptor: Int32, named name: String
    ) async throws(MigrationError) -> Int64 {
        do throws(MigrationError) {
            return try await onQueue("tranship.descriptor.write") { () throws(MigrationError) in
                try self.pumpOut(descriptor, name)
            }
        } catch {
            fail(error)
            throw error
        }
    }

    private func pumpIn(_ descriptor: Int32, _ name: String) throws(MigrationError) -> Int64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.descriptorBytes, alignment: 16)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            try wait(for: descriptor, Int16(POLLIN))
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw MigrationError(
                    .sourceUnavailable, "cannot read \(name): \(String(cString: strerror(errno)))")
            }
            if count == 0 { return total }
            try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            total += Int64(count)
        }
    }

    private func pumpOut(_ descriptor: Int32, _ name: String) throws(MigrationError) -> Int64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.descriptorBytes, alignment: 16)
        defer { buffer.deallocate() }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        // After poll(2) a pipe has room for so much; more could block.
        let pieceBytes = isFile ? buffer.count : Int(PIPE_BUF)
        var total: Int64 = 0
        while true {
            let count = try read(into: buffer)
            if count == 0 { return total }
            var done = 0
            while done < count {
                if !isFile { try wait(for: descriptor, Int16(POLLOUT)) }
                let piece = UnsafeRawBufferPointer(
                    rebasing: buffer[done..<min(count, done + pieceBytes)])
                let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
                if written < 0 {
                    if errno == EINTR || errno == EAGAIN { continue }
                    throw Self.cannotWrite(name)
                }
                done += written
            }
            total += Int64(count)
        }
    }

    /// Returns when the descriptor is ready (its end and its errors included).
    private func wait(for descriptor: Int32, _ events: Int16) throws(MigrationError) {
        while true {
            if let failure { throw failure }
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            let ready = poll(&entry, 1, Self.checkMilliseconds)
            if ready > 0 || (ready < 0 && errno != EINTR) { return }
        }
    }

    private static func cannotWrite(_ name: String) -> MigrationError {
        if errno == EPIPE {
            return MigrationError(
                .outputFailed, "nobody reads \(name) any more",
                hint: "the program after the pipe ended before it had read everything")
        }
        return MigrationError(
            .outputFailed, "cannot write \(name): \(String(cString: strerror(errno)))")
    }

    private func onQueue(
        _ label: String, _ work: @escaping @Sendable () throws(MigrationError) -> Int64
    ) async throws(MigrationError) -> Int64 {
        let queue = DispatchQueue(label: label)
        let result: Result<Int64, MigrationError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: Result(catching: work)) }
            }
        } onCancel: {
            fail(MigrationError(wrapping: CancellationError()))
        }
        return try result.get()
    }
}
