// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    static func write(_ absences: [Absence], _ db: Database, runID: Int64) throws {
        for absence in absences {
            let failure = absence.failure
            try db.execute(
                cached: """
                    INSERT OR REPLACE INTO absence
                        (run_id, side, name, code, message, hint, is_transient)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    runID, absence.side.rawValue, absence.name, failure.code.rawValue,
                    failure.message, failure.hint, failure.isTransient,
                ])
        }
    }

    /// Returns the sources and targets that the run's plan had to do without, sources first.
    public func absences(of run: Run) async throws(TranshipError) -> [Absence] {
        try await read { db in
            try db.rows(
                cached: "SELECT * FROM absence WHERE run_id = ? ORDER BY side, name",
                arguments: [run.id]
            ).compactMap { row in
                guard let side = Absence.Side(rawValue: try row["side"]) else { return nil }
                return try Absence(
                    side, row["name"],
                    Transfer.Failure(
                        code: .init(row["code"]), message: row["message"], hint: row["hint"],
                        isTransient: row["is_transient"]))
            }
        }
    }
}
