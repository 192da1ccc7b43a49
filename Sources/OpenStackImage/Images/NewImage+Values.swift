// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension NewImage {
    /// Keys whose values stay numbers; text that is one becomes one.
    static let integerKeys: Set<String> = ["min_disk", "min_ram", "size", "virtual_size"]

    /// Fills in fields and properties by their names in the API, as the keyword
    /// arguments of openstacksdk's `create_image` do: `min_disk`, `min_ram`,
    /// `size` and `virtual_size` become integers, `protected` (or
    /// `is_protected`), `os_hidden` and `tags` stay what they are, null stays
    /// null, and everything else becomes text. What is set already and named
    /// here again is overwritten.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for a value that cannot be what
    ///   its key asks for.
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
            // The service's own: it refuses them in its own words.
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
    /// The value as the text of a property; nil for null. Lists and objects
    /// are JSON.
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
