// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import HTTPTransport

/// Downloads into a ring, hashes the bytes, and hands out the last ones only if all match the
/// checksum of the service.
final class ProvedDownload: Sendable {
    let service: ImageService
    let image: Image
    let options: DownloadOptions
    let ring: ByteRing
    /// The checksum in the record; nil if nothing is to be proved with it.
    private let promise: Checksum?
    private let digest: StreamingDigest?
    /// `Content-MD5`, from services whose record has no checksum.
    private let header = Guarded<Checksum?>(nil)

    init(
        _ id: String, _ options: DownloadOptions, of service: ImageService
    ) async throws(TranshipError) {
        try options.checked()
        let image = try await service.image(id)
        let isProved = options.proof != .none && options.range == nil
        var promise: Checksum?
        var digest: StreamingDigest?
        if isProved {
            // Skips an algorithm that this OpenSSL refuses.
            for checksum in image.checksums where digest == nil {
                digest = try? StreamingDigest(checksum.algorithm)
                if digest != nil { promise = checksum }
            }
            if digest == nil { digest = try? StreamingDigest(.md5) }
        }
        self.service = service
        self.image = image
        self.options = options
        self.promise = promise
        self.digest = digest
        ring = ByteRing(
            observers: digest.map { digest in [{ digest.update($0) }] } ?? [],
            withholdsEnd: isProved)
    }

    /// Runs to the end of the data, or fails the ring.
    func run() async -> Result<DownloadedData, TranshipError> {
        let result = await withTaskCancellationHandler {
            await outcome()
        } onCancel: {
            ring.fail(TranshipError(wrapping: CancellationError()))
        }
        if case .failure(let error) = result { ring.fail(error) }
        return result
    }

    private func outcome() async -> Result<DownloadedData, TranshipError> {
        do throws(TranshipError) {
            let request = ImageDataRequests.download(
                image.id, options.range, preferring: options.preferredStores)
            let head = try await service.download(request, options.range, into: ring) {
                (head) throws(TranshipError) in
                try self.began(head)
            }
            guard head != nil else { throw noData }
            ring.finishWriting()
            let sizeBytes = try await ring.finished()
            if options.range == nil, let size = image.sizeBytes, size != sizeBytes {
                throw TranshipError(
                    .sourceTruncated,
                    "image \(image.id) has \(size) bytes, but only \(sizeBytes) arrived",
                    isTransient: true)
            }
            let proof = try prove()
            ring.release()
            return .success(DownloadedData(sizeBytes: sizeBytes, proof: proof, image: image))
        } catch {
            return .failure(ring.failure ?? error)
        }
    }

    /// Called before the first byte.
    private func began(_ head: HTTPResponse) throws(TranshipError) {
        guard promise == nil, options.range == nil else { return }
        let found = head.headers["Content-MD5"].flatMap { try? Checksum(.md5, $0) }
        header.withLock { $0 = found }
        if found == nil, options.proof == .required {
            throw TranshipError(
                .unverifiable,
                "the service reports no checksum of image \(image.id) that can be computed here",
                hint: "read it without a proof, if that is acceptable")
        }
    }

    private func prove() throws(TranshipError) -> Checksum? {
        guard let digest, let promise = promise ?? header.withLock({ $0 }) else { return nil }
        let computed = try digest.finish()
        guard computed == promise else {
            throw TranshipError(
                .checksumMismatch,
                "the data of image \(image.id) hashes to \(computed), but the service reports "
                    + "\(promise)",
                hint: "read it again; if the result is the same, the store has damaged it")
        }
        return promise
    }

    private var noData: TranshipError {
        TranshipError(
            .noData, "image \(image.id) is \(image.status) and has no data",
            hint: image.status == .queued ? "upload its data first" : nil)
    }
}
