// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// Aligns text in columns, each as wide as its longest cell.
struct Table {
    /// Longer cells are cut: each row gets the width of the widest one. Names in the Image service
    /// have at most 255 characters.
    static let cellCharactersMax = 255
    /// The same for the last column, which is not filled up.
    static let lastCellCharactersMax = 10_000

    /// The header comes first.
    private(set) var rows: [[String]] = []

    init(_ header: [String]) {
        rows = [header]
    }

    /// Adds a row. Its cells are cut and shown before they are measured.
    mutating func add(_ row: [String]) {
        rows.append(
            row.enumerated().map { column, cell in
                let isLast = column == row.count - 1
                let most = isLast ? Self.lastCellCharactersMax : Self.cellCharactersMax
                return cell.cut(to: most).withControlsShown.cut(to: most)
            })
    }

    /// Prints the table, or nothing if it has no rows.
    func put() { if rows.count > 1 { for line in lines { Terminal.put(line) } } }

    var lines: [String] {
        let widths = rows[0].indices.map { column in
            rows.map { $0[column].columnCount }.max() ?? 0
        }
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
