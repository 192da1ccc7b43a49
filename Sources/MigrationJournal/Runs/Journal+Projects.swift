// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB

extension Journal {
    /// Returns the names of projects, by their ids, as far as a run could find them.
    public func projectNames() async throws(TranshipError) -> [String: String] {
        try await read { db in
            try db.rows(cached: "SELECT * FROM project_name", arguments: [])
                .reduce(into: [:]) { names, row in
                    names[try row["project_id"] as String] = try row["name"] as String
                }
        }
    }

    /// Stores names for reports, which ask no cloud.
    package func remember(projectNames names: [String: String]) async throws(TranshipError) {
        guard !names.isEmpty else { return }
        try await write { db in
            for (id, name) in names.sorted(by: { $0.key < $1.key }) {
                try db.execute(
                    cached: "INSERT OR REPLACE INTO project_name (project_id, name) VALUES (?, ?)",
                    arguments: [id, name])
            }
        }
    }
}
