// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation

/// The options of pipeline commands whose result is a list of images.
struct RowOptions: ParsableArguments, NamesJournal {
    @Option(
        help: .value(
            "path", "The journal to use.",
            discussion: "Default: $XDG_STATE_HOME/tranship/NAME.sqlite"),
        completion: .file(extensions: ["sqlite"]))
    var journal: String?

    @OptionGroup var output: OutputOptions

    @Flag(name: .shortAndLong, help: "Show more: every step and every skipped image.")
    var verbose = false

    var environment: [String: String] { ProcessInfo.processInfo.environment }
    var format: OutputFormat { output.kind == .text ? .text : .json }
}

/// The options for the output format of `doctor` and of pipeline commands.
struct OutputOptions: ParsableArguments {
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case text, json, table, csv, value, yaml

        /// The format of records; nil for text and JSON Lines.
        var record: RecordFormat.Kind? {
            switch self {
            case .text, .json: nil
            case .table: .table
            case .csv: .csv
            case .value: .value
            case .yaml: .yaml
            }
        }
    }

    @Option(
        name: [.customLong("format"), .customShort("f")],
        help: "text; json for JSON Lines; or table, csv, value or yaml with the keys of those.")
    var kind = Kind.text

    @Option(
        name: [.customLong("column"), .customShort("c")],
        help: .value("column", "Of a table, only this column or key; repeatable."))
    var columns: [String] = []

    func validate() throws {
        if !columns.isEmpty, kind.record == nil {
            throw ValidationError("-c needs a table: add -f table, csv, value or yaml")
        }
    }

    /// The format of tables; nil for text and JSON Lines.
    var record: RecordFormat? { kind.record.map { RecordFormat($0, columns: columns) } }

    /// Does the work of a command. If the command prints a table, JSON lines of these types become
    /// its rows, and all other lines are dropped.
    func withRows(
        of types: Set<String>, _ columns: [RecordList.Column], more: [RecordList.Column] = [],
        _ work: () async throws -> Void
    ) async throws {
        guard let record else { return try await work() }
        TableOfLines.begin(types, RecordList(record, columns, more: more))
        do {
            try await work()
        } catch {
            // Some commands end with their own exit code.
            try TableOfLines.end()
            throw error
        }
        try TableOfLines.end()
    }
}

/// The table that receives JSON lines instead of standard output. There is one for the process,
/// because there is one standard output.
enum TableOfLines {
    private static let state = Guarded<(types: Set<String>, list: RecordList)?>(nil)

    static func begin(_ types: Set<String>, _ list: RecordList) {
        state.withLock { $0 = (types, list) }
    }

    /// True if lines become rows of a table.
    static var isOpen: Bool { state.withLock { $0 != nil } }

    /// Adds a line to the table. Returns false if there is no table.
    static func take(_ line: JSONLine) -> Bool {
        state.withLock { state in
            guard state != nil else { return false }
            guard let type = line.value["type"]?.string, state?.types.contains(type) == true else {
                return true
            }
            let record = line.record
            // The code of a `refused` line goes into the column `error`, as for a transfer.
            let code = record["error"]?["code"] ?? record["code"]
            var cells = code.map { ["error": $0] } ?? [:]
            cells["message"] = record["error"]?["message"]
            state?.list.add(record, cells: cells)
            return true
        }
    }

    static func end() throws(TranshipError) {
        let list = state.withLock { state in
            defer { state = nil }
            return state?.list
        }
        try list?.end()
    }
}
