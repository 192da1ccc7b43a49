// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import HTTPTransport

/// A download into a ring that hashes the bytes, and hands out the last ones only if all match the
/// service's checksum.
final class ProvedDownload<Record: ServiceRecord>: Sendable {
    /// The facts about the data that the service reports.
    struct Promise: Sendable {
        let record: Record
        /// The size; nil if it is unknown.
        let sizeBytes: Int64?
        /// The checksum; nil if the service reports none.
        let checksum: Checksum?
    }

    /// The data that arrived, after it matched the promise.
    struct Data: Sendable {
        let record: Record
        let sizeBytes: Int64
        let proof: Checksum?
    }

    let ring: ByteRing
    private let digest: StreamingDigest?
    private let fetch: @Sendable (ByteRing) async throws(TranshipError) -> Promise

    /// - Parameters:
    ///   - digest: computes the algorithm of the promised checksum; nil to prove only the size.
    ///   - fetch: fills the ring with the data, but does not finish it.
    init(
        digest: StreamingDigest?,
        fetch: @escaping @Sendable (ByteRing) async throws(TranshipError) -> Promise
    ) {
        self.digest = digest
        self.fetch = fetch
        ring = ByteRing(
            observers: [digest].compactMap(\.self).observers,
            withholdsEnd: digest != nil)
    }

    /// Runs the download while `take` empties the ring.
    func taken(by take: (ByteRing) async throws -> Void) async throws(TranshipError) -> Data {
        async let arriving = run()
        do {
            try await take(ring)
        } catch {
            let error = TranshipError(wrapping: error)
            ring.fail(error)
            _ = await arriving
            // The first failure is the cause.
            throw ring.failure ?? error
        }
        return try await arriving.get()
    }

    /// Runs the download while a file takes the data. The file gets its name once the data is
    /// proved.
    func taken(
        toFile path: String, bufferBytes: Int, _ onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(TranshipError) -> Data {
        let file = try PartialFile(path)
        let data: Data
        do {
            data = try await taken { ring in
                try await BlockingWork.run {
                    try ring.drain(bufferBytes) { onProgress(try file.write($0)) }
                }
            }
        } catch {
            file.discard()
            throw error
        }
        try await BlockingWork.run { try file.commit() }
        return data
    }

    /// Runs to the end of the data, or fails the ring.
    func run() async -> Result<Data, TranshipError> {
        await ring.carry {
            try await fetch(ring)
        } judgedBy: { promise, sizeBytes in
            Data(
                record: promise.record, sizeBytes: sizeBytes,
                proof: try prove(promise, sizeBytes))
        }.mapError { ring.failure ?? $0 }
    }

    private func prove(_ promise: Promise, _ sizeBytes: Int64) throws(TranshipError) -> Checksum? {
        let id = promise.record.idText
        if let size = promise.sizeBytes, size != sizeBytes {
            throw TranshipError(
                .sourceTruncated, "image \(id) has \(size) bytes, but only \(sizeBytes) arrived",
                isTransient: true)
        }
        guard let digest, let checksum = promise.checksum else { return nil }
        let computed = try digest.finish()
        guard computed == checksum else {
            throw TranshipError(
                .checksumMismatch,
                "the data of image \(id) hashes to \(computed), but the service reports "
                    + "\(checksum)",
                hint: "read it again; if the result is the same, the store has damaged it")
        }
        return checksum
    }
}

extension DownloadedData {
    init(_ data: ProvedDownload<Image>.Data) {
        self.init(sizeBytes: data.sizeBytes, proof: data.proof, image: data.record)
    }
}

extension ImageService {
    /// Reads the record, which shows how the data can be proved, and returns the download.
    func proved(
        _ id: String, _ options: DownloadOptions
    ) async throws(TranshipError) -> ProvedDownload<Image> {
        try options.checked()
        let image = try await image(id)
        let isWhole = options.range == nil
        var promise: Checksum?
        var digest: StreamingDigest?
        if options.proof != .none, isWhole {
            // Skip an algorithm that this OpenSSL refuses.
            for checksum in image.checksums where digest == nil {
                digest = try? StreamingDigest(checksum.algorithm)
                if digest != nil { promise = checksum }
            }
            if digest == nil { digest = try? StreamingDigest(.md5) }
        }
        return ProvedDownload(digest: digest) { [promise] ring throws(TranshipError) in
            // Services whose record has no checksum may send `Content-MD5`.
            @Sendable func checksum(_ head: HTTPResponse) -> Checksum? {
                promise ?? head.headers["Content-MD5"].flatMap { try? Checksum(.md5, $0) }
            }
            var request = ImageDataRequests.download(
                id, options.range, preferring: options.preferredStores)
            if isWhole { request.bodyBytesMax = image.sizeBytes }
            let head = try await download(request, options.range, into: ring) {
                (head) throws(TranshipError) in
                guard isWhole, options.proof == .required, checksum(head) == nil else { return }
                throw TranshipError(
                    .unverifiable,
                    "the service reports no checksum of image \(id) that can be computed here",
                    hint: "read it without a proof, if that is acceptable")
            }
            guard let head else {
                throw TranshipError(
                    .noData, "image \(id) is \(image.status) and has no data",
                    hint: image.status == .queued ? "upload its data first" : nil)
            }
            return .init(
                record: image, sizeBytes: isWhole ? image.sizeBytes : nil,
                checksum: checksum(head))
        }
    }
}
