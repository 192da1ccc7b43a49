// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension ImportInfo {
    init(json: JSONValue) {
        record = json.object ?? [:]
        methods = (json["import-methods"]?["value"]?.array ?? []).compactMap(\.string)
    }
}
