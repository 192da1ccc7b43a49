// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PatchOperation {
    /// The patch that makes `old` say what `new` says; empty when they agree.
    /// Base fields first, then properties by name.
    ///
    /// Tags are compared as sets. Status, sizes, hashes and times are the
    /// service's own and not looked at.
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

    /// The patch that gives the members of `record` to an image, by key; those
    /// that it has already are left out.
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
