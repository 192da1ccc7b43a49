// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v2/images`
/// (<https://docs.openstack.org/api-ref/image/v2/#images>).
enum ImageRequests {
    static let patchMediaType = "application/openstack-images-v2.1-json-patch"

    static func path(_ id: String) -> String { "/v2/images/\(percentEncode(id))" }

    static func list(_ query: ImageQuery) -> ServiceRequest {
        ServiceRequest(.get, "/v2/images", query: query.items)
    }

    static func show(_ id: String) -> ServiceRequest {
        ServiceRequest(.get, path(id))
    }

    /// Returns the request that creates an image.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if a property has the name of a base key: one of the
    ///   two values would be lost.
    static func create(_ image: NewImage) throws(TranshipError) -> ServiceRequest {
        if let key = image.properties.keys.sorted().first(where: Image.baseKeys.contains) {
            throw TranshipError(
                .usage, "\"\(key)\" is a field of every image and cannot be an additional property",
                hint: "set the field, or give the property another name")
        }
        var request = ServiceRequest(.post, "/v2/images", json: .object(image.record))
        // With an id, the service refuses a second request (409), so it creates no second image.
        request.isRepeatable = image.id != nil
        return request
    }

    static func update(_ id: String, _ patch: [PatchOperation]) -> ServiceRequest {
        var request = ServiceRequest(
            .patch, path(id), json: .array(patch.map(\.json)), mediaType: patchMediaType)
        // The service would refuse a second `remove` of a key, and a second `/-` would append
        // again.
        request.isRepeatable = patch.allSatisfy {
            $0.kind != .remove && !$0.pointer.hasSuffix("/-")
        }
        return request
    }

    static func delete(_ id: String) -> ServiceRequest {
        ServiceRequest(.delete, path(id))
    }

    static func deactivate(_ id: String) -> ServiceRequest {
        action(id, "deactivate")
    }

    static func reactivate(_ id: String) -> ServiceRequest {
        action(id, "reactivate")
    }

    private static func action(_ id: String, _ name: String) -> ServiceRequest {
        var request = ServiceRequest(.post, "\(path(id))/actions/\(name)")
        // A second request does not change the state of the image any more.
        request.isRepeatable = true
        return request
    }
}

extension NewImage {
    /// The fields that are set, under their names in the API.
    var record: [String: JSONValue] {
        var record = properties
        func set(_ key: String, _ value: JSONValue?) {
            if let value { record[key] = value }
        }
        set("id", id.map(JSONValue.string))
        set("name", name.map(JSONValue.string))
        set("disk_format", diskFormat.map(JSONValue.string))
        set("container_format", containerFormat.map(JSONValue.string))
        set("visibility", visibility.map { .string($0.rawValue) })
        set("protected", isProtected.map(JSONValue.bool))
        set("os_hidden", isHidden.map(JSONValue.bool))
        set("owner", ownerID.map(JSONValue.string))
        set("min_ram", minRAMMiB.map { .integer(Int64($0)) })
        set("min_disk", minDiskGiB.map { .integer(Int64($0)) })
        if !tags.isEmpty { set("tags", .array(tags.map(JSONValue.string))) }
        return record.merging(untyped) { $1 }
    }
}
