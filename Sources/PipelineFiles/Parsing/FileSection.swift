// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// A mapping with a fixed set of keys. Refuses unknown keys before it reads any value.
///
/// A mistake in one value does not keep the others from being read: see
/// ``PipelineReader/refuse(_:)``.
struct FileSection<Key: PipelineKey> {
    let reader: PipelineReader
    let position: FilePosition
    private let values: [Key: FileValue]

    init(_ value: FileValue) throws(TranshipError) {
        reader = value.reader
        position = value.position
        var values: [Key: FileValue] = [:]
        for entry in try value.entries() {
            let name = entry.key.text
            guard let key = Key(rawValue: name) else {
                reader.refuse(Self.unknown(entry.key, reader))
                continue
            }
            let path = value.path.isEmpty ? name : "\(value.path).\(name)"
            values[key] = FileValue(
                reader: reader, node: entry.value, path: path, label: "`\(name)`")
        }
        self.values = values
    }

    /// The value of the key, or nil if the file does not have it.
    subscript(key: Key) -> FileValue? { values[key] }

    var isEmpty: Bool { values.isEmpty }

    /// Parses the value of the key. nil if the file does not have it, or if it is wrong.
    func read<Value>(_ key: Key, _ parse: (FileValue) throws -> Value?) -> Value? {
        values[key].flatMap { value in reader.attempt { try parse(value) } }
    }

    /// Parses the value of a key that has to be there. If it is wrong or missing, returns
    /// `standIn`, and the file is refused at the end.
    func require<Value>(
        _ key: Key, hint: String? = nil, standIn: Value, _ parse: (FileValue) throws -> Value
    ) -> Value {
        if values[key] == nil {
            reader.refuse(
                reader.refusal(position, "\(Key.place) needs `\(key.rawValue)`", hint: hint))
        }
        return read(key, parse) ?? standIn
    }

    static func unknown(_ key: FileKey, _ reader: PipelineReader) -> TranshipError {
        let known = Key.allCases.map(\.rawValue)
        return reader.refusal(
            key.position, "unknown key `\(key.text.prefix(100))` in \(Key.place)",
            hint: ofImage(key.text, known) ?? Nearest.to(key.text, in: known).map {
                "did you mean `\($0)`?"
            }
                ?? "known keys: " + known.joined(separator: ", "))
    }

    /// What to write if the key belongs to the `image` block of this mapping.
    private static func ofImage(_ key: String, _ known: [String]) -> String? {
        let own: [String] =
            Key.self == CloudTargetKey.self || Key.self == ArchiveTargetKey.self
            ? TargetImageKey.allCases.map(\.rawValue) : ImageKey.allCases.map(\.rawValue)
        guard known.contains("image"), own.contains(key) else { return nil }
        return "it belongs into the `image` block: image: { \(key): … }"
    }
}
