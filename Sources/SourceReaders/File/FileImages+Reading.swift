// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Foundation
internal import MigrationModel
internal import MigrationPipeline

/// From the plan until its last byte is read, the file must not change: reading compares size and
/// time of change before and after.
extension FileImages {
    /// The number of bytes for each read(2).
    private static let chunkBytes = 128 << 10

    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        // A file states no version, so the data before the point came from another kind of source:
        // the pipeline file was edited since.
        guard point == nil else {
            throw TranshipError(
                .rangeNotSatisfiable, "a file is always read from its beginning")
        }
        let planned = transfer.source
        guard let published = planned.published else {
            return try await Self.readPublished(planned, into: ring, tell: tell)
        }
        try await unpacking.read(planned, published, into: ring, tell: tell) {
            (ring, tell) throws(TranshipError) in
            try await Self.readPublished(planned, into: ring, tell: tell)
        }
    }

    private static func readPublished(
        _ planned: SourceImage, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        try await BlockingWork.run(failingOnCancel: ring) {
            try pump(planned, into: ring) { tell(.opened($0)) }
        }
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        SourceFacts(sizeBytes: transfer.source.sizeBytes)
    }

    private static func pump(
        _ planned: SourceImage, into ring: ByteRing, opened: @Sendable (SourceFacts) -> Void
    ) throws(TranshipError) {
        let path = planned.location
        // A named pipe may have replaced the file, and would block forever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("cannot open", path) }
        defer { close(descriptor) }
        let before = try FileFacts(descriptor: descriptor, path: path)
        guard before.sizeBytes == planned.sizeAtSourceBytes,
            before.changedAt == planned.seen?.changedAt
        else {
            throw TranshipError(
                .sourceChanged, "\(path) has changed since it was planned",
                hint: "run again, which makes a new plan")
        }
        opened(SourceFacts(sizeBytes: before.sizeBytes))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            let count = Foundation.read(descriptor, buffer.baseAddress, chunkBytes)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot read", path)
            }
            if count == 0 { break }
            total += Int64(count)
            try ring.write(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
        let after = try FileFacts(descriptor: descriptor, path: path)
        guard after == before, total == before.sizeBytes else {
            throw TranshipError(
                .sourceChanged,
                "\(path) changed while it was read: \(before.sizeBytes) bytes at first, "
                    + "\(after.sizeBytes) at last, \(total) read",
                hint: "wait until nothing writes to it, then run again")
        }
    }

    static func failure(_ what: String, _ path: String) -> TranshipError {
        let number = errno
        // U+FFFD replaces bytes that are not UTF-8, so no path leads to the file.
        let isUTF8 = number != ENOENT || !path.unicodeScalars.contains("\u{FFFD}")
        return TranshipError(
            .sourceUnavailable,
            isUTF8
                ? "\(what) \(path): \(String(cString: strerror(number)))"
                : "\(what) \(path): its name is not UTF-8",
            hint: isUTF8 ? "check that the file is there and readable" : "rename the file")
    }
}

/// Identifies one state of a file.
struct FileFacts: Sendable, Hashable {
    var sizeBytes: Int64
    /// The time of the last change.
    var changedAt: FileTime

    /// The text from which ids of copies derive. Must never change.
    var fingerprint: String {
        "\(sizeBytes) \(changedAt.seconds).\(changedAt.nanoseconds)"
    }

    /// - Throws: ``TranshipError/Code/sourceUnavailable`` if it is missing or not a plain file.
    init(path: String) throws(TranshipError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileImages.failure("cannot read", path) }
        try self.init(status, path: path)
    }

    init(descriptor: Int32, path: String) throws(TranshipError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileImages.failure("cannot read", path)
        }
        try self.init(status, path: path)
    }

    init(_ status: stat, path: String) throws(TranshipError) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TranshipError(
                .sourceUnavailable, "\(path) is not a plain file",
                hint: "name a file, or a pattern that matches files only")
        }
        // File systems allow sparse files of almost 2^63 bytes.
        guard let size = OutsideNumber.checked(Int64(status.st_size)) else {
            throw TranshipError(
                .sourceUnavailable, "\(path) has \(status.st_size) bytes, more than 2^53",
                hint: "leave it out: no Image service takes such a file")
        }
        sizeBytes = size
        changedAt = FileTime(
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int64(status.st_mtim.tv_nsec))
    }
}
