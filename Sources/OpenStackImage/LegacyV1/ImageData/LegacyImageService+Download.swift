// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import ByteStreams
import Digests
import Synchronization

extension LegacyImageService {
    /// Reads the data of an image into a file, written beside the final name
    /// and renamed when it is proved, as
    /// ``ImageService/download(_:toFile:_:onProgress:)``.
    ///
    /// Hashed as it arrives and compared with `checksum`, where the image has
    /// one: those with a `location` may have none.
    ///
    /// - Returns: the image as its data came with it.
    /// - Throws: as ``download(_:into:onResponse:)``,
    ///   ``TranshipError/Code/checksumMismatch``,
    ///   ``TranshipError/Code/sourceTruncated``,
    ///   ``TranshipError/Code/targetFailed``.
    @discardableResult
    public func download(
        _ id: String, toFile path: String,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> LegacyImage {
        let file = try PartialFile(path)
        do {
            let image = try await proved(id) { ring in
                try await SerialWork.run {
                    try ring.drain(1 << 20) { onProgress(try file.write($0)) }
                }
            }
            try await SerialWork.run { try file.commit() }
            return image
        } catch {
            file.discard()
            throw TranshipError(wrapping: error)
        }
    }

    /// The same into a file that is open for writing, which stays open. Of
    /// data that does not agree the last bytes are never written.
    ///
    /// - Parameter name: what messages call it, such as `standard output`.
    @discardableResult
    public func download(
        _ id: String, toDescriptor descriptor: Int32, named name: String,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> LegacyImage {
        do {
            return try await proved(id) { ring in
                try await ring.drain(into: descriptor, named: name, onProgress: onProgress)
            }
        } catch {
            throw TranshipError(wrapping: error)
        }
    }

    private func proved(
        _ id: String, _ take: (ByteRing) async throws -> Void
    ) async throws -> LegacyImage {
        let digest = try StreamingDigest(.md5)
        let ring = ByteRing(observers: [{ digest.update($0) }], withholdsEnd: true)
        async let arriving = arrive(id, in: ring, digest)
        do {
            try await take(ring)
        } catch {
            // Nobody takes the rest. The first failure tells why.
            ring.fail(TranshipError(wrapping: error))
            _ = await arriving
            throw ring.failure ?? error
        }
        return try await arriving.get()
    }

    private func arrive(
        _ id: String, in ring: ByteRing, _ digest: StreamingDigest
    ) async -> Result<LegacyImage, TranshipError> {
        await withTaskCancellationHandler {
            do throws(TranshipError) {
                let image = try await download(id, into: ring)
                ring.finishWriting()
                let sizeBytes = try await ring.finished()
                try Self.check(try digest.finish(), sizeBytes, image)
                ring.release()
                return .success(image)
            } catch {
                ring.fail(error)
                return .failure(ring.failure ?? error)
            }
        } onCancel: {
            ring.fail(TranshipError(wrapping: CancellationError()))
        }
    }

    private static func check(
        _ computed: Checksum, _ sizeBytes: Int64, _ image: LegacyImage
    ) throws(TranshipError) {
        if let size = image.sizeBytes, size != sizeBytes {
            throw TranshipError(
                .sourceTruncated, "image \(image.id) has \(size) bytes, of which \(sizeBytes) came",
                isTransient: true)
        }
        guard let promise = image.checksums.first, promise != computed else { return }
        throw TranshipError(
            .checksumMismatch,
            "the data of image \(image.id) hashes to \(computed), but the service reports \(promise)",
            hint: "read it again; if it comes out the same, the store has lost it")
    }
}
