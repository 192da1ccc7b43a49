// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension ImageStore {
    /// Nil for a record without an id. Flags are the strings "true" and
    /// "True" in some versions, booleans in others.
    init?(json: JSONValue) {
        guard let record = json.object, let id = record["id"]?.string else { return nil }
        func flag(_ key: String) -> Bool {
            record[key]?.bool ?? (record[key]?.string?.lowercased() == "true")
        }
        self.id = id
        self.record = record
        description = record["description"]?.string
        isDefault = flag("default")
        isReadOnly = flag("read-only")
        type = record["type"]?.string
        weight = record["weight"]?.integer
        properties = record["properties"]?.object ?? [:]
    }

    static func list(_ json: JSONValue) -> [ImageStore] {
        (json["stores"]?.array ?? []).compactMap(ImageStore.init(json:))
    }
}
