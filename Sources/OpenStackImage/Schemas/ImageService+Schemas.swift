// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// A schema by name: `image`, `images`, `member`, `members`, `task`,
    /// `tasks`.
    public func schema(_ name: String) async throws(TranshipError) -> Schema {
        Schema(name: name, json: try await sendForJSON(SchemaRequests.show(name)))
    }

    /// A schema of the metadata definitions by name: `namespace`, `property`,
    /// `object`, `tag`, `resource_type`, and each of them in the plural
    /// (`namespaces`, `properties`, …).
    public func metadefSchema(_ name: String) async throws(TranshipError) -> Schema {
        Schema(name: name, json: try await sendForJSON(SchemaRequests.showMetadef(name)))
    }
}
