// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Adds a tag of at most 255 characters; one that is there is fine.
    ///
    /// A tag that a URL does not carry (not ASCII, or with a slash) takes two
    /// requests, reading the tags and replacing them, and may undo a change
    /// that somebody else makes in between.
    public func addTag(_ imageID: String, _ tag: String) async throws(TranshipError) {
        if TagRequests.fitsURL(tag) {
            try await send(TagRequests.add(imageID, tag), expecting: [204])
            return
        }
        let tags = Set(try await image(imageID).tags)
        guard !tags.contains(tag) else { return }
        _ = try await update(imageID, [TagRequests.replace(tags.union([tag]))])
    }

    /// Removes a tag; see ``addTag(_:_:)`` for those that a URL does not carry.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for a tag that is not there,
    ///   unless `missingIsFine`.
    public func removeTag(
        _ imageID: String, _ tag: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        if TagRequests.fitsURL(tag) {
            try await send(
                TagRequests.remove(imageID, tag), expecting: missingIsFine ? [204, 404] : [204])
            return
        }
        let tags = Set(try await image(imageID).tags)
        guard tags.contains(tag) else {
            if missingIsFine { return }
            throw TranshipError(.notFound, "image \(imageID) has no tag \"\(tag)\"")
        }
        _ = try await update(imageID, [TagRequests.replace(tags.subtracting([tag]))])
    }

    /// Replaces all tags in one request.
    @discardableResult
    public func setTags(
        _ imageID: String, _ tags: Set<String>
    ) async throws(TranshipError) -> Image {
        try await update(imageID, [TagRequests.replace(tags)])
    }
}
