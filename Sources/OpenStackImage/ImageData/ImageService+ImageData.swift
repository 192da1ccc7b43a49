// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import HTTPTransport

extension ImageService {
    /// A body outlives its token without harm, since it is checked when the
    /// request arrives; but stores that use the user's own token ask again at
    /// the end. So much of its life should be left when a body begins.
    static let tokenSecondsForBodies = 900
    /// A slow link's, for bodies that take longer than that.
    private static let expectedBytesPerSecond: Int64 = 4 << 20

    /// What should be left of the token's life for a body of that size.
    static func tokenSeconds(forBytes sizeBytes: Int64?) -> Int {
        max(tokenSecondsForBodies, Int((sizeBytes ?? 0) / expectedBytesPerSecond))
    }

    /// Sends the data of a `queued` image, which becomes `active`.
    ///
    /// Give the size whenever it is known: without it some stores are slow and
    /// a short body goes unnoticed. Not repeated on failure, as the ring is
    /// spent: look at the image's status before doing it again. After 410 and,
    /// on some stores, 401 the service has deleted the image.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for an image that is not
    ///   queued, ``TranshipError/Code/formatRejected``,
    ///   ``TranshipError/Code/quotaExceeded``, ``TranshipError/Code/gone``,
    ///   ``TranshipError/Code/unauthorized`` (transient where the token can be
    ///   renewed, as it is for the next request), and the ring's own failure.
    public func upload(
        _ id: String, from ring: ByteRing, sizeBytes: Int64?, store: String? = nil
    ) async throws(TranshipError) {
        try await sendBody(
            ImageDataRequests.upload(id, sizeBytes: sizeBytes, store: store), ring, sizeBytes)
    }

    /// Sends the data of a `queued` image to the staging area; the status
    /// becomes `uploading` and ``importImage(_:_:)`` may follow.
    ///
    /// - Throws: as ``upload(_:from:sizeBytes:store:)``.
    public func stage(
        _ id: String, from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) {
        try await sendBody(ImageDataRequests.stage(id, sizeBytes: sizeBytes), ring, sizeBytes)
    }

    /// Reads the data into a ring, from a byte on.
    ///
    /// As ``HTTPClient/download(_:into:onResponse:)``: the ring is neither
    /// finished nor failed. Of an answer to an offset that begins elsewhere
    /// nothing is written.
    ///
    /// - Returns: the head, or nil when the image has no data (204): then
    ///   `onResponse` was not called.
    /// - Throws: ``TranshipError/Code/forbidden`` for a deactivated image,
    ///   ``TranshipError/Code/badRequest`` where the store cannot start in
    ///   the middle, ``TranshipError/Code/rangeNotSatisfiable`` where the
    ///   answer does not start there or the image ends before.
    public func download(
        _ id: String, into ring: ByteRing, from offsetBytes: Int64 = 0,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void = { _ in }
    ) async throws(TranshipError) -> HTTPResponse? {
        try await download(
            ImageDataRequests.download(id, offsetBytes > 0 ? .from(offsetBytes) : nil),
            offsetBytes > 0 ? .from(offsetBytes) : nil, into: ring, onResponse: onResponse)
    }

    func download(
        _ request: ServiceRequest, _ span: ByteSpan?, into ring: ByteRing,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> HTTPResponse? {
        var answer = try await receive(request, ring, span, onResponse)
        if answer.head.status == 401, await session.invalidate(answer.authorization) {
            answer = try await receive(request, ring, span, onResponse)
        }
        if answer.head.status == 204 { return nil }
        guard answer.head.isSuccess else { throw refusal(answer.head, request) }
        return answer.head
    }

    private func receive(
        _ request: ServiceRequest, _ ring: ByteRing, _ span: ByteSpan?,
        _ onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> (
        head: HTTPResponse, authorization: CloudSession.Authorization
    ) {
        let authorization = try await session.authorization(
            validForSeconds: Self.tokenSecondsForBodies)
        let head = try await session.http.download(http(request, authorization), into: ring) {
            (head) throws(TranshipError) in
            guard head.status != 204 else { return }
            let objection = ImageDataDecoding.objection(
                to: head, asking: span, asked: request.asked)
            if let objection { throw objection }
            try onResponse(head)
        }
        return (head, authorization)
    }

    private func sendBody(
        _ request: ServiceRequest, _ ring: ByteRing, _ sizeBytes: Int64?
    ) async throws(TranshipError) {
        let authorization = try await session.authorization(
            validForSeconds: Self.tokenSeconds(forBytes: sizeBytes))
        let answer = try await session.http.upload(
            http(request, authorization), from: ring, sizeBytes: sizeBytes)
        if answer.status == 401, await session.invalidate(authorization) {
            let refusal = unauthorized(answer, request)
            throw TranshipError(
                refusal.code, refusal.message, hint: refusal.hint, answer: refusal.answer,
                isTransient: true)
        }
        guard answer.status == 204 else { throw refusal(answer, request) }
    }
}
