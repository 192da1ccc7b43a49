// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// The output format of commands on one cloud.
enum RecordFormat: String, CaseIterable {
    case table, json
}

/// Prints a list as a table, or as a JSON array of the service's own records. The array is printed
/// record by record, because a cloud may have a hundred thousand images.
struct RecordList {
    private let format: RecordFormat
    private var table: Table
    private var count = 0

    init(_ format: RecordFormat, columns: [String]) {
        self.format = format
        table = Table(columns)
    }

    mutating func add(_ record: [String: JSONValue], _ cells: [String]) {
        switch format {
        case .table: table.add(cells)
        case .json:
            Terminal.put("\(count == 0 ? "[" : ",")\n\(JSONText.line(.object(record)))", end: "")
        }
        count += 1
    }

    /// Call once, after the last record. Prints nothing for an empty table.
    func end() {
        switch format {
        case .table: if !table.isEmpty { Terminal.put(table.text) }
        case .json: Terminal.put(count == 0 ? "[]" : "\n]")
        }
    }
}

/// One record, as `Field` and `Value` or as a JSON object.
struct Record {
    var fields: [(name: String, value: JSONValue)]
    /// Properties that users define, printed below the fields, one on each line.
    var properties: [String: JSONValue] = [:]
    /// The service's own record.
    let record: [String: JSONValue]

    /// Shows all keys as fields, sorted by name.
    init(_ record: [String: JSONValue]) {
        self.record = record
        fields = record.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Shows `properties` apart from the fields that every record has.
    init(_ record: [String: JSONValue], properties: [String: JSONValue]) {
        self.init(record)
        self.properties = properties
        fields.removeAll { properties[$0.name] != nil }
    }

    /// For a record that has its properties in a separate member.
    init(table: [String: JSONValue], properties: [String: JSONValue], json: [String: JSONValue]) {
        fields = table.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.properties = properties
        record = json
    }

    func put(_ format: RecordFormat) {
        guard format == .table else { return Terminal.put(JSONText.pretty(.object(record))) }
        var table = Table(["Field", "Value"])
        for (name, value) in fields { table.add([name, value.cell]) }
        for (index, property) in properties.sorted(by: { $0.key < $1.key }).enumerated() {
            table.add([
                index == 0 ? "properties" : "", "\(property.key)='\(property.value.cell)'",
            ])
        }
        Terminal.put(table.text)
    }
}

/// Formats JSON for output, with sorted keys.
enum JSONText {
    static func line(_ value: JSONValue) -> String {
        text(value, [.sortedKeys, .withoutEscapingSlashes])
    }

    static func pretty(_ value: JSONValue) -> String {
        text(value, [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted])
    }

    private static func text(
        _ value: JSONValue, _ formatting: JSONEncoder.OutputFormatting
    ) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

extension JSONValue {
    /// The value for a table: strings unchanged, `True` and `False` as the `openstack` client prints
    /// them, nothing for null, JSON for the rest.
    var cell: String {
        switch self {
        case .null: ""
        case .string(let value): value
        case .bool(let value): value ? "True" : "False"
        case .array(let values) where values.allSatisfy { $0.string != nil }:
            values.compactMap(\.string).joined(separator: ", ")
        default: JSONText.line(self)
        }
    }
}
