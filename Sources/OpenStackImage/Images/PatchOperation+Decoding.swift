// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension PatchOperation {
    /// Reads a JSON patch as RFC 6902 writes it.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for what is no patch, or holds
    ///   an operation that the Image service does not know (`move`, `copy`,
    ///   `test`).
    public static func list(_ text: String) throws(TranshipError) -> [PatchOperation] {
        func refuse(_ what: String) -> TranshipError {
            TranshipError(
                .usage, "the patch \(what)",
                hint: #"write it as [{"op": "replace", "path": "/name", "value": "new"}]"#)
        }
        guard let json = try? JSONValue(body: Array(text.utf8), asked: "a patch"),
            let entries = json.array
        else { throw refuse("is no JSON array") }
        var operations: [PatchOperation] = []
        for (index, entry) in entries.enumerated() {
            let op = entry["op"]?.string ?? ""
            guard let kind = Kind(rawValue: op) else {
                throw refuse(
                    "has \"\(op)\" in place \(index + 1): add, replace and remove are known")
            }
            guard let path = entry["path"]?.string, path.hasPrefix("/") else {
                throw refuse("has no path that begins with a slash in place \(index + 1)")
            }
            guard kind == .remove || entry["value"] != nil else {
                throw refuse("has no value in place \(index + 1)")
            }
            operations.append(.init(kind, pointer: path, value: entry["value"]))
        }
        return operations
    }
}
