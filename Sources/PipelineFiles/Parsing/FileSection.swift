// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// A mapping with a fixed set of keys. Refuses unknown keys before it reads any value.
struct FileSection<Key: PipelineKey> {
    let reader: PipelineReader
    let position: FilePosition
    private let values: [Key: FileValue]

    init(_ value: FileValue) throws(TranshipError) {
        reader = value.reader
        position = value.position
        var values: [Key: FileValue] = [:]
        for entry in try value.entries() {
            guard let key = Key(rawValue: entry.key) else {
                throw Self.unknown(entry.key, entry.place, value.reader)
            }
            let path = value.path.isEmpty ? entry.key : "\(value.path).\(entry.key)"
            value.reader.note(path, value: nil, at: entry.place)
            values[key] = FileValue(
                reader: value.reader, node: entry.value, path: path, label: "`\(entry.key)`")
        }
        self.values = values
    }

    /// The value of the key, or nil if the file does not have it.
    subscript(key: Key) -> FileValue? { values[key] }

    var isEmpty: Bool { values.isEmpty }

    func required(_ key: Key, hint: String? = nil) throws(TranshipError) -> FileValue {
        guard let value = values[key] else {
            throw reader.refusal(position, "\(Key.place) needs `\(key.rawValue)`", hint: hint)
        }
        return value
    }

    static func unknown(_ key: String, _ place: FilePosition, _ reader: PipelineReader)
        -> TranshipError
    {
        let known = Key.allCases.map(\.rawValue)
        return reader.refusal(
            place, "unknown key `\(key.prefix(100))` in \(Key.place)",
            hint: Nearest.to(key, in: known).map { "did you mean `\($0)`?" }
                ?? "known keys: " + known.joined(separator: ", "))
    }
}
