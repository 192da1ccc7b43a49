// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials

extension JSONValue {
    /// Reads the body of an answer.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` if the body is not JSON, or exceeds
    ///   ``JSONBounds``.
    init(body: [UInt8], asked: String) throws(TranshipError) {
        if let excess = body.withUnsafeBytes({ JSONBounds.excess(of: $0) }) {
            throw TranshipError(
                .invalidAnswer, "the answer to \(asked) \(excess) (\(body.count) bytes)",
                hint: "ask the operator of the service; an Image service does not answer so")
        }
        guard let text = JSONText(body) else {
            throw TranshipError(
                .invalidAnswer,
                "the answer to \(asked) is not JSON (\(body.count) bytes)",
                hint:
                    "check the address: a proxy or a login page may have answered")
        }
        guard let value = JSONValue(text) else {
            let place = text.unreadableByte.map { " at byte \($0)" } ?? ""
            throw TranshipError(
                .invalidAnswer,
                "the answer to \(asked) has a text or a number that cannot be read\(place)",
                hint: "ask the operator of the service which record has it")
        }
        self = value
    }

    /// The JSON text. Keys are sorted, so that equal values give equal bytes.
    var body: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings, finite numbers and containers of these can always be encoded.
        guard let data = try? encoder.encode(self) else {
            preconditionFailure("a JSON value with a number that is not finite")
        }
        return [UInt8](data)
    }
}
