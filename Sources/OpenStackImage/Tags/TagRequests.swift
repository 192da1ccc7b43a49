// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v2/images/{id}/tags/{tag}`
/// (<https://docs.openstack.org/api-ref/image/v2/#image-tags>).
enum TagRequests {
    /// Whether a tag survives in a URL. The service reads the path as Latin-1,
    /// so that "ä" becomes "Ã¤", and its router never sees a `%2F`; a JSON body
    /// carries both.
    static func fitsURL(_ tag: String) -> Bool {
        !tag.isEmpty && tag.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x2F }
    }

    static func add(_ imageID: String, _ tag: String) -> ServiceRequest {
        ServiceRequest(.put, path(imageID, tag))
    }

    static func remove(_ imageID: String, _ tag: String) -> ServiceRequest {
        ServiceRequest(.delete, path(imageID, tag))
    }

    /// All tags at once, whatever they hold.
    static func replace(_ tags: Set<String>) -> PatchOperation {
        .replace("tags", .array(tags.sorted().map(JSONValue.string)))
    }

    private static func path(_ imageID: String, _ tag: String) -> String {
        "\(ImageRequests.path(imageID))/tags/\(percentEncode(tag))"
    }
}
