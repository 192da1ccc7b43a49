// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The record of a new image. For nil, the service chooses the value.
public struct NewImage: Sendable, Hashable {
    /// The id, a UUID of your choice. The service refuses (409) an id that the cloud ever used,
    /// even for an image that was deleted.
    public var id: String?
    /// The name: at most 255 characters; not unique.
    public var name: String?
    /// The format of the data: `qcow2`, `raw`, …; required before data.
    public var diskFormat: String?
    /// The format around the data: `bare`, …; required before data.
    public var containerFormat: String?
    /// The visibility. The default of the service is `shared`. `public` needs an administrator.
    public var visibility: ImageVisibility?
    /// True to make the service refuse to delete the image.
    public var isProtected: Bool?
    /// True to leave the image out of lists that do not ask for hidden images.
    public var isHidden: Bool?
    /// The id of the owning project. Any project but your own needs an administrator.
    public var ownerID: String?
    /// The minimum memory to boot the image, in MiB.
    public var minRAMMiB: Int?
    /// The minimum disk to boot the image, in GiB.
    public var minDiskGiB: Int?
    /// The tags: at most 255 characters each. The service accepts 128 tags by default.
    public var tags: [String]
    /// The additional properties. The service accepts only strings, and neither base keys nor
    /// `os_glance_*`.
    public var properties: [String: JSONValue]
    /// Fields of the record by their names in the API, sent unchanged. They override all other
    /// values, except the name. The `meta` of openstacksdk.
    public var untyped: [String: JSONValue]

    /// Creates a record. For values that are nil, the service chooses.
    public init(
        id: String? = nil, name: String? = nil, diskFormat: String? = nil,
        containerFormat: String? = nil, visibility: ImageVisibility? = nil,
        isProtected: Bool? = nil, isHidden: Bool? = nil, ownerID: String? = nil,
        minRAMMiB: Int? = nil, minDiskGiB: Int? = nil, tags: [String] = [],
        properties: [String: JSONValue] = [:], untyped: [String: JSONValue] = [:]
    ) {
        self.id = id
        self.name = name
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.visibility = visibility
        self.isProtected = isProtected
        self.isHidden = isHidden
        self.ownerID = ownerID
        self.minRAMMiB = minRAMMiB
        self.minDiskGiB = minDiskGiB
        self.tags = tags
        self.properties = properties
        self.untyped = untyped
    }
}

extension NewImage {
    /// Sets fields and properties by their names in the API, as the keyword arguments of
    /// `create_image` of openstacksdk do. `min_disk`, `min_ram`, `size` and `virtual_size` become
    /// integers. `protected` (or `is_protected`), `os_hidden` and `tags` keep their types, null
    /// stays null, and all other values become text. Replaces values that are set already.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for a value that does not fit its key.
    public mutating func set(_ values: [String: JSONValue]) throws(TranshipError) {
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { try set(key, value) }
    }

    private mutating func set(_ key: String, _ value: JSONValue) throws(TranshipError) {
        switch key {
        case "id": id = value.plainText
        case "name": name = value.plainText
        case "owner": ownerID = value.plainText
        case "disk_format": diskFormat = value.plainText
        case "container_format": containerFormat = value.plainText
        case "visibility": visibility = value.plainText.map(ImageVisibility.init(rawValue:))
        case "protected", "is_protected": isProtected = try Self.flag(key, value)
        case "os_hidden", "is_hidden": isHidden = try Self.flag(key, value)
        case "tags":
            guard let list = value.array else { throw Self.wrong(key, value, "a list of texts") }
            tags = list.compactMap(\.plainText)
        case "min_disk": minDiskGiB = Int(try Self.integer(key, value))
        case "min_ram": minRAMMiB = Int(try Self.integer(key, value))
        case "size", "virtual_size":
            // Leave it to the service to refuse these, with its own message.
            untyped[key] = .integer(try Self.integer(key, value))
        default:
            properties[key] = value.plainText.map(JSONValue.string) ?? .null
        }
    }

    private static func integer(
        _ key: String, _ value: JSONValue
    ) throws(TranshipError) -> Int64 {
        guard let number = value.integer ?? value.string.flatMap({ Int64($0) }) else {
            throw wrong(key, value, "a whole number")
        }
        return number
    }

    private static func flag(_ key: String, _ value: JSONValue) throws(TranshipError) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .string("true"), .string("True"): return true
        case .string("false"), .string("False"): return false
        default: throw wrong(key, value, "true or false")
        }
    }

    private static func wrong(
        _ key: String, _ value: JSONValue, _ wanted: String
    ) -> TranshipError {
        TranshipError(
            .usage, "\(key) must be \(wanted), not \(value.plainText ?? "null")")
    }
}

extension JSONValue {
    /// The value as the text of a property; nil for null. Lists and objects become JSON.
    var plainText: String? {
        switch self {
        case .null: nil
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number, .array, .object: String(decoding: body, as: UTF8.self)
        }
    }
}
