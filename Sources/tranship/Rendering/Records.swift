// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// How the commands on one cloud print what it answers.
enum RecordFormat: String, CaseIterable {
    case table, json
}

/// A list as a table, or as a JSON array of the service's own records, of
/// which none is kept: a cloud may have a hundred thousand images.
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

    /// To be called once, after the last record. An empty table is no text.
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
    /// What a user may set at will, below the fields, one a line.
    var properties: [String: JSONValue] = [:]
    /// The service's own record.
    let record: [String: JSONValue]

    /// All keys in the order of the alphabet.
    init(_ record: [String: JSONValue]) {
        self.record = record
        fields = record.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// With the keys that are no fields of every record apart.
    init(_ record: [String: JSONValue], properties: [String: JSONValue]) {
        self.init(record)
        self.properties = properties
        fields.removeAll { properties[$0.name] != nil }
    }

    /// For a record that keeps its properties in a member of their own.
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

/// JSON as it is printed; keys in the order of the alphabet.
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
    /// In a table: strings as they are, truth in the words of the `openstack`
    /// client, nothing for null, JSON for the rest.
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
