// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import OpenStackImage

extension Table {
    /// Returns the table with only these columns, in this order. An empty list keeps all columns.
    func only(_ titles: [String]) -> Table {
        guard !titles.isEmpty else { return self }
        let places = titles.compactMap { title in
            rows[0].firstIndex { $0.isSameKey(as: title) }
        }
        guard places.count == titles.count else {
            Terminal.tell(
                "warning: -c names no column; there are \(rows[0].joined(separator: ", "))")
            return self
        }
        var table = Table(places.map { rows[0][$0] })
        for row in rows.dropFirst() { table.add(places.map { row[$0] }) }
        return table
    }

    /// Prints the table in the format of RFC 4180, with a header. Every cell is quoted.
    func putCSV() {
        for row in rows {
            Terminal.put(
                row.map { "\"\($0.withoutFormula.replacing("\"", with: "\"\""))\"" }
                    .joined(separator: ","))
        }
    }

    /// Prints the rows without a header, with cells separated by spaces: for scripts.
    func putValues() {
        for row in rows.dropFirst() { Terminal.put(row.joined(separator: " ")) }
    }
}

extension String {
    /// The text with an apostrophe before it if it begins like a formula, so that no spreadsheet
    /// computes it: anyone may give an image such a name. A number stays unchanged.
    var withoutFormula: String {
        let isFormula = first.map { "=+-@\t\r".contains($0) } ?? false
        return isFormula && Double(self) == nil ? "'\(self)" : self
    }
}

/// A record in YAML: one line for each key. Nested values are in JSON, which is also YAML.
struct YAMLRecord {
    let lines: [String]

    init(_ record: [String: JSONValue]) {
        let pairs = record.sorted { $0.key < $1.key }.map { key, value in
            "\(Self.scalar(key)): \(value.string.map(Self.scalar) ?? value.text())"
        }
        // An entry of a list needs at least one line.
        lines = pairs.isEmpty ? ["{}"] : pairs
    }

    /// Returns a YAML scalar. A string stays without quotes if YAML cannot mistake it for another
    /// type.
    private static func scalar(_ text: String) -> String {
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let isPlain =
            text.wholeMatch(of: /[A-Za-z_\/][A-Za-z0-9_.\/-]*( [A-Za-z0-9_.\/-]+)*/) != nil
            && !words.contains(text.lowercased())
        return isPlain ? text : JSONValue.string(text).text()
    }
}
