// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import OpenStackImage

/// The output format of commands for one cloud, and the columns to show.
struct RecordFormat {
    enum Kind: String, CaseIterable {
        case table, json, yaml, csv, value
    }

    let kind: Kind
    /// Titles of columns or keys of records, from `-c`. If empty, the command chooses the columns.
    let columns: [String]

    init(_ kind: Kind, columns: [String] = []) {
        self.kind = kind
        self.columns = columns
    }

    /// Prints the service's own record, or a table of it.
    func put(_ value: JSONValue, table: () -> Table) {
        switch kind {
        case .table: table().only(columns).put()
        case .csv: table().only(columns).putCSV()
        case .value: table().only(columns).putValues()
        case .json: Terminal.putJSON(value.text(.prettyPrinted))
        case .yaml: Terminal.putJSON(YAMLRecord(value.object ?? [:]).lines.joined(separator: "\n"))
        }
    }
}

/// Prints a list of records: as rows with columns, or as records of the service. JSON and YAML are
/// printed record by record, because a cloud may have a hundred thousand images.
struct RecordList {
    /// The title of a column, and the key of the records whose value it shows.
    typealias Column = (title: String, key: String)

    private let format: RecordFormat
    private let columns: [Column]
    private let showsURLs: Bool
    private let knownTitles: String
    private var table: Table
    private var count = 0
    /// Keys that `-c` names and that no record has had so far.
    private var unknown: Set<String>

    /// - Parameters:
    ///   - more: columns that `-c` may name in addition to the shown ones.
    ///   - showsURLs: false to hide credentials and signatures in URLs.
    init(
        _ format: RecordFormat, _ columns: [Column], more: [Column] = [], showsURLs: Bool = false
    ) {
        self.format = format
        self.showsURLs = showsURLs
        var titles: [String] = []
        for column in columns + more where !titles.contains(column.title) {
            titles.append(column.title)
        }
        knownTitles = titles.joined(separator: ", ")
        let known = columns + more
        self.columns =
            format.columns.isEmpty
            ? columns
            : format.columns.map { name in
                known.first { $0.title.isSameKey(as: name) || $0.key.isSameKey(as: name) }
                    ?? (name, name)
            }
        let keys = self.columns.map(\.key)
        unknown = Set(keys).subtracting(known.map(\.key))
        table = Table(self.columns.map(\.title))
    }

    /// - Parameter cells: values that the table shows in place of the record's values.
    mutating func add(_ given: [String: JSONValue], cells: [String: JSONValue] = [:]) {
        let record = showsURLs ? given : given.withURLsShown
        if !unknown.isEmpty { unknown.subtract(record.keys) }
        switch format.kind {
        case .table, .csv, .value:
            table.add(columns.map { (cells[$0.key] ?? record[$0.key])?.cell ?? "" })
        case .json:
            Terminal.putJSON(
                "\(count == 0 ? "[" : ",")\n\(JSONValue.object(chosen(record)).text())", end: "")
        case .yaml:
            let lines = YAMLRecord(chosen(record)).lines
            for (index, line) in lines.enumerated() {
                Terminal.putJSON((index == 0 ? "- " : "  ") + line)
            }
        }
        count += 1
    }

    private func chosen(_ record: [String: JSONValue]) -> [String: JSONValue] {
        guard !format.columns.isEmpty else { return record }
        let keys = Set(columns.map(\.key))
        return record.filter { keys.contains($0.key) }
    }

    /// Call once, after the last record.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if no record has any key of `-c`.
    func end() throws(TranshipError) {
        if count > 0, !unknown.isEmpty, unknown.count == columns.count {
            if format.kind == .json { Terminal.putJSON("\n]") }
            throw unknownColumns
        }
        switch format.kind {
        case .table: table.put()
        case .csv: table.putCSV()
        case .value: table.putValues()
        case .json: Terminal.putJSON(count == 0 ? "[]" : "\n]")
        case .yaml: if count == 0 { Terminal.putJSON("[]") }
        }
        guard count > 0 else { return }
        for key in unknown.sorted() {
            Terminal.tell("warning: -c \(key): no record has it; there are \(knownTitles)")
        }
    }

    private var unknownColumns: TranshipError {
        TranshipError(
            .usage, "-c \(unknown.sorted().joined(separator: ", ")): no record has it",
            hint: "name a column (\(knownTitles)), or a key that -f json shows")
    }
}

/// One record, printed as `Field` and `Value` or as a record of the service.
struct Record {
    /// The service's own record.
    let record: [String: JSONValue]
    /// The part of the record that the table shows, one key on each line.
    let fields: [String: JSONValue]
    /// Properties that users define. The table shows them below the fields.
    let properties: [String: JSONValue]

    /// - Parameter showsURLs: false to hide credentials and signatures in URLs.
    func put(_ format: RecordFormat, showsURLs: Bool = false) {
        guard showsURLs else {
            return Record(
                record: record.withURLsShown, fields: fields.withURLsShown,
                properties: properties.withURLsShown
            ).put(format, showsURLs: true)
        }
        let chosen = chosen(format)
        switch format.kind {
        case .csv, .value:
            // In CSV, a record is one row; as values, it has one line for each value.
            let rows = chosen.rows
            if format.kind == .csv {
                var table = Table(rows.map(\.name))
                table.add(rows.map(\.value))
                return table.putCSV()
            }
            for row in rows { Terminal.put(row.value) }
        case .table: chosen.table.put()
        case .json, .yaml: format.put(.object(chosen.record)) { chosen.table }
        }
    }

    /// Returns the parts that `-c` names, in that order in tables.
    private func chosen(_ format: RecordFormat) -> ChosenRecord {
        guard !format.columns.isEmpty else {
            var rows = fields.sorted { $0.key < $1.key }.map {
                (name: $0.key, value: $0.value.cell)
            }
            for (index, property) in properties.sorted(by: { $0.key < $1.key }).enumerated() {
                let name = index == 0 || format.kind == .csv ? "properties" : ""
                rows.append((name, "\(property.key)='\(property.value.cell)'"))
            }
            return ChosenRecord(record: record, rows: rows)
        }
        var chosen: [String: JSONValue] = [:]
        var rows: [(name: String, value: String)] = []
        for name in format.columns {
            if name.isSameKey(as: "properties"), record["properties"] == nil {
                chosen.merge(properties) { $1 }
                let pairs = properties.sorted { $0.key < $1.key }
                rows.append(
                    (
                        "properties",
                        pairs.map { "\($0.key)='\($0.value.cell)'" }.joined(separator: ", ")
                    ))
                continue
            }
            guard let (key, value) = record.first(where: { $0.key.isSameKey(as: name) }) else {
                Terminal.tell("warning: -c \(name): the record has no such key")
                continue
            }
            chosen[key] = value
            rows.append((key, value.cell))
        }
        return ChosenRecord(record: chosen, rows: rows)
    }

    private struct ChosenRecord {
        let record: [String: JSONValue]
        let rows: [(name: String, value: String)]

        var table: Table {
            var table = Table(["Field", "Value"])
            for row in rows { table.add([row.name, row.value]) }
            return table
        }
    }
}

extension String {
    /// True if both are the same key: `Disk Format` equals `disk_format`.
    func isSameKey(as other: String) -> Bool {
        func plain(_ text: String) -> String {
            String(text.lowercased().map { " -".contains($0) ? "_" : $0 })
        }
        return plain(self) == plain(other)
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

    /// The value for a table: strings unchanged, `True` and `False` as in the `openstack` client,
    /// empty for null, JSON for all others.
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
