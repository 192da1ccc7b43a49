// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import ByteStreams

extension ImageService {
    /// Reads the data of an image and hands it over in pieces of `options.bufferBytes`; the last
    /// one may be smaller.
    ///
    /// The data is hashed as it arrives and compared with `os_hash_value` or, without it,
    /// `checksum`. The last bytes are handed over only if they agree, so a complete stream is a
    /// correct image. `body` may block: it is called from a queue of its own, one call at a time.
    ///
    /// - Throws: ``TranshipError/Code/checksumMismatch``, ``TranshipError/Code/unverifiable`` if a
    ///   proof is required and the service reports no checksum,
    ///   ``TranshipError/Code/sourceTruncated``, ``TranshipError/Code/noData``,
    ///   ``TranshipError/Code/forbidden`` for a deactivated image,
    ///   ``TranshipError/Code/rangeNotSatisfiable``, ``TranshipError/Code/badRequest`` if the store
    ///   does not support ranges, and the errors of `body`.
    @discardableResult
    public func download(
        _ id: String, _ options: DownloadOptions = .init(),
        to body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws(TranshipError) -> DownloadedData {
        let data = try await proved(id, options).taken { ring in
            try await BlockingWork.run { try ring.drain(options.bufferBytes, body) }
        }
        return DownloadedData(data)
    }

    /// Returns the data of an image as a sequence of pieces of `options.bufferBytes`, proved as in
    /// ``download(_:_:to:)``. If the data does not match, the sequence ends with an error in place
    /// of the last piece.
    ///
    /// Nothing is read before the first piece is requested. You can stop at any piece, which ends
    /// the download.
    public func data(of id: String, _ options: DownloadOptions = .init()) -> ImageDataPieces {
        ImageDataPieces(service: self, id: id, options: options)
    }

    /// Reads the data of an image into a file.
    ///
    /// The data is written to `.NAME.….partial` in the same directory. That file gets its final
    /// name once it is proved and on the disk. So the final name always belongs to the old file or
    /// to the complete image. A pipe or a device is written directly.
    ///
    /// - Parameter onProgress: called with the bytes written so far.
    /// - Throws: as ``download(_:_:to:)``, and ``TranshipError/Code/targetFailed`` if the file
    ///   cannot be written.
    @discardableResult
    public func download(
        _ id: String, toFile path: String, _ options: DownloadOptions = .init(),
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> DownloadedData {
        let data = try await proved(id, options).taken(
            toFile: path, bufferBytes: options.bufferBytes, onProgress)
        return DownloadedData(data)
    }

    /// Reads the data of an image into a file that is open for writing, mostly standard output.
    /// Leaves it open.
    ///
    /// The data is proved as in ``download(_:_:to:)``. If it does not match, its last bytes are
    /// never written, so a reader that knows the size notices it.
    ///
    /// - Parameters:
    ///   - name: the name for messages, such as `standard output`.
    ///   - onProgress: called with the bytes written so far.
    /// - Throws: as ``download(_:_:to:)``, and ``TranshipError/Code/targetFailed`` if the file
    ///   cannot be written, such as a pipe whose reader is gone.
    @discardableResult
    public func download(
        _ id: String, toDescriptor descriptor: Int32, named name: String,
        _ options: DownloadOptions = .init(),
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> DownloadedData {
        let data = try await proved(id, options).taken { ring in
            try await ring.drain(into: descriptor, named: name, onProgress: onProgress)
        }
        return DownloadedData(data)
    }
}

extension ByteRing {
    /// Takes everything out of the ring in pieces of this many bytes. BLOCKS.
    func drain(
        _ bufferBytes: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferBytes, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try fill(buffer)
            if count > 0 { try body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            if count < buffer.count { return }
        }
    }

    /// Fills a buffer from the ring. If it gets fewer bytes, the ring has ended. BLOCKS.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(TranshipError) -> Int {
        var count = 0
        while count < buffer.count {
            let more = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            if more == 0 { break }
            count += more
        }
        return count
    }
}
