// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// Aligns text in columns, each as wide as its longest cell.
struct Table {
    /// The maximum number of characters in a cell; longer cells are cut, because each row gets the
    /// width of the widest one. Names in the Image service have at most 255 characters.
    static let cellCharactersMax = 255
    /// The maximum for the last column, which is not padded.
    static let lastCellCharactersMax = 10_000

    /// The rows; the first one is the header.
    private(set) var rows: [[String]] = []

    init(_ header: [String]) {
        rows = [header]
    }

    /// Adds a row. Its cells are cut, and their control characters shown, before they are measured.
    mutating func add(_ row: [String]) {
        rows.append(
            row.enumerated().map { column, cell in
                let isLast = column == row.count - 1
                let most = isLast ? Self.lastCellCharactersMax : Self.cellCharactersMax
                return cell.cut(to: most).withControlsShown.cut(to: most)
            })
    }

    /// Prints the table, or nothing if it has no rows.
    func put() {
        guard rows.count > 1 else { return }
        let fitted = Terminal.outputIsTerminal ? lines(toColumns: Terminal.columns - 1) : lines
        for line in fitted { Terminal.put(line) }
    }

    private var widths: [Int] {
        rows[0].indices.map { column in rows.map { $0[column].columnCount }.max() ?? 0 }
    }

    /// Returns the lines for a terminal. If the last column is too wide, its cells are broken
    /// between words. If the other columns are too wide, each row takes several lines, and so does
    /// the header. So no id is cut, and every column keeps its place.
    func lines(toColumns columns: Int) -> [String] {
        let widths = widths
        let lastPlace = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        guard lastPlace + (widths.last ?? 0) > columns else { return lines }
        let isLong = (widths.last ?? 0) > columns / 2
        if columns - lastPlace >= 24, isLong {
            return lines.flatMap { $0.wrapped(toColumns: columns, indent: lastPlace) }
        }
        var groups: [[Int]] = [[]]
        var place = 0
        for (column, width) in widths.enumerated() {
            if place > 0, place + width > columns {
                groups.append([])
                place = 2
            }
            groups[groups.count - 1].append(column)
            place += width + 2
        }
        let parts = groups.map { group in
            var part = Table([])
            part.rows = rows.map { row in group.map { row[$0] } }
            return part.lines
        }
        return rows.indices.flatMap { row in
            parts.enumerated().flatMap { index, lines -> [String] in
                let line = (index == 0 ? "" : "  ") + lines[row]
                return line.allSatisfy { $0 == " " }
                    ? [] : line.wrapped(toColumns: columns, indent: 4)
            }
        }
    }

    var lines: [String] {
        let widths = widths
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if row[(column + 1)...].contains(where: { !$0.isEmpty }) {
                    line += String(repeating: " ", count: widths[column] - cell.columnCount + 2)
                }
            }
            return line
        }
    }
}
