// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Dispatch
import Glibc

extension ByteRing {
    private static let descriptorBytes = 256 << 10
    private static let lookMilliseconds: Int32 = 200

    /// Takes everything out of the ring and puts it into a file descriptor: a
    /// file, a pipe, a socket. Returns after the end was read.
    ///
    /// Blocks a serial queue of its own and no task. A pipe whose reader
    /// sleeps holds up neither the cancellation of the task nor the failure of
    /// the ring for long. The descriptor stays open, and its flags, which it
    /// may share with other processes, stay as they are.
    ///
    /// - Parameters:
    ///   - name: what messages call it, such as `standard output`.
    ///   - onProgress: called with the bytes written so far.
    /// - Returns: how many bytes were written.
    /// - Throws: ``TranshipError/Code/targetFailed`` when writing failed, or
    ///   the ring's own failure. The ring is failed with the former, so that
    ///   its producer stops.
    @discardableResult
    public func drain(
        into descriptor: Int32, named name: String,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> Int64 {
        let queue = DispatchQueue(label: "tranship.descriptor")
        let result: Result<Int64, TranshipError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    let result = Result { () throws(TranshipError) in
                        try self.pump(into: descriptor, name, onProgress)
                    }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            fail(TranshipError(wrapping: CancellationError()))
        }
        if case .failure(let error) = result { fail(error) }
        return try result.get()
    }

    private func pump(
        into descriptor: Int32, _ name: String, _ onProgress: (Int64) -> Void
    ) throws(TranshipError) -> Int64 {
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

    /// Returns when a write will not block, an error being no wait either.
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
                .targetFailed, "nobody reads \(name) any more",
                hint: "the program behind the pipe ended before it had read everything")
        }
        return TranshipError(
            .targetFailed, "cannot write \(name): \(String(cString: strerror(errno)))")
    }
}
