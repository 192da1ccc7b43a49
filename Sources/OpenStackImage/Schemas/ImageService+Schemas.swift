// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

extension ImageService {
    /// A schema by name: `image`, `images`, `member`, `members`, `task`,
    /// `tasks`.
    public func schema(_ name: String) async throws(MigrationError) -> Schema {
        Schema(name: name, json: try await sendForJSON(SchemaRequests.show(name)))
    }
}
