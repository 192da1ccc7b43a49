// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import MigrationModel

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

    /// - Throws: ``MigrationError/Code/usage`` for a property that is a base
    ///   key: silently one of the two would have to lose.
    static func create(_ image: NewImage) throws(MigrationError) -> ServiceRequest {
        if let key = image.properties.keys.sorted().first(where: Image.baseKeys.contains) {
            throw MigrationError(
                .usage, "\"\(key)\" is a field of every image and cannot be an additional property",
                hint: "set the field, or give the property another name")
        }
        var record = image.properties
        func set(_ key: String, _ value: JSONValue?) {
            if let value { record[key] = value }
        }
        set("id", image.id.map(JSONValue.string))
        set("name", image.name.map(JSONValue.string))
        set("disk_format", image.diskFormat.map(JSONValue.string))
        set("container_format", image.containerFormat.map(JSONValue.string))
        set("visibility", image.visibility.map { .string($0.rawValue) })
        set("protected", image.isProtected.map(JSONValue.bool))
        set("os_hidden", image.isHidden.map(JSONValue.bool))
        set("owner", image.ownerID.map(JSONValue.string))
        set("min_ram", image.minRAMMiB.map { .integer(Int64($0)) })
        set("min_disk", image.minDiskGiB.map { .integer(Int64($0)) })
        if !image.tags.isEmpty { set("tags", .array(image.tags.map(JSONValue.string))) }
        return ServiceRequest(.post, "/v2/images", json: .object(record))
    }

    static func update(_ id: String, _ patch: [PatchOperation]) -> ServiceRequest {
        ServiceRequest(
            .patch, path(id), json: .array(patch.map(\.json)), mediaType: patchMediaType)
    }

    static func delete(_ id: String) -> ServiceRequest {
        ServiceRequest(.delete, path(id))
    }

    static func deactivate(_ id: String) -> ServiceRequest {
        ServiceRequest(.post, "\(path(id))/actions/deactivate")
    }

    static func reactivate(_ id: String) -> ServiceRequest {
        ServiceRequest(.post, "\(path(id))/actions/reactivate")
    }
}
