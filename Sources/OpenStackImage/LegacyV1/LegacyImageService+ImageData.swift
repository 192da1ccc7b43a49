// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
import Digests
import HTTPTransport

extension LegacyImageService {
    /// Creates an image with the data in a ring.
    ///
    /// If `fields` contains a size or a checksum, the service compares it with the data that
    /// arrives. If they differ, the image becomes `killed` and the request fails. Does not retry,
    /// since the ring is spent. The record of the failed attempt stays.
    ///
    /// - Throws: as ``create(_:from:)``; ``TranshipError/Code/badRequest`` for data that differs
    ///   from the stated values, or an image without formats; ``TranshipError/Code/quotaExceeded``;
    ///   and the failure of the ring.
    public func create(
        _ fields: LegacyImageFields, from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) -> LegacyImage {
        try await sendBody(try LegacyImageRequests.create(fields), ring, sizeBytes)
    }

    /// Sends the data of a `queued` image, together with metadata.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for an image that is not queued; otherwise as
    ///   ``create(_:from:sizeBytes:)``.
    @discardableResult
    public func upload(
        _ id: String, _ fields: LegacyImageFields = .init(), from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) -> LegacyImage {
        try await sendBody(
            try LegacyImageRequests.update(id, fields, purgingProperties: false), ring, sizeBytes)
    }

    private func sendBody(
        _ request: ServiceRequest, _ ring: ByteRing, _ sizeBytes: Int64?
    ) async throws(TranshipError) -> LegacyImage {
        var request = request
        // The service checks the media type of data, and only of data.
        request.headers.add("Content-Type", "application/octet-stream")
        // The service treats a length of 0 as a request without data, and the image would stay
        // queued. A chunked body without chunks counts as data of 0 bytes.
        let answer = try await service.sendBody(
            request, ring, sizeBytes == 0 ? nil : sizeBytes, expecting: [200, 201])
        let json = try JSONValue(body: answer.body, asked: request.asked)
        return try LegacyImage(json: json["image"] ?? .null)
    }
}

extension LegacyImageService {
    /// Creates an image with data from a file, a stream, a URL, … and compares the MD5 that the
    /// service reports with that of the data.
    ///
    /// A failure leaves a record behind, mostly `killed`, as in ``create(_:from:sizeBytes:)``.
    ///
    /// - Parameter onProgress: called with the bytes read so far.
    /// - Throws: as ``create(_:from:sizeBytes:)``, ``TranshipError/Code/checksumMismatch`` for data
    ///   without the promised checksum, ``TranshipError/Code/verificationMismatch``, and the errors
    ///   of reading the source.
    public func create(
        _ fields: LegacyImageFields, from source: ImageDataSource,
        _ promises: DataPromises = .init(), onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> LegacyImage {
        try await send(source, promises, onProgress) { ring, sizeBytes throws(TranshipError) in
            try await create(fields, from: ring, sizeBytes: sizeBytes)
        }
    }

    /// Does the same for a `queued` image, and sets metadata.
    @discardableResult
    public func upload(
        _ id: String, _ fields: LegacyImageFields = .init(), from source: ImageDataSource,
        _ promises: DataPromises = .init(), onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> LegacyImage {
        try await send(source, promises, onProgress) { ring, sizeBytes throws(TranshipError) in
            try await upload(id, fields, from: ring, sizeBytes: sizeBytes)
        }
    }

    private func send(
        _ source: ImageDataSource, _ promises: DataPromises,
        _ onProgress: (@Sendable (Int64) -> Void)?,
        _ body: @Sendable (ByteRing, Int64?) async throws(TranshipError) -> LegacyImage
    ) async throws(TranshipError) -> LegacyImage {
        var promises = promises
        promises.algorithms.insert(.md5)
        let flow = try SourceFlow(source, promises, onProgress: onProgress)
        let (image, sent) = try await flow.run { sizeBytes throws(TranshipError) in
            try await body(flow.ring, sizeBytes)
        }
        guard let reported = image.checksums.first,
            let own = sent.checksums.first(where: { $0.algorithm == .md5 }), own != reported
        else { return image }
        throw TranshipError(
            .verificationMismatch,
            "image \(image.id) must have \(own), but the service reports \(reported)")
    }
}

extension LegacyImageService {
    /// Reads the data into a ring. v1 has no ranges.
    ///
    /// Works as ``HTTPClient/download(_:into:onResponse:)``: the ring is neither finished nor
    /// failed. The answer also contains the metadata, so `onResponse` gets it before the first byte
    /// and may throw to end the download.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an image without data or an unknown image,
    ///   ``TranshipError/Code/forbidden`` for a deactivated one,
    ///   ``TranshipError/Code/sourceTruncated`` for data longer than the metadata says.
    @discardableResult
    public func download(
        _ id: String, into ring: ByteRing,
        onResponse: @escaping @Sendable (LegacyImage) throws(TranshipError) -> Void = {
            (_) throws(TranshipError) in
        }
    ) async throws(TranshipError) -> LegacyImage {
        let request = LegacyImageRequests.download(id)
        let head = try await service.receive(request, ring) { (head) throws(TranshipError) in
            try onResponse(try Self.image(head, request))
        }
        return try Self.image(head, request)
    }

    /// Reads the data of an image into a file, which gets its name once the data is proved, as in
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
        try await proved(id).taken(toFile: path, bufferBytes: 1 << 20, onProgress).record
    }

    /// Reads the data in the same way into a file that is open for writing, which stays open. If
    /// the data does not match, its last bytes are never written.
    ///
    /// - Parameter name: the name for messages, such as `standard output`.
    @discardableResult
    public func download(
        _ id: String, toDescriptor descriptor: Int32, named name: String,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(TranshipError) -> LegacyImage {
        try await proved(id).taken { ring in
            try await ring.drain(into: descriptor, named: name, onProgress: onProgress)
        }.record
    }

    private func proved(_ id: String) throws(TranshipError) -> ProvedDownload<LegacyImage> {
        ProvedDownload(digest: try StreamingDigest(.md5)) { ring throws(TranshipError) in
            let image = try await download(id, into: ring)
            return .init(
                record: image, sizeBytes: image.sizeBytes, checksum: image.checksums.first)
        }
    }

    static func image(
        _ head: HTTPResponse, _ request: ServiceRequest
    ) throws(TranshipError) -> LegacyImage {
        guard let image = LegacyImageHeaders.image(head.headers) else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(request.asked) has no x-image-meta-id",
                hint: "check that the endpoint serves Images API v1 and that proxies keep its "
                    + "header fields")
        }
        try image.checkValues()
        return image
    }
}
