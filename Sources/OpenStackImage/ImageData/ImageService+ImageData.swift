// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import HTTPTransport

extension ImageService {
    /// The lifetime that a token must have left when a body starts. A body may outlast its token,
    /// since the service checks the token when the request arrives. But stores that use the user's
    /// token check it again at the end.
    static let tokenSecondsForBodies = 900
    /// The speed of a slow link, for bodies that need a longer lifetime.
    private static let expectedBytesPerSecond: Int64 = 4 << 20

    /// Returns the lifetime that a token must have left for a body of this size.
    static func tokenSeconds(forBytes sizeBytes: Int64?) -> Int {
        max(tokenSecondsForBodies, Int((sizeBytes ?? 0) / expectedBytesPerSecond))
    }

    /// Sends the data of a `queued` image, which becomes `active`.
    ///
    /// Pass the size if you know it: without it, some stores are slow, and a truncated body goes
    /// unnoticed. This call does not retry, since the ring is spent: check the status of the image
    /// before you send again. After 410 and, on some stores, 401 the service has deleted the image.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for an image that is not queued,
    ///   ``TranshipError/Code/formatRejected``, ``TranshipError/Code/quotaExceeded``,
    ///   ``TranshipError/Code/gone``, ``TranshipError/Code/unauthorized`` (transient if the token
    ///   can be renewed, which the next request does), ``TranshipError/Code/forbidden`` for a 401
    ///   although the service accepts the token for other requests, and the failure of the ring.
    public func upload(
        _ id: String, from ring: ByteRing, sizeBytes: Int64?, store: String? = nil
    ) async throws(TranshipError) {
        try await sendBody(
            ImageDataRequests.upload(id, sizeBytes: sizeBytes, store: store), ring, sizeBytes)
    }

    /// Sends the data of a `queued` image to the staging area. The status becomes `uploading`, and
    /// ``importImage(_:_:)`` may follow.
    ///
    /// - Throws: as ``upload(_:from:sizeBytes:store:)``.
    public func stage(
        _ id: String, from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) {
        try await sendBody(ImageDataRequests.stage(id, sizeBytes: sizeBytes), ring, sizeBytes)
    }

    /// Reads the data into a ring, starting at an offset.
    ///
    /// Works as ``HTTPClient/download(_:into:onResponse:)``: the ring is neither finished nor
    /// failed. If the answer starts at another offset, nothing is written.
    ///
    /// - Parameters:
    ///   - sizeBytes: the size in the record, if the caller knows it. Data that is longer is cut
    ///     off there, and the call fails.
    ///   - stores: as ``DownloadOptions/preferredStores``.
    /// - Returns: the head; nil if the image has no data (204), in which case `onResponse` was not
    ///   called.
    /// - Throws: ``TranshipError/Code/sourceTruncated`` for data shorter than declared or longer
    ///   than `sizeBytes`, ``TranshipError/Code/forbidden`` for a deactivated image,
    ///   ``TranshipError/Code/badRequest`` if the store cannot start at an offset,
    ///   ``TranshipError/Code/rangeNotSatisfiable`` if the answer starts elsewhere or the image
    ///   ends before the offset.
    public func download(
        _ id: String, into ring: ByteRing, from offsetBytes: Int64 = 0, sizeBytes: Int64? = nil,
        preferring stores: [String] = [],
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void = { _ in }
    ) async throws(TranshipError) -> HTTPResponse? {
        let span: ByteSpan? = offsetBytes > 0 ? .from(offsetBytes) : nil
        var request = ImageDataRequests.download(id, span, preferring: stores)
        request.bodyBytesMax = sizeBytes.map { max(0, $0 - offsetBytes) }
        return try await download(request, span, into: ring, onResponse: onResponse)
    }

    /// Reads one of many parts of the data into a ring, over a kept connection if there is one.
    ///
    /// - Returns: the head of a 206 with exactly these bytes.
    /// - Throws: as ``download(_:into:from:sizeBytes:preferring:onResponse:)``;
    ///   ``TranshipError/Code/rangeNotSatisfiable`` also for an image without data.
    package func downloadPart(
        _ id: String, _ part: ClosedRange<Int64>, into ring: ByteRing,
        preferring stores: [String] = [],
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        let span = ByteSpan.bytes(part)
        var request = ImageDataRequests.download(id, span, preferring: stores)
        request.bodyBytesMax = Int64(part.count)
        guard try await download(request, span, into: ring, onResponse: onResponse) != nil else {
            throw TranshipError(.rangeNotSatisfiable, "image \(id) has no data")
        }
    }

    func download(
        _ request: ServiceRequest, _ span: ByteSpan?, into ring: ByteRing,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> HTTPResponse? {
        let head = try await receive(request, ring) { (head) throws(TranshipError) in
            guard head.status != 204 else { return }
            let objection = ImageDataDecoding.objection(
                to: head, asking: span, asked: request.asked)
            if let objection { throw objection.of(cloud: session.cloudName) }
            try onResponse(head)
        }
        return head.status == 204 ? nil : head
    }

    /// Receives a body. After a 401 it renews the token and sends the request once more.
    func receive(
        _ request: ServiceRequest, _ ring: ByteRing,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> HTTPResponse {
        var isSecond = false
        while true {
            let authorization = try await session.authorization(
                validForSeconds: Self.tokenSecondsForBodies)
            let head = try await session.http.download(
                try http(request, authorization), into: ring, onResponse: onResponse)
            if head.status == 401 {
                guard !isSecond, !isDenied(request, authorization.project),
                    await session.invalidate(authorization)
                else { throw unauthorized(head, request, authorization.project) }
                isSecond = true
                continue
            }
            guard head.isSuccess else { throw refusal(head, request) }
            return noting(head, request)
        }
    }

    @discardableResult
    func sendBody(
        _ request: ServiceRequest, _ ring: ByteRing, _ sizeBytes: Int64?,
        expecting statuses: Set<Int> = [204]
    ) async throws(TranshipError) -> HTTPResponse {
        let authorization = try await session.authorization(
            validForSeconds: Self.tokenSeconds(forBytes: sizeBytes))
        let answer = try await session.http.upload(
            try http(request, authorization), from: ring, sizeBytes: sizeBytes)
        if answer.status == 401 { throw await bodyRefused(answer, request, authorization) }
        guard statuses.contains(answer.status) else { throw refusal(answer, request) }
        return answer
    }
}
