// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
package import ByteStreams
internal import Digests
internal import Glibc

extension ArchiveFolder {
    /// The number of bytes for each read(2) and write(2).
    private static let chunkBytes = 256 << 10

    /// Writes all data of a prepared image. If this fails, no data is left.
    ///
    /// The data has another name until it is complete and on the disk. Then its record is written,
    /// with the size and the SHA-512 of the written data, still as the record of an image that is
    /// not published.
    ///
    /// - Parameters:
    ///   - sizeBytes: the size of the data; nil if it is not known.
    ///   - md5: the MD5 of the data, if it is known.
    ///   - time: the current time, as the record writes it.
    ///   - replacement: the record that replaces that of a published image whose data is damaged.
    ///     Nil keeps that record's fields.
    /// - Throws: ``TranshipError/Code/conflict`` if another process has written the image or is
    ///   writing it now; ``TranshipError/Code/targetFailed`` with ``FullTarget`` as its cause if
    ///   the disk is full; the failure of the ring.
    package func receive(
        _ id: ArchivedID, from ring: ByteRing, sizeBytes: Int64?, md5: Checksum?, time: String,
        replacing replacement: ArchiveRecord? = nil
    ) throws(TranshipError) {
        let folder = try writable()
        guard let part = try folder.lock(id.part) else {
            throw TranshipError(
                .conflict, beingWritten(id).message, hint: beingWritten(id).hint, side: side)
        }
        do throws(TranshipError) {
            guard var image = try image(id, in: folder), !image.isWhole else {
                throw TranshipError(
                    .conflict,
                    "another process has written or removed image \(id.text) of the "
                        + "archive \(path) meanwhile", side: side)
            }
            guard ftruncate(part.descriptor, 0) == 0 else {
                throw folder.failure("cannot write", id.part)
            }
            let (count, checksum) = try copy(ring, to: part.descriptor, named: id.part, in: folder)
            if let sizeBytes, count != sizeBytes {
                throw TranshipError(
                    .sourceTruncated, "of \(sizeBytes) bytes came \(count)", side: .source)
            }
            guard fsync(part.descriptor) == 0 else { throw folder.failure("cannot write", id.part) }
            try folder.rename(id.part, to: id.data)
            try folder.sync()
            if image.isPublished, let replacement { image.record = replacement }
            image.record.fields["status"] = "active"
            image.record.fields["size"] = .integer(count)
            image.record.fields["os_hash_algo"] = .string(checksum.algorithm.rawValue)
            image.record.fields["os_hash_value"] = .string(checksum.value)
            image.record.fields["checksum"] = md5.map { .string($0.value) } ?? .null
            image.record.fields["updated_at"] = .string(time)
            try prepare(id, image.record)
            // The image was published and its data was damaged: it has to be published again.
            if image.isPublished { try folder.remove(id.record) }
        } catch {
            unlinkat(folder.descriptor, id.part, 0)
            throw error
        }
        withExtendedLifetime(part) {}
    }

    private func copy(
        _ ring: ByteRing, to file: Int32, named name: String, in folder: OpenFolder
    ) throws(TranshipError) -> (bytes: Int64, checksum: Checksum) {
        let digest = try StreamingDigest(.sha512)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.chunkBytes, alignment: 4096)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            let count = try ring.read(into: buffer)
            if count == 0 { return (total, try digest.finish()) }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[0..<count])
            try folder.writeAll(bytes, to: file, name, write)
            digest.update(bytes)
            total += Int64(count)
        }
    }

    /// Reads all data of an image into a ring. Neither finishes nor fails the ring.
    ///
    /// - Parameters:
    ///   - sizeBytes: the size in the record.
    ///   - opened: called before the first byte.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` or ``TranshipError/Code/targetFailed``,
    ///   depending on the use of the archive, if the file is missing or not a plain file;
    ///   ``TranshipError/Code/sourceTruncated`` if it has another size.
    package func read(
        _ id: ArchivedID, into ring: ByteRing, sizeBytes: Int64, opened: () -> Void = {}
    ) throws(TranshipError) {
        guard let folder = try images(), let (file, status) = try folder.openFile(id.data) else {
            throw problem(
                "the data of image \(id.text) is missing in the archive \(path)",
                hint: "restore it from a copy of the archive, or remove its record")
        }
        defer { close(file) }
        let place = "\(folder.path)/\(id.data)"
        guard Int64(status.st_size) == sizeBytes else {
            throw TranshipError(
                .sourceTruncated,
                "\(place) has \(status.st_size) bytes, and its record says \(sizeBytes)",
                hint: "restore it from a copy of the archive", side: side)
        }
        opened()
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.chunkBytes, alignment: 4096)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw folder.failure("cannot read", id.data)
            }
            if count == 0 { break }
            total += Int64(count)
            guard total <= sizeBytes else { break }
            try ring.write(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
        guard total == sizeBytes else {
            throw TranshipError(
                .sourceTruncated,
                "\(place) changed while it was read: \(sizeBytes) bytes at first, \(total) read",
                hint: "wait until nothing writes to it, then run again", side: side)
        }
    }
}
