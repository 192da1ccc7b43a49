// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One change of a record. The Image service knows only `add`, `replace` and `remove` of RFC 6902.
///
/// `add` accepts a key that exists. For a missing key, the service refuses `replace` and `remove`,
/// and with them the whole patch (409).
public struct PatchOperation: Sendable, Hashable {
    /// The operations that the Image service knows.
    public enum Kind: String, Sendable {
        case add, replace, remove
    }

    /// The operation at ``pointer``.
    public var kind: Kind
    /// The place in the record (RFC 6901): `/name`, with `~1` for a slash in a key.
    public var pointer: String
    /// The new value; nil for `remove` only.
    public var value: JSONValue?

    /// Creates an operation on a complete pointer, such as `/locations/-`.
    public init(_ kind: Kind, pointer: String, value: JSONValue? = nil) {
        self.kind = kind
        self.pointer = pointer
        self.value = value
    }

    /// Sets a key that may or may not exist.
    public static func add(_ key: String, _ value: JSONValue) -> Self {
        Self(.add, pointer: pointer(key), value: value)
    }

    /// Sets a key that exists.
    public static func replace(_ key: String, _ value: JSONValue) -> Self {
        Self(.replace, pointer: pointer(key), value: value)
    }

    /// Removes a property. Base keys cannot be removed (403).
    public static func remove(_ key: String) -> Self {
        Self(.remove, pointer: pointer(key))
    }

    static func pointer(_ key: String) -> String {
        var pointer = "/"
        for character in key {
            switch character {
            case "~": pointer += "~0"
            case "/": pointer += "~1"
            default: pointer.append(character)
            }
        }
        return pointer
    }

    var json: JSONValue {
        var members: [String: JSONValue] = ["op": .string(kind.rawValue), "path": .string(pointer)]
        if kind != .remove { members["value"] = value ?? .null }
        return .object(members)
    }
}

extension PatchOperation {
    /// Returns the patch from `old` to `new`; empty if they agree. Base fields come first, then
    /// properties by name.
    ///
    /// Compares tags as sets. Ignores status, sizes, hashes and times, which only the service sets.
    public static func changes(from old: Image, to new: Image) -> [PatchOperation] {
        var operations: [PatchOperation] = []
        func set(_ key: String, _ before: JSONValue, _ after: JSONValue) {
            guard before != after else { return }
            operations.append(
                old.record[key] == nil ? .add(key, after) : .replace(key, after))
        }
        func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
        set("name", text(old.name), text(new.name))
        set("disk_format", text(old.diskFormat), text(new.diskFormat))
        set("container_format", text(old.containerFormat), text(new.containerFormat))
        set("min_disk", .integer(Int64(old.minDiskGiB)), .integer(Int64(new.minDiskGiB)))
        set("min_ram", .integer(Int64(old.minRAMMiB)), .integer(Int64(new.minRAMMiB)))
        set("tags", tags(old), tags(new))
        set("owner", text(old.ownerID), text(new.ownerID))
        set("os_hidden", .bool(old.isHidden), .bool(new.isHidden))
        set("protected", .bool(old.isProtected), .bool(new.isProtected))
        set(
            "visibility", .string(old.visibility.rawValue), .string(new.visibility.rawValue))
        return operations + propertyChanges(from: old.properties, to: new.properties)
    }

    /// Returns the patch that sets these fields of an image. Leaves out fields that already have
    /// their value.
    static func setting(_ record: [String: JSONValue], in image: Image) -> [PatchOperation] {
        record.sorted { $0.key < $1.key }.compactMap { key, value in
            guard let before = image.record[key] else { return .add(key, value) }
            return before == value ? nil : .replace(key, value)
        }
    }

    private static func propertyChanges(
        from old: [String: JSONValue], to new: [String: JSONValue]
    ) -> [PatchOperation] {
        Set(old.keys).union(new.keys).sorted().compactMap { key in
            switch (old[key], new[key]) {
            case (.some, nil): .remove(key)
            case (nil, let value?): .add(key, value)
            case (let before?, let after?): before == after ? nil : .replace(key, after)
            case (nil, nil): nil
            }
        }
    }

    private static func tags(_ image: Image) -> JSONValue {
        .array(Set(image.tags).sorted().map(JSONValue.string))
    }
}

extension PatchOperation {
    /// Reads a JSON patch (RFC 6902).
    ///
    /// - Throws: ``TranshipError/Code/usage`` for invalid patches, and for operations that the
    ///   Image service does not know (`move`, `copy`, `test`).
    public static func list(_ text: String) throws(TranshipError) -> [PatchOperation] {
        func refuse(_ what: String) -> TranshipError {
            TranshipError(
                .usage, "the patch \(what)",
                hint: #"write it as [{"op": "replace", "path": "/name", "value": "new"}]"#)
        }
        guard let json = try? JSONValue(body: Array(text.utf8), asked: "a patch"),
            let entries = json.array
        else { throw refuse("is not a JSON array") }
        var operations: [PatchOperation] = []
        for (index, entry) in entries.enumerated() {
            let op = entry["op"]?.string ?? ""
            guard let kind = Kind(rawValue: op) else {
                throw refuse(
                    "has the unknown operation \"\(op)\" at number \(index + 1); use add, replace, remove"
                )
            }
            guard let path = entry["path"]?.string, path.hasPrefix("/") else {
                throw refuse("has no path that starts with a slash at number \(index + 1)")
            }
            guard kind == .remove || entry["value"] != nil else {
                throw refuse("has no value at number \(index + 1)")
            }
            operations.append(.init(kind, pointer: path, value: entry["value"]))
        }
        return operations
    }
}
