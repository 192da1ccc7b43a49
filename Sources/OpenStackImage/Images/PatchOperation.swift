// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One change of a record: RFC 6902, of which the Image service knows `add`,
/// `replace` and `remove`.
///
/// `add` over a key that exists is fine; `replace` and `remove` of one that
/// does not exist are refused with 409, and the whole patch with them.
public struct PatchOperation: Sendable, Hashable {
    /// The operations that the Image service knows.
    public enum Kind: String, Sendable {
        case add, replace, remove
    }

    /// What is done at ``pointer``.
    public var kind: Kind
    /// RFC 6901: `/name`, with `~1` for a slash within a key.
    public var pointer: String
    /// Nil for `remove` only.
    public var value: JSONValue?

    /// With a pointer that is already written, such as `/locations/-`.
    public init(_ kind: Kind, pointer: String, value: JSONValue? = nil) {
        self.kind = kind
        self.pointer = pointer
        self.value = value
    }

    /// Sets a key, whether it is there or not.
    public static func add(_ key: String, _ value: JSONValue) -> Self {
        Self(.add, pointer: pointer(key), value: value)
    }

    /// Sets a key that is there.
    public static func replace(_ key: String, _ value: JSONValue) -> Self {
        Self(.replace, pointer: pointer(key), value: value)
    }

    /// Removes a property; base keys cannot be (403).
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
