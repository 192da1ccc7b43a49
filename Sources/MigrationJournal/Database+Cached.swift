// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The methods of GRDB, with statements that a connection compiles only once: compiling a statement
/// takes several times as long as running it.
///
/// Use only a few different SQL texts. Pass values that differ from call to call as arguments; pass
/// a set as a JSON array that `json_each` takes apart.
extension Database {
    func execute(cached sql: String, arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func rows(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> [CheckedRow] {
        try Row.fetchAll(try cachedStatement(sql: sql), arguments: arguments).map(CheckedRow.init)
    }

    /// Converts each row while it is read; keeping rows is slower.
    ///
    /// - Parameter value: must not run another statement with the same text.
    func rows<Value>(
        cached sql: String, arguments: StatementArguments = StatementArguments(),
        _ value: (CheckedRow) throws -> Value
    ) throws -> [Value] {
        let rows = try Row.fetchCursor(try cachedStatement(sql: sql), arguments: arguments)
        var values: [Value] = []
        while let row = try rows.next() { values.append(try value(CheckedRow(row))) }
        return values
    }

    /// Returns the first row.
    func row(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> CheckedRow? {
        try Row.fetchOne(try cachedStatement(sql: sql), arguments: arguments).map(CheckedRow.init)
    }

    /// Returns the first column of all rows.
    func values<Value: DatabaseValueConvertible & StatementColumnConvertible>(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> [Value] {
        try Value.fetchAll(try cachedStatement(sql: sql), arguments: arguments)
    }

    /// Returns the first column of the first row; nil if there is no row, or if the column is NULL.
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> Value? {
        try Value.fetchOne(try cachedStatement(sql: sql), arguments: arguments)
    }
}

/// A row whose columns may have values of any type.
///
/// GRDB's own subscript ends the process if a column is NULL and the type is not optional, or if it
/// is text and the type is a number. Our schema allows neither, but a damaged file or one of
/// another program may have such values.
struct CheckedRow {
    private let row: Row

    init(_ row: Row) { self.row = row }

    /// - Throws: ``TranshipError/Code/journalFailed`` for a value of another type.
    subscript<Value: DatabaseValueConvertible>(column: String) -> Value {
        get throws {
            do {
                return try row.decode(forColumn: column)
            } catch {
                throw Body.damage("its column \(column) holds what no version writes")
            }
        }
    }
}
