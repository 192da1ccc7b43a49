// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The images that match, page by page.
    public func images(_ query: ImageQuery = .init()) -> ImagePages {
        ImagePages(service: self, query: query)
    }

    /// One record.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` when there is none, or none
    ///   that this project may see: the service does not tell which.
    public func image(_ id: String) async throws(TranshipError) -> Image {
        try Image(json: try await sendForJSON(ImageRequests.show(id)))
    }

    /// Creates a record without data (`queued`).
    ///
    /// - Throws: ``TranshipError/Code/conflict`` when its id was ever used,
    ///   ``TranshipError/Code/forbidden`` for a visibility, owner or property
    ///   that this user may not set, ``TranshipError/Code/quotaExceeded``.
    public func create(_ image: NewImage) async throws(TranshipError) -> Image {
        try Image(json: try await sendForJSON(try ImageRequests.create(image)))
    }

    /// Changes a record: all operations or none.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` when one replaces or removes
    ///   what is not there, ``TranshipError/Code/forbidden`` for a field that
    ///   is the service's own or protected.
    public func update(
        _ id: String, _ patch: [PatchOperation]
    ) async throws(TranshipError) -> Image {
        // The service answers 400 to an empty patch.
        guard !patch.isEmpty else { return try await image(id) }
        return try Image(json: try await sendForJSON(ImageRequests.update(id, patch)))
    }

    /// Makes the record say what `changed` says, given that it said `original`.
    public func update(
        from original: Image, to changed: Image
    ) async throws(TranshipError) -> Image {
        try await update(original.id, PatchOperation.changes(from: original, to: changed))
    }

    /// Deletes record and data. The id can never be used again on this cloud.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a protected image,
    ///   ``TranshipError/Code/conflict`` for one that is in use, and, unless
    ///   `missingIsFine`, ``TranshipError/Code/notFound``.
    public func delete(_ id: String, missingIsFine: Bool = false) async throws(TranshipError) {
        try await send(
            ImageRequests.delete(id), expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Withholds the data from everybody but admins, until ``reactivate(_:)``.
    /// Repeating it is fine; an image without data is refused (403).
    public func deactivate(_ id: String) async throws(TranshipError) {
        try await send(ImageRequests.deactivate(id), expecting: [204])
    }

    /// Lets the data be read again; repeating it is fine.
    public func reactivate(_ id: String) async throws(TranshipError) {
        try await send(ImageRequests.reactivate(id), expecting: [204])
    }
}
