// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel

extension JSONValue {
    /// Reads an answer's body.
    ///
    /// - Throws: ``MigrationError/Code/invalidAnswer`` when it is not JSON.
    init(body: [UInt8], asked: String) throws(MigrationError) {
        guard let value = JSONValue(text: body) else {
            throw MigrationError(
                .invalidAnswer,
                "the answer to \(asked) is not JSON (\(body.count) bytes)",
                hint:
                    "something other than an OpenStack service may answer there: a proxy, a login "
                    + "page")
        }
        self = value
    }
}
