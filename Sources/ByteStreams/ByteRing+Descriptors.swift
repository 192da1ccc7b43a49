// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Glibc

extension ByteRing {
    private static let descriptorBytes = 256 << 10
    private static let lookMilliseconds: Int32 = 200

    /// Writes everything from the ring to a file descriptor: a file, a pipe, a socket. Returns
    /// after the end of the stream.
    ///
    /// Blocks a thread of its own, not the task. A slow reader of a pipe delays a cancellation or a
    /// failure of the ring only briefly. The descriptor stays open. Its flags do not change, since
    /// other processes may share them.
    ///
    /// - Parameters:
    ///   - name: for messages, such as `standard output`.
    ///   - onProgress: called with the bytes written so far.
    /// - Returns: the number of bytes written.
    /// - Throws: ``TranshipError/Code/targetFailed`` if writing failed, which also fails the ring
    ///   and so stops its producer; or the failure of the ring.
    @discardableResult
    public func drain(
        into descriptor: Int32, named name: String,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> Int64 {
        do throws(TranshipError) {
            return try await BlockingWork.run(failingOnCancel: self) {
                try self.pump(into: descriptor, name, onProgress)
            }
        } catch {
            fail(error)
            throw error
        }
    }

    private func pump(
        into descriptor: Int32, _ name: String, _ onProgress: (Int64) -> Void
    ) throws(TranshipError) -> Int64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.descriptorBytes, alignment: 16)
        defer { buffer.deallocate() }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        // After poll(2) a pipe has room for this much. A larger write could block.
        let pieceBytes = isFile ? buffer.count : Int(PIPE_BUF)
        var total: Int64 = 0
        while true {
            let count = try read(into: buffer)
            if count == 0 { return total }
            var done = 0
            while done < count {
                if !isFile { try waitForRoom(in: descriptor) }
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
            onProgress(total)
        }
    }

    /// Returns as soon as a write does not block, which includes a write that would fail.
    private func waitForRoom(in descriptor: Int32) throws(TranshipError) {
        while true {
            if let failure { throw failure }
            var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let result = poll(&poller, 1, Self.lookMilliseconds)
            if result > 0 || (result < 0 && errno != EINTR) { return }
        }
    }

    private static func cannotWrite(_ name: String) -> TranshipError {
        if errno == EPIPE {
            return TranshipError(
                .targetFailed, "the reader of \(name) is gone",
                hint: "check the program at the other end of the pipe: it ended before it had "
                    + "read everything")
        }
        return TranshipError(
            .targetFailed, "cannot write \(name): \(String(cString: strerror(errno)))")
    }
}
