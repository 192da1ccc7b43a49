// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Returns the numbers of images at once that earlier runs found good, by the endpoint of the
    /// Image service.
    public func paces() async throws(TranshipError) -> [String: PaceExperience] {
        try await read { db in
            try db.rows(cached: "SELECT * FROM pace", arguments: []).reduce(into: [:]) {
                paces, row in
                // A value outside these bounds is damage. The next run finds the number again.
                let images: Int = try row["images"]
                guard (1...64).contains(images) else { return }
                paces[try row["endpoint"]] = PaceExperience(
                    images: images, isSettled: try row["is_settled"])
            }
        }
    }

    /// Stores the numbers that a run found, for the next run. Writes nothing if the journal has
    /// them already.
    package func remember(
        _ paces: [String: PaceExperience], at now: Int64
    ) async throws(TranshipError) {
        let known = try await self.paces()
        let new = paces.filter { known[$0.key] != $0.value }
        guard !new.isEmpty else { return }
        try await write { db in
            for (endpoint, pace) in new.sorted(by: { $0.key < $1.key }) {
                try db.execute(
                    cached: """
                        INSERT INTO pace (endpoint, images, is_settled, learned_at)
                        VALUES (?1, ?2, ?3, ?4)
                        ON CONFLICT (endpoint) DO UPDATE
                        SET images = ?2, is_settled = ?3, learned_at = ?4
                        """, arguments: [endpoint, pace.images, pace.isSettled, now])
            }
        }
    }
}
