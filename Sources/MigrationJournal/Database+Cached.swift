// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The same as GRDB's own, with statements that a connection compiles once:
/// compiling one takes several times as long as running it.
///
/// The text must be one of a few. What differs from call to call is an argument;
/// a set is one as well, as a JSON array that `json_each` takes apart.
extension Database {
    func execute(cached sql: String, arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func rows(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> [CheckedRow] {
        try Row.fetchAll(try cachedStatement(sql: sql), arguments: arguments).map(CheckedRow.init)
    }

    /// Converts each row while reading it; kept rows are slower.
    ///
    /// - Parameter value: sends no other statement of the same text.
    func rows<Value>(
        cached sql: String, arguments: StatementArguments = StatementArguments(),
        _ value: (CheckedRow) throws -> Value
    ) throws -> [Value] {
        let rows = try Row.fetchCursor(try cachedStatement(sql: sql), arguments: arguments)
        var values: [Value] = []
        while let row = try rows.next() { values.append(try value(CheckedRow(row))) }
        return values
    }

    /// The first row.
    func row(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> CheckedRow? {
        try Row.fetchOne(try cachedStatement(sql: sql), arguments: arguments).map(CheckedRow.init)
    }

    /// The first column of all rows.
    func values<Value: DatabaseValueConvertible & StatementColumnConvertible>(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> [Value] {
        try Value.fetchAll(try cachedStatement(sql: sql), arguments: arguments)
    }

    /// The first column of the first row; nil if there is none, or NULL.
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(
        cached sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> Value? {
        try Value.fetchOne(try cachedStatement(sql: sql), arguments: arguments)
    }
}

/// A row whose columns may hold anything.
///
/// GRDB's own subscript ends the process for NULL if a value must be, and for text if a
/// number must be. Our schema allows neither, but a damaged file or another program's may hold them.
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
