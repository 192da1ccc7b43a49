// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation

/// The fields of an image's record that can still change after the image has data.
///
/// The service never changes the data or its two formats. Members, kernels and ramdisks have
/// rules of their own.
public struct RecordFields: Codable, Hashable, Sendable {
    /// Nil if the series gives the name.
    public var name: String?
    public var minDiskGiB: Int
    public var minRAMMiB: Int
    public var tags: [String]
    public var properties: [String: String]
    public var visibility: ImageVisibility
    public var isHidden: Bool
    public var isDeactivated: Bool
    public var isProtected: Bool
    /// False if the copy was never published. Then it is private in any case, and a difference in
    /// the fields that publishing sets does not mean that they were edited.
    public var wasPublished = false

    public init(_ record: PlannedRecord) {
        name = record.currentName == nil ? record.name : nil
        minDiskGiB = record.minDiskGiB
        minRAMMiB = record.minRAMMiB
        tags = Set(record.tags).sorted()
        properties = record.properties
        visibility = record.visibility
        isHidden = record.isHidden
        isDeactivated = record.isDeactivated
        isProtected = record.isProtected
    }

    /// Returns the names of the fields that have another value in `others`, as the service spells
    /// them, in alphabetical order. A property is `properties.os_distro`.
    ///
    /// - Parameter datesCount: false if names that differ only in a date, such as 2026-11-21, count
    ///   as equal: `{date}` gives another name each day.
    public func differing(from others: RecordFields, datesCount: Bool = true) -> [String] {
        var equal = others
        equal.wasPublished = wasPublished
        // The usual case is fast, because a plan compares the fields of all images.
        if equal == self { return [] }
        let mine = values
        let theirs = others.values
        return Set(mine.keys).union(theirs.keys).filter { field in
            field == "name"
                ? !Self.areOneName(mine[field], theirs[field], datesCount: datesCount)
                : mine[field] != theirs[field]
        }.sorted()
    }

    /// True if two names are equal, apart from dates if these do not count.
    public static func areOneName(_ one: String?, _ other: String?, datesCount: Bool) -> Bool {
        one == other || !datesCount && withoutDays(one) == withoutDays(other)
    }

    /// The value of each field as text, so that all fields can be compared in the same way.
    private var values: [String: String] {
        var values = [
            "min_disk": String(minDiskGiB), "min_ram": String(minRAMMiB),
            "tags": tags.joined(separator: "\n"), "visibility": visibility.rawValue,
            "os_hidden": String(isHidden), "protected": String(isProtected),
            "deactivated": String(isDeactivated),
        ]
        values["name"] = name
        for (key, value) in properties { values["properties.\(key)"] = value }
        return values
    }

    private static func withoutDays(_ name: String?) -> String? {
        name?.replacingOccurrences(
            of: "[0-9]{4}-[0-9]{2}-[0-9]{2}", with: "", options: .regularExpression)
    }
}

extension PlannedRecord {
    /// The fields that the copy should have.
    public var fields: RecordFields { RecordFields(self) }

    /// The fields that the copy should have while it is the current version of its series.
    public var currentFields: RecordFields {
        var fields = self.fields
        fields.name = shownName
        return fields
    }
}
