// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

extension LegacyImageService {
    /// The images that match, with all their metadata, page by page
    /// (`GET /v1/images/detail`).
    public func images(_ query: LegacyImageQuery = .init()) -> LegacyPages<LegacyImage> {
        LegacyPages(service: self, path: LegacyImageRequests.detail, query: query)
    }

    /// The same in short (`GET /v1/images`).
    public func summaries(
        _ query: LegacyImageQuery = .init()
    ) -> LegacyPages<LegacyImageSummary> {
        LegacyPages(service: self, path: LegacyImageRequests.list, query: query)
    }

    /// The metadata of one image (`HEAD`).
    ///
    /// An administrator is shown deleted images as well.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` when there is none, or none
    ///   that this project may see: the service does not tell which.
    public func image(_ id: String) async throws(TranshipError) -> LegacyImage {
        let request = LegacyImageRequests.show(id)
        let answer = try await service.send(request, expecting: [200])
        guard let image = LegacyImageHeaders.image(answer.headers) else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(request.asked) has no x-image-meta-id",
                hint: "does Images API v1 answer there, and do proxies let its header fields pass?")
        }
        return image
    }

    /// Creates an image: without data (`queued`), or with data that the
    /// service finds elsewhere.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` when its id was ever used, or
    ///   the size is not that of a location's data;
    ///   ``TranshipError/Code/badRequest`` for a format, name or id that the
    ///   service does not take, or a URL of a kind that it does not read;
    ///   ``TranshipError/Code/notFound`` when the URL leads nowhere;
    ///   ``TranshipError/Code/usage`` for what a header field cannot hold.
    public func create(
        _ fields: LegacyImageFields, from origin: LegacyImageOrigin? = nil
    ) async throws(TranshipError) -> LegacyImage {
        try await sendForImage(try LegacyImageRequests.create(fields, from: origin))
    }

    /// Changes metadata; with an origin, gives a `queued` image its data.
    ///
    /// - Parameter purgingProperties: removes every additional property that
    ///   `fields` does not name. The service's own default is true, ours is not.
    /// - Throws: ``TranshipError/Code/forbidden`` for a deleted image and for
    ///   fields that may not change; else as
    ///   ``create(_:from:)`` and ``image(_:)``.
    public func update(
        _ id: String, _ fields: LegacyImageFields, from origin: LegacyImageOrigin? = nil,
        purgingProperties: Bool = false
    ) async throws(TranshipError) -> LegacyImage {
        try await sendForImage(
            try LegacyImageRequests.update(
                id, fields, from: origin, purgingProperties: purgingProperties))
    }

    /// Deletes record and data. The id can never be used again on this cloud.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a protected image and,
    ///   unless `missingIsFine`, ``TranshipError/Code/notFound``.
    public func delete(
        _ id: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await service.send(
            LegacyImageRequests.delete(id),
            expecting: missingIsFine ? [200, 204, 404] : [200, 204])
    }

    private func sendForImage(_ request: ServiceRequest) async throws(TranshipError) -> LegacyImage
    {
        let json = try await service.sendForJSON(request)
        return try LegacyImage(json: json["image"] ?? .null)
    }
}
