// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// An image as the v1 service in this process keeps it.
struct LegacyStoredImage {
    struct Member {
        var id: String
        var canShare: Bool
        /// True for a removed row, which stays as in Glance's database.
        var isDeleted = false
    }

    /// The fields by their names in the API, all of them always present.
    var fields: [String: JSONValue]
    /// The properties; null for one that was sent empty.
    var properties: [String: JSONValue] = [:]
    var data: [UInt8] = []
    /// The address that is read for each request for the data.
    var location: String?
    var members: [Member] = []

    var id: String { fields["id"]?.string ?? "" }
    var status: String { fields["status"]?.string ?? "" }
    var isDeleted: Bool { fields["deleted"]?.bool ?? false }

    init(id: String, now: String) {
        fields = [
            "id": .string(id), "name": .null, "status": "queued", "size": 0, "virtual_size": .null,
            "checksum": .null, "disk_format": .null, "container_format": .null, "owner": .null,
            "is_public": false, "protected": false, "deleted": false, "min_ram": 0, "min_disk": 0,
            "created_at": .string(now), "updated_at": .string(now), "deleted_at": .null,
        ]
    }

    var record: JSONValue {
        .object(fields.merging(["properties": .object(properties)]) { $1 })
    }

    var summary: JSONValue {
        let shown = ["id", "name", "size", "disk_format", "container_format", "checksum"]
        return .object(fields.filter { shown.contains($0.key) })
    }

    var headers: [(String, String)] {
        var headers: [(String, String)] = []
        for (key, value) in fields {
            if let text = Self.text(value) {
                headers.append(
                    ("X-Image-Meta-\(key.prefix(1).uppercased())\(key.dropFirst())", text))
            }
        }
        for (key, value) in properties {
            if let text = Self.text(value) {
                headers.append(("X-Image-Meta-Property-\(key.lowercased())", text))
            }
        }
        if let checksum = fields["checksum"]?.string { headers.append(("Etag", checksum)) }
        return headers
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .bool(let flag): flag ? "True" : "False"
        default: nil
        }
    }
}

/// Metadata in a request's header fields.
struct LegacyMetadata {
    var fields: [String: JSONValue] = [:]
    var properties: [String: JSONValue] = [:]
    var location: String?

    private static let known: Set<String> = [
        "location", "size", "is_public", "disk_format", "container_format", "name", "status",
        "uri", "checksum", "created_at", "updated_at", "deleted_at", "min_ram", "min_disk",
        "owner", "store", "id", "protected", "deleted", "virtual_size",
    ]
    static let diskFormats: Set<String> = [
        "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop",
    ]
    static let containerFormats: Set<String> = [
        "ami", "ari", "aki", "bare", "ovf", "ova", "docker",
    ]

    init(_ request: ReceivedRequest) throws(LegacyRefusal) {
        for (name, value) in request.headers {
            let key = String(name.lowercased().map { $0 == "-" ? "_" : $0 })
            if key.hasPrefix("x_image_meta_property_") {
                properties[String(key.dropFirst("x_image_meta_property_".count))] =
                    value.isEmpty ? .null : .string(value)
            } else if key.hasPrefix("x_image_meta_") {
                let field = String(key.dropFirst("x_image_meta_".count))
                guard Self.known.contains(field) else {
                    throw LegacyRefusal(400, "Bad header: \(name)")
                }
                try set(field, value)
            }
        }
        try check()
    }

    private mutating func set(_ field: String, _ value: String) throws(LegacyRefusal) {
        switch field {
        case "location": location = value
        case "size", "min_disk", "min_ram", "virtual_size":
            guard let number = Int64(value) else {
                throw LegacyRefusal(400, "Cannot convert image \(field) '\(value)' to an integer.")
            }
            guard number >= 0 else { throw LegacyRefusal(400, "Cannot be a negative value.") }
            fields[field] = .integer(number)
        case "is_public", "protected", "deleted":
            fields[field] = .bool(
                ["true", "yes", "1", "on", "t", "y"].contains(value.lowercased()))
        default: fields[field] = value.isEmpty ? .null : .string(value)
        }
    }

    private mutating func check() throws(LegacyRefusal) {
        let disk = fields["disk_format"]?.string
        let container = fields["container_format"]?.string
        if let disk, !Self.diskFormats.contains(disk) {
            throw LegacyRefusal(400, "Invalid disk format '\(disk)' for image.")
        }
        if let container, !Self.containerFormats.contains(container) {
            throw LegacyRefusal(400, "Invalid container format '\(container)' for image.")
        }
        if let amazon = [disk, container].compactMap(\.self).first(where: {
            ["ami", "ari", "aki"].contains($0)
        }) {
            guard disk ?? amazon == container ?? amazon else {
                throw LegacyRefusal(400, "Invalid mix of disk and container formats.")
            }
            fields["disk_format"] = .string(amazon)
            fields["container_format"] = .string(amazon)
        }
        for value in [fields["name"] ?? .null] + properties.values
        where value.string?.unicodeScalars.contains(where: { $0.value > 0xFFFF }) == true {
            throw LegacyRefusal(400, "It can't contain 4 byte unicode characters.")
        }
        if let name = fields["name"]?.string, name.unicodeScalars.count > 255 {
            throw LegacyRefusal(400, "Image name too long: \(name.unicodeScalars.count)")
        }
    }
}
