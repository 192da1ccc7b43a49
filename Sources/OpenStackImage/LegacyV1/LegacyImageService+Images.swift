// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

extension LegacyImageService {
    /// Returns the images that match, with all metadata, page by page (`GET /v1/images/detail`).
    public func images(_ query: LegacyImageQuery = .init()) -> LegacyPages<LegacyImage> {
        LegacyPages(service: self, path: LegacyImageRequests.detail, query: query)
    }

    /// Returns the images that match in short form (`GET /v1/images`).
    public func summaries(
        _ query: LegacyImageQuery = .init()
    ) -> LegacyPages<LegacyImageSummary> {
        LegacyPages(service: self, path: LegacyImageRequests.list, query: query)
    }

    /// Reads the metadata of one image (`HEAD`). An admin also sees deleted images.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if the image does not exist or this project may
    ///   not see it; the service does not distinguish the two.
    public func image(_ id: String) async throws(TranshipError) -> LegacyImage {
        let request = ServiceRequest(.head, LegacyImageRequests.path(id))
        let image = try Self.image(try await service.send(request, expecting: [200]), request)
        guard image.id.lowercased() == id.lowercased() else {
            throw TranshipError(
                .invalidAnswer,
                "the service was asked for image \(id) and answered with image \(image.id)",
                hint: "look for a cache or a proxy between this machine and the service")
        }
        return image
    }

    /// Creates an image without data (`queued`), or with data that the service gets from elsewhere.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if its id was ever used, or the size differs from
    ///   that of the data at the location; ``TranshipError/Code/badRequest`` for a format, name or
    ///   id that the service does not accept, or a kind of URL that it does not read;
    ///   ``TranshipError/Code/notFound`` if there is nothing at the URL;
    ///   ``TranshipError/Code/usage`` for a value that a header field cannot contain.
    public func create(
        _ fields: LegacyImageFields, from origin: LegacyImageOrigin? = nil
    ) async throws(TranshipError) -> LegacyImage {
        try await sendForImage(try LegacyImageRequests.create(fields, from: origin))
    }

    /// Changes metadata. With an origin, fills a `queued` image.
    ///
    /// - Parameter purgingProperties: true to remove every additional property that `fields` does
    ///   not contain. The default of the service is true, here it is false.
    /// - Throws: ``TranshipError/Code/forbidden`` for a deleted image and for read-only fields;
    ///   otherwise as ``create(_:from:)`` and ``image(_:)``.
    public func update(
        _ id: String, _ fields: LegacyImageFields, from origin: LegacyImageOrigin? = nil,
        purgingProperties: Bool = false
    ) async throws(TranshipError) -> LegacyImage {
        try await sendForImage(
            try LegacyImageRequests.update(
                id, fields, from: origin, purgingProperties: purgingProperties))
    }

    /// Deletes the record and the data. The cloud never uses the id again.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a protected image and, unless
    ///   `missingIsFine`, ``TranshipError/Code/notFound``.
    public func delete(
        _ id: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await service.send(
            .init(.delete, LegacyImageRequests.path(id)),
            expecting: missingIsFine ? [200, 204, 404] : [200, 204])
    }

    private func sendForImage(_ request: ServiceRequest) async throws(TranshipError) -> LegacyImage
    {
        let json = try await service.sendForJSON(request)
        return try LegacyImage(json: json["image"] ?? .null)
    }
}

extension LegacyImageService {
    /// Finds the image with this id, or the only image with this name, like
    /// ``ImageService/find(_:)``.
    ///
    /// - Throws: ``TranshipError/Code/notFound``; ``TranshipError/Code/ambiguous`` with the ids of
    ///   all images with this name.
    public func find(_ nameOrID: String) async throws(TranshipError) -> LegacyImage {
        do throws(TranshipError) {
            let image = try await image(nameOrID)
            // Admins also see deleted images.
            if !image.isDeleted { return image }
        } catch  where error.code == .notFound {}
        // Glance 15 answers 500 to a filter by a name that is not ASCII.
        let isASCII = nameOrID.utf8.allSatisfy { $0 < 0x80 }
        // Only with this filter do admins see private images of other projects. The service ignores
        // it for other users.
        let query = LegacyImageQuery(name: isASCII ? nameOrID : nil, publicity: .any)
        let named = try await images(query).all().filter { $0.name == nameOrID }
        guard let image = named.first else {
            throw TranshipError(
                .notFound, "there is no image \"\(nameOrID)\" on cloud \"\(session.cloudName)\"")
        }
        guard named.count == 1 else { throw ImageService.ambiguity(nameOrID, named.map(\.id)) }
        return image
    }
}
