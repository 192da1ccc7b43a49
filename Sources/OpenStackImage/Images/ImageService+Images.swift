// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Returns the images that match, page by page.
    public func images(_ query: ImageQuery = .init()) -> ImagePages {
        ImagePages(service: self, query: query)
    }

    /// Reads one record.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if the image does not exist or this project may
    ///   not see it; the service does not distinguish the two.
    public func image(_ id: String) async throws(TranshipError) -> Image {
        try await sendForImage(ImageRequests.show(id), id)
    }

    /// Creates a record without data (`queued`).
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if its id was ever used,
    ///   ``TranshipError/Code/forbidden`` for a visibility, owner or property that this user may
    ///   not set, ``TranshipError/Code/quotaExceeded``.
    public func create(_ image: NewImage) async throws(TranshipError) -> Image {
        try await sendForImage(try ImageRequests.create(image), image.id)
    }

    /// Changes a record: all operations or none.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if an operation replaces or removes a missing key,
    ///   ``TranshipError/Code/forbidden`` for a read-only or protected field.
    public func update(
        _ id: String, _ patch: [PatchOperation]
    ) async throws(TranshipError) -> Image {
        // The service answers 400 to an empty patch.
        guard !patch.isEmpty else { return try await image(id) }
        return try await sendForImage(ImageRequests.update(id, patch), id)
    }

    /// Applies the changes between two versions of a record.
    public func update(
        from original: Image, to changed: Image
    ) async throws(TranshipError) -> Image {
        try await update(original.id, PatchOperation.changes(from: original, to: changed))
    }

    /// Deletes the record and the data. The cloud never uses the id again.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a protected image,
    ///   ``TranshipError/Code/conflict`` for an image in use and, unless `missingIsFine`,
    ///   ``TranshipError/Code/notFound``.
    public func delete(_ id: String, missingIsFine: Bool = false) async throws(TranshipError) {
        try await send(
            ImageRequests.delete(id), expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Allows only admins to read the data, until ``reactivate(_:)``. May be repeated. The service
    /// refuses an image without data (403).
    public func deactivate(_ id: String) async throws(TranshipError) {
        try await send(ImageRequests.deactivate(id), expecting: [204])
    }

    /// Allows users to read the data again. May be repeated.
    public func reactivate(_ id: String) async throws(TranshipError) {
        try await send(ImageRequests.reactivate(id), expecting: [204])
    }
}

extension ImageService {
    /// Sends a request whose answer is an image record.
    ///
    /// - Parameter id: the id of the requested image; nil if the service chooses it.
    private func sendForImage(
        _ request: ServiceRequest, _ id: String?
    ) async throws(TranshipError) -> Image {
        let image: Image = try await sendForRecord(request)
        if let id { try image.expect(id) }
        return image
    }
}

extension Image {
    /// Refuses the record of another image: a broken cache or proxy must not make us change, delete
    /// or trust the wrong one.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    func expect(_ asked: String) throws(TranshipError) {
        // Some databases find ids in capital letters, too.
        guard id.lowercased() != asked.lowercased() else { return }
        throw TranshipError(
            .invalidAnswer,
            "the service was asked for image \(asked) and answered with image \(id)",
            hint: "look for a cache or a proxy between this machine and the service")
    }
}

extension ImageService {
    /// Returns the digests that this cloud reports for new images, strongest first.
    ///
    /// No call returns `os_hash_algo`, a setting of the cloud, so this looks at the newest active
    /// image. Empty if there is none. The default of the service is sha512 and md5.
    public func reportedAlgorithms() async throws(TranshipError) -> [Checksum.Algorithm] {
        var query = ImageQuery()
        // Newest first is the default order; `sort` came with API 2.3.
        query.status = [.active]
        query.pageLimit = 1
        var pages = images(query).makeAsyncIterator()
        let newest = try await pages.next()?.first
        return newest?.checksums.map(\.algorithm) ?? []
    }
}
