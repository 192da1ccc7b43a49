// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

extension ImageService {
    /// Adds a tag of at most 255 characters. A tag that the image already has is accepted.
    ///
    /// A tag that does not fit into a URL (not ASCII, or with a slash) takes two requests: one
    /// reads the tags, one replaces them. This can undo a change that another client makes in
    /// between.
    public func addTag(_ imageID: String, _ tag: String) async throws(TranshipError) {
        if TagRequests.fitsURL(tag) {
            try await send(.init(.put, TagRequests.path(imageID, tag)), expecting: [204])
            return
        }
        let tags = Set(try await image(imageID).tags)
        guard !tags.contains(tag) else { return }
        _ = try await update(imageID, [TagRequests.replace(tags.union([tag]))])
    }

    /// Removes a tag. See ``addTag(_:_:)`` for tags that do not fit into a URL.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for a tag that the image does not have, unless
    ///   `missingIsFine`.
    public func removeTag(
        _ imageID: String, _ tag: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        if TagRequests.fitsURL(tag) {
            return try await sendDelete(
                TagRequests.path(imageID, tag), missingIsFine: missingIsFine)
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

/// Requests on `/v2/images/{id}/tags/{tag}`
/// (<https://docs.openstack.org/api-ref/image/v2/#image-tags>).
enum TagRequests {
    /// True if a tag fits into a URL. The service reads the path as Latin-1, which turns "ä" into
    /// "Ã¤", and its router does not recognise `%2F`. In a path, `..` leads to the part above. A
    /// JSON body has none of these problems.
    static func fitsURL(_ tag: String) -> Bool {
        !tag.isEmpty && !tag.isDots
            && tag.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x2F }
    }

    /// Replaces all tags. Works for every tag.
    static func replace(_ tags: Set<String>) -> PatchOperation {
        .replace("tags", .array(tags.sorted().map(JSONValue.string)))
    }

    static func path(_ imageID: String, _ tag: String) -> String {
        "\(ImageRequests.path(imageID))/tags/\(percentEncode(tag))"
    }
}
