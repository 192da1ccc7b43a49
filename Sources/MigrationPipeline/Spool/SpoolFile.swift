// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
package import ByteStreams
internal import Digests
internal import Foundation
internal import MigrationModel

/// The operations of the machine that the spool uses. Tests replace them to imitate a full disk,
/// simulations to use their own clock and thread.
package struct SpoolDisk: Sendable {
    /// Works as `pwrite(2)`.
    package var write: @Sendable (Int32, UnsafeRawPointer, Int, Int64) -> Int
    /// Works as `unlink(2)`.
    package var remove: @Sendable (String) -> Int32 = { unlink($0) }
    /// Runs work that blocks on the disk. If the work reads from a ring, first waits until the ring
    /// has that many bytes or has ended.
    package var run:
        @Sendable (_ awaited: (ring: ByteRing, bytes: Int64)?, @escaping @Sendable () -> Void)
            throws -> Void = { try BlockingWork.onOwnThread($1) }
    /// The minimum number of bytes to read before progress is recorded again.
    package var checkpointBytesMin: Int64 = 1 << 20

    package init(write: @escaping @Sendable (Int32, UnsafeRawPointer, Int, Int64) -> Int) {
        self.write = write
    }

    package static let real = SpoolDisk { pwrite($0, $1, $2, off_t($3)) }

    /// Awaits work that blocks on the disk.
    ///
    /// - Parameters:
    ///   - ring: the ring that the work reads from or writes to; fails if the task is cancelled.
    ///   - bytes: the number of bytes that the work takes out of the ring.
    func blocking<Value: Sendable>(
        at ring: ByteRing? = nil, taking bytes: Int64 = 0,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws(TranshipError) -> Value {
        let awaited = ring.map { (ring: $0, bytes: bytes) }
        return try await BlockingWork.run(
            failingOnCancel: ring, startedBy: { try run(awaited, $0) }, work)
    }

    static func failure(_ what: String, _ path: String) -> TranshipError {
        let number = errno
        let isFull = [ENOSPC, EDQUOT, EFBIG].contains(number)
        return TranshipError(
            .targetFailed, "\(what) \(path): \(String(cString: strerror(number)))",
            hint: isFull
                ? "make room on that disk, name another place with `spool` in the pipeline file, "
                    + "or use transfer: stream"
                : "check the rights of the folder, or name another place with `spool`",
            isTransient: isFull, cause: isFull ? NoRoom() : nil)
    }
}

/// One open file of the spool.
///
/// Every function blocks: call them through ``SpoolDisk/blocking(_:)``.
///
/// `@unchecked Sendable`: only one task has it, and awaits each call before the next.
final class SpoolFile: @unchecked Sendable {
    /// The unit of writing. A block of zeros becomes a hole.
    private static let blockBytes = 64 << 10

    let path: String
    private let descriptor: Int32
    private let disk: SpoolDisk
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: SpoolFile.blockBytes, alignment: 4096)
    /// The length of the data, holes included.
    private(set) var offsetBytes: Int64 = 0
    /// The digest of all bytes before ``offsetBytes``.
    private var digest: StreamingDigest

    /// Opens or creates the file and its folder.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed``.
    init(_ path: String, disk: SpoolDisk) throws(TranshipError) {
        try SpoolFolder.make(PathText.folder(of: path))
        // Do not follow a link that another user may have created, and do not write into a file
        // that also has another name.
        var standing = stat()
        if lstat(path, &standing) == 0, standing.st_nlink > 1 { unlink(path) }
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolDisk.failure("cannot open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
            status.st_mode & S_IFMT == S_IFREG
        else {
            close(descriptor)
            throw TranshipError(
                .targetFailed, "the spooled file \(path) is not a regular file of this user",
                hint: "remove it, or name another place with `spool` in the pipeline file")
        }
        do {
            digest = try StreamingDigest(.sha256)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        self.disk = disk
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    var lengthBytes: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// SHA-256 of all bytes before ``offsetBytes``.
    func prefixDigest() throws(TranshipError) -> Checksum { try digest.soFar() }

    /// Empties the file.
    func empty() throws(TranshipError) {
        guard ftruncate(descriptor, 0) == 0 else { throw SpoolDisk.failure("cannot empty", path) }
        offsetBytes = 0
        digest = try StreamingDigest(.sha256)
    }

    /// Checks the bytes before the offset, cuts off the bytes after it, and continues there.
    ///
    /// - Returns: false if the bytes do not match the journal's digest.
    func goOn(
        at offset: Int64, _ expected: Checksum, observers: [ByteRing.Observer]
    ) throws(TranshipError) -> Bool {
        guard lengthBytes >= offset else { return false }
        while offsetBytes < offset {
            let want = Int(min(Int64(buffer.count), offset - offsetBytes))
            let count = pread(descriptor, buffer.baseAddress, want, off_t(offsetBytes))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.update(bytes)
            for observer in observers { observer(bytes) }
            offsetBytes += Int64(count)
        }
        guard try digest.soFar() == expected else { return false }
        guard ftruncate(descriptor, off_t(offset)) == 0 else {
            throw SpoolDisk.failure("cannot shorten", path)
        }
        return true
    }

    /// Writes bytes from a ring into the file.
    ///
    /// - Returns: true at the end of the data.
    func append(_ ring: ByteRing, atMostBytes count: Int64) throws(TranshipError) -> Bool {
        let stop = offsetBytes + count
        while offsetBytes < stop {
            // Read up to the end of a block, because holes begin and end there.
            let toBorder = buffer.count - Int(offsetBytes % Int64(buffer.count))
            let want = min(toBorder, Int(stop - offsetBytes))
            var filled = 0
            var isEnd = false
            while filled < want, !isEnd {
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<want])
                let more = try ring.read(into: part)
                isEnd = more == 0
                filled += more
            }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
            if filled < buffer.count || !Self.isZero(bytes) { try write(bytes) }
            digest.update(bytes)
            offsetBytes += Int64(filled)
            if isEnd { return true }
        }
        return false
    }

    /// Flushes all data to the disk.
    func sync() throws(TranshipError) {
        // A hole at the end is not part of the file's length until it is extended.
        if lengthBytes < offsetBytes, ftruncate(descriptor, off_t(offsetBytes)) != 0 {
            throw SpoolDisk.failure("cannot write", path)
        }
        guard fdatasync(descriptor) == 0 else { throw SpoolDisk.failure("cannot write", path) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(TranshipError) {
        var done = 0
        while done < bytes.count, let start = bytes.baseAddress {
            let count = disk.write(
                descriptor, start + done, bytes.count - done, offsetBytes + Int64(done))
            if count < 0 {
                if errno == EINTR { continue }
                throw SpoolDisk.failure("cannot write", path)
            }
            done += count
        }
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress, bytes.count > 1 else { return false }
        return bytes[0] == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
    }

    // MARK: Sending

    /// Writes a complete file into a ring and proves it again.
    ///
    /// - Throws: ``TranshipError/Code/sourceChanged`` with ``SpoolDamage`` as the cause if the data
    ///   differs from the spooled data.
    static func pump(_ entry: SpoolEntry, into ring: ByteRing) throws(TranshipError) {
        let descriptor = Foundation.open(
            entry.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw damage(entry, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let digest = try StreamingDigest(.sha256)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 128 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw damage(entry, String(cString: strerror(errno)))
            }
            if count == 0 { break }
            total += Int64(count)
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.update(bytes)
            try ring.write(bytes)
        }
        guard total == entry.offsetBytes, try digest.finish() == entry.digest else {
            throw damage(entry, "its bytes are not those that were written")
        }
    }

    private static func damage(_ entry: SpoolEntry, _ words: String) -> TranshipError {
        TranshipError(
            .sourceChanged, "the spooled data \(entry.path) cannot be used: \(words)",
            hint: "check that disk if this happens again; the run reads the data from the source "
                + "again",
            isTransient: true, cause: SpoolDamage())
    }
}

/// The cause of an error: the spooled data differs from the written data.
struct SpoolDamage: Error {}
