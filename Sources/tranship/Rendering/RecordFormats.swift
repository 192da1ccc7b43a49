// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import OpenStackImage

extension Table {
    /// With these columns only, in this order. Empty keeps all.
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

    /// As RFC 4180 has it, with a header. Every cell is quoted.
    func putCSV() {
        for row in rows {
            Terminal.put(
                row.map { "\"\($0.withoutFormula.replacing("\"", with: "\"\""))\"" }
                    .joined(separator: ","))
        }
    }

    /// Rows without a header, their cells separated by spaces: for scripts.
    func putValues() {
        for row in rows.dropFirst() { Terminal.put(row.joined(separator: " ")) }
    }
}

extension String {
    /// A cell that begins like a formula gets an apostrophe, so that no spreadsheet computes it: anyone
    /// may give an image such a name. A number stays.
    var withoutFormula: String {
        let isFormula = first.map { "=+-@\t\r".contains($0) } ?? false
        return isFormula && Double(self) == nil ? "'\(self)" : self
    }
}

/// A record in YAML: a line for each key, and nested values as in JSON, which is YAML as well.
struct YAMLRecord {
    let lines: [String]

    init(_ record: [String: JSONValue]) {
        let pairs = record.sorted { $0.key < $1.key }.map { key, value in
            "\(Self.scalar(key)): \(value.string.map(Self.scalar) ?? value.text())"
        }
        // An entry of a list needs a line.
        lines = pairs.isEmpty ? ["{}"] : pairs
    }

    /// A string that YAML cannot take for anything else stays without quotes.
    private static func scalar(_ text: String) -> String {
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let isPlain =
            text.wholeMatch(of: /[A-Za-z_\/][A-Za-z0-9_.\/-]*( [A-Za-z0-9_.\/-]+)*/) != nil
            && !words.contains(text.lowercased())
        return isPlain ? text : JSONValue.string(text).text()
    }
}
