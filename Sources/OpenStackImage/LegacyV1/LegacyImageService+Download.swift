// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import ByteStreams
import Digests

extension LegacyImageService {
    /// Reads the data of an image into a file, which gets its name when the data is proved, as in
    /// ``ImageService/download(_:toFile:_:onProgress:)``.
    ///
    /// The data is hashed as it arrives and compared with `checksum`, if the image has one; images
    /// with a `location` may have none.
    ///
    /// - Returns: the metadata that came with the data.
    /// - Throws: as ``download(_:into:onResponse:)``, ``TranshipError/Code/checksumMismatch``,
    ///   ``TranshipError/Code/sourceTruncated``, ``TranshipError/Code/targetFailed``.
    @discardableResult
    public func download(
        _ id: String, toFile path: String,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> LegacyImage {
        let file = try PartialFile(path)
        do {
            let image = try await proved(id) { ring in
                try await BlockingWork.run {
                    try ring.drain(1 << 20) { onProgress(try file.write($0)) }
                }
            }
            try await BlockingWork.run { try file.commit() }
            return image
        } catch {
            file.discard()
            throw TranshipError(wrapping: error)
        }
    }

    /// The same into a file that is open for writing, which stays open. If the data does not agree,
    /// its last bytes are never written.
    ///
    /// - Parameter name: for messages, such as `standard output`.
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
            // The first failure is the cause.
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
                .sourceTruncated,
                "image \(image.id) has \(size) bytes, but only \(sizeBytes) arrived",
                isTransient: true)
        }
        guard let promise = image.checksums.first, promise != computed else { return }
        throw TranshipError(
            .checksumMismatch,
            "the data of image \(image.id) hashes to \(computed), but the service reports \(promise)",
            hint: "read it again; if the result is the same, the store has damaged it")
    }
}
