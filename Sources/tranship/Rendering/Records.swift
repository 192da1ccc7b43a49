// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import OpenStackImage

/// The output format of commands on one cloud.
enum RecordFormat: String, CaseIterable {
    case table, json

    /// Prints the service's own JSON or a table of it.
    func put(_ value: JSONValue, table: () -> Table) {
        switch self {
        case .table: table().put()
        case .json: Terminal.putJSON(value.text(.prettyPrinted))
        }
    }
}

/// Prints a list as a table, or as a JSON array of the service's own records. The array is printed
/// record by record, because a cloud may have a hundred thousand images.
struct RecordList {
    /// The title of a column, and the key of the records that it shows.
    typealias Column = (title: String, key: String)

    private let format: RecordFormat
    private let keys: [String]
    private let showsURLs: Bool
    private var table: Table
    private var count = 0

    /// - Parameter showsURLs: false hides credentials and signatures in URLs.
    init(_ format: RecordFormat, _ columns: [Column], showsURLs: Bool = false) {
        self.format = format
        self.showsURLs = showsURLs
        keys = columns.map(\.key)
        table = Table(columns.map(\.title))
    }

    /// - Parameter cells: values that the table shows in place of those of the record.
    mutating func add(_ given: [String: JSONValue], cells: [String: JSONValue] = [:]) {
        let record = showsURLs ? given : given.withURLsShown
        switch format {
        case .table: table.add(keys.map { (cells[$0] ?? record[$0])?.cell ?? "" })
        case .json:
            Terminal.putJSON(
                "\(count == 0 ? "[" : ",")\n\(JSONValue.object(record).text())", end: "")
        }
        count += 1
    }

    /// Call once, after the last record.
    func end() {
        switch format {
        case .table: table.put()
        case .json: Terminal.putJSON(count == 0 ? "[]" : "\n]")
        }
    }
}

/// One record, as `Field` and `Value` or as a JSON object.
struct Record {
    /// The service's own record.
    let record: [String: JSONValue]
    /// The part of it that the table shows, one key on each line.
    let fields: [String: JSONValue]
    /// Properties that users define. The table shows them below the fields.
    let properties: [String: JSONValue]

    /// - Parameter showsURLs: false hides credentials and signatures in URLs.
    func put(_ format: RecordFormat, showsURLs: Bool = false) {
        guard showsURLs else {
            return Record(
                record: record.withURLsShown, fields: fields.withURLsShown,
                properties: properties.withURLsShown
            ).put(format, showsURLs: true)
        }
        format.put(.object(record)) {
            var table = Table(["Field", "Value"])
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                table.add([name, value.cell])
            }
            for (index, property) in properties.sorted(by: { $0.key < $1.key }).enumerated() {
                table.add([
                    index == 0 ? "properties" : "", "\(property.key)='\(property.value.cell)'",
                ])
            }
            return table
        }
    }
}

extension Record {
    /// A record without properties.
    init(_ record: [String: JSONValue]) {
        self.init(record: record, fields: record, properties: [:])
    }
}

extension ServiceRecord {
    func put(_ format: RecordFormat, showsURLs: Bool = false) {
        Record(record).put(format, showsURLs: showsURLs)
    }
}

extension JSONValue {
    /// The value as JSON with sorted keys, on one line by default.
    func text(_ formatting: JSONEncoder.OutputFormatting = []) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        guard let data = try? encoder.encode(self) else { return "null" }
        return String(decoding: data, as: UTF8.self).withControlsEscapedAsJSON
    }

    /// The value for a table: strings unchanged, `True` and `False` as the `openstack` client prints
    /// them, nothing for null, JSON for the rest.
    var cell: String {
        switch self {
        case .null: ""
        case .string(let value): value
        case .bool(let value): value ? "True" : "False"
        case .array(let values) where values.allSatisfy { $0.string != nil }:
            values.compactMap(\.string).joined(separator: ", ")
        default: text()
        }
    }
}
