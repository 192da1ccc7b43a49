// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import ByteStreams

extension ImageService {
    /// Reads the data of an image and hands it over, `options.bufferBytes` at
    /// a time, the last time fewer.
    ///
    /// Hashed as it arrives and compared with `os_hash_value` or, lacking it,
    /// `checksum`; the last bytes are handed over only if they agree, so that
    /// whoever takes the end of it for the end of an image is right. The body
    /// may block: it is called from a queue of its own, one call at a time.
    ///
    /// - Throws: ``TranshipError/Code/checksumMismatch``,
    ///   ``TranshipError/Code/unverifiable`` where proof is required and the
    ///   service reports no checksum, ``TranshipError/Code/sourceTruncated``,
    ///   ``TranshipError/Code/noData``, ``TranshipError/Code/forbidden`` for a
    ///   deactivated image, ``TranshipError/Code/rangeNotSatisfiable``,
    ///   ``TranshipError/Code/badRequest`` where the store knows no ranges,
    ///   and whatever the body throws.
    @discardableResult
    public func download(
        _ id: String, _ options: DownloadOptions = .init(),
        to body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws(TranshipError) -> DownloadedData {
        let download = try await ProvedDownload(id, options, of: self)
        async let arriving = download.run()
        let taken: Result<Void, TranshipError>
        do {
            try await SerialWork.run { try download.ring.drain(options.bufferBytes, body) }
            taken = .success(())
        } catch {
            let error = TranshipError(wrapping: error)
            // No one takes the rest.
            download.ring.fail(error)
            taken = .failure(error)
        }
        let arrived = await arriving
        try taken.get()
        return try arrived.get()
    }

    /// The data of an image as a sequence of pieces of `options.bufferBytes`,
    /// proved as ``download(_:_:to:)`` says: one that does not agree ends in an
    /// error instead of the last piece.
    ///
    /// Nothing is read before the first piece is asked for. Breaking off ends
    /// the download.
    public func data(of id: String, _ options: DownloadOptions = .init()) -> ImageDataPieces {
        ImageDataPieces(service: self, id: id, options: options)
    }

    /// Reads the data of an image into a file.
    ///
    /// It is written beside the final name, as `.NAME.….partial`, and renamed
    /// when it is proved and on the disk: under that name stands what stood
    /// there before, or the whole image. A pipe or a device of that name is
    /// written to as it is.
    ///
    /// - Parameter onProgress: called with the bytes written so far.
    /// - Throws: as ``download(_:_:to:)``, and ``TranshipError/Code/targetFailed``
    ///   when the file cannot be written.
    @discardableResult
    public func download(
        _ id: String, toFile path: String, _ options: DownloadOptions = .init(),
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> DownloadedData {
        let file = try PartialFile(path)
        let data: DownloadedData
        do {
            data = try await download(id, options) { bytes in
                onProgress(try file.write(bytes))
            }
        } catch {
            file.discard()
            throw error
        }
        do {
            try await SerialWork.run { try file.commit() }
        } catch {
            throw TranshipError(wrapping: error)
        }
        return data
    }
}

extension ByteRing {
    /// Takes everything out, so many bytes at a time; BLOCKS.
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

    /// Fills a buffer; fewer bytes are the end. BLOCKS.
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
