// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
import HTTPTransport

extension LegacyImageService {
    /// Creates an image with the data in a ring.
    ///
    /// The service compares size and checksum, if `fields` contains them, with what arrives. If
    /// they differ, the image becomes `killed` and the request fails. Does not retry, since the
    /// ring is spent. The record of the attempt stays.
    ///
    /// - Throws: as ``create(_:from:)``; ``TranshipError/Code/badRequest`` for data that differs
    ///   from what was stated, or an image without formats; ``TranshipError/Code/quotaExceeded``;
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

    /// Reads the data into a ring. v1 has no ranges.
    ///
    /// Works as ``HTTPClient/download(_:into:onResponse:)``: the ring is neither finished nor
    /// failed. The same answer contains the metadata, so `onResponse` gets it before the first byte
    /// and may throw to end the download.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an image without data or an unknown image,
    ///   ``TranshipError/Code/forbidden`` for a deactivated one.
    @discardableResult
    public func download(
        _ id: String, into ring: ByteRing,
        onResponse: @escaping @Sendable (LegacyImage) throws(TranshipError) -> Void = {
            (_) throws(TranshipError) in
        }
    ) async throws(TranshipError) -> LegacyImage {
        let request = LegacyImageRequests.download(id)
        var answer = try await receive(request, ring, onResponse)
        if answer.head.status == 401, await session.invalidate(answer.authorization) {
            answer = try await receive(request, ring, onResponse)
        }
        guard answer.head.isSuccess else { throw service.refusal(answer.head, request) }
        return try Self.image(answer.head, request)
    }

    private func receive(
        _ request: ServiceRequest, _ ring: ByteRing,
        _ onResponse: @escaping @Sendable (LegacyImage) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> (
        head: HTTPResponse, authorization: CloudSession.Authorization
    ) {
        let authorization = try await session.authorization(
            validForSeconds: ImageService.tokenSecondsForBodies)
        let head = try await session.http.download(
            service.http(request, authorization), into: ring
        ) { (head) throws(TranshipError) in
            try onResponse(try Self.image(head, request))
        }
        return (head, authorization)
    }

    private static func image(
        _ head: HTTPResponse, _ request: ServiceRequest
    ) throws(TranshipError) -> LegacyImage {
        guard let image = LegacyImageHeaders.image(head.headers) else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(request.asked) has no x-image-meta-id",
                hint:
                    "check that the endpoint serves Images API v1 and that proxies keep its header fields"
            )
        }
        return image
    }

    private func sendBody(
        _ request: ServiceRequest, _ ring: ByteRing, _ sizeBytes: Int64?
    ) async throws(TranshipError) -> LegacyImage {
        let authorization = try await session.authorization(
            validForSeconds: ImageService.tokenSecondsForBodies)
        let request = LegacyImageRequests.withData(request)
        // The service takes a length of 0 for no data, and the image would stay queued. A chunked
        // body without chunks is data of 0 bytes.
        let answer = try await session.http.upload(
            service.http(request, authorization), from: ring,
            sizeBytes: sizeBytes == 0 ? nil : sizeBytes)
        if answer.status == 401 { _ = await session.invalidate(authorization) }
        guard answer.status == 200 || answer.status == 201 else {
            throw service.refusal(answer, request)
        }
        let json = try JSONValue(body: answer.body, asked: request.asked)
        return try LegacyImage(json: json["image"] ?? .null)
    }
}
