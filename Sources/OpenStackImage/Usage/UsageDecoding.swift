// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension Usage {
    /// Sorted by name; entries without both numbers are passed over.
    static func list(_ json: JSONValue) -> [Usage] {
        (json["usage"]?.object ?? [:]).compactMap { name, value in
            guard let limit = value["limit"]?.integer, let used = value["usage"]?.integer else {
                return nil
            }
            return Usage(name: name, limit: limit, used: used)
        }
        .sorted { $0.name < $1.name }
    }
}
