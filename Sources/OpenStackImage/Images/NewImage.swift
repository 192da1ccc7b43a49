// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The record of a new image. Nil leaves a value to the service.
public struct NewImage: Sendable, Hashable {
    /// A UUID of your choice. The service refuses (409) an id that the cloud ever used, also for a
    /// deleted image.
    public var id: String?
    /// At most 255 characters; not unique.
    public var name: String?
    /// The format of the data: `qcow2`, `raw`, …; required before data.
    public var diskFormat: String?
    /// The format around the data: `bare`, …; required before data.
    public var containerFormat: String?
    /// The default of the service is `shared`. `public` needs an administrator.
    public var visibility: ImageVisibility?
    /// True: the service refuses to delete it.
    public var isProtected: Bool?
    /// True: not in lists, unless they ask for hidden images.
    public var isHidden: Bool?
    /// The id of another project needs an administrator.
    public var ownerID: String?
    /// The least memory to boot it, in MiB.
    public var minRAMMiB: Int?
    /// The least disk to boot it, in GiB.
    public var minDiskGiB: Int?
    /// At most 255 characters each; the service takes 128 by default.
    public var tags: [String]
    /// Additional properties. The service takes strings only, and no base keys and no
    /// `os_glance_*`.
    public var properties: [String: JSONValue]
    /// Fields of the record by their names in the API, sent unchanged. They win over all other
    /// values, except the name. The `meta` of openstacksdk.
    public var untyped: [String: JSONValue]

    /// Leaves values that are nil to the service.
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
            // The service refuses these with a message of its own.
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
