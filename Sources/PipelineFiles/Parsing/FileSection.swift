// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// A mapping with a fixed set of keys. Refuses unknown keys before it reads any value. Reads the
/// value of a mistyped key as that of the key that was probably meant, so that mistakes in the
/// value are found, too.
///
/// A mistake in one value does not prevent the others from being read: see
/// ``PipelineReader/refuse(_:)``.
struct FileSection<Key: PipelineKey> {
    let reader: PipelineReader
    let position: FilePosition
    private let values: [Key: FileValue]
    /// The keys that the unknown ones were probably meant to be.
    private let meant: Set<String>

    init(_ value: FileValue) throws(TranshipError) {
        reader = value.reader
        position = value.position
        var values: [Key: FileValue] = [:]
        var meant: [(key: Key, value: FileValue?)] = []
        var empty: String?
        for entry in try value.entries() {
            let name = entry.key.text
            guard let key = Key(rawValue: name) else {
                let mistake = Self.unknown(entry.key, reader)
                // The block below a key must be indented further than the key.
                let isBlock = empty != nil && PipelineKeys.everywhere.contains(name)
                reader.refuse(
                    isBlock
                        ? mistake.hinting("indent it, if it belongs to `\(empty ?? "")`") : mistake)
                if let key = Self.nearest(name).flatMap(Key.init(rawValue:)) {
                    // Text after a missing space or indentation does not belong to the key.
                    let isWhole = !isBlock && reader.missingSpace(in: entry.key) == nil
                    meant.append((key, isWhole ? Self.value(entry, value, as: key) : nil))
                }
                continue
            }
            empty = reader.isEmpty(entry.value) ? name : nil
            values[key] = Self.value(entry, value, as: key)
        }
        for (key, value) in meant where values[key] == nil { values[key] = value }
        self.values = values
        self.meant = Set(meant.map(\.key.rawValue))
    }

    private static func value(
        _ entry: FileValue.Entry, _ section: FileValue, as key: Key
    ) -> FileValue {
        let path = section.path.isEmpty ? key.rawValue : "\(section.path).\(key.rawValue)"
        return FileValue(
            reader: section.reader, node: entry.value, path: path, label: "`\(entry.key.text)`")
    }

    /// The value of the key, or nil if the file does not have it.
    subscript(key: Key) -> FileValue? { values[key] }

    var isEmpty: Bool { values.isEmpty }

    /// Parses the value of the key. Returns nil if the file does not have the key, or if the value
    /// is wrong.
    func read<Value>(_ key: Key, _ parse: (FileValue) throws -> Value?) -> Value? {
        values[key].flatMap { value in reader.attempt { try parse(value) } }
    }

    /// Parses the value of a required key. If it is wrong or missing, returns `standIn`, and the
    /// file is refused at the end. A mistyped key counts as one mistake, not as a missing key as
    /// well.
    func require<Value>(
        _ key: Key, hint: String? = nil, standIn: Value, _ parse: (FileValue) throws -> Value
    ) -> Value {
        if values[key] == nil, !meant.contains(key.rawValue) {
            reader.refuse(
                reader.refusal(position, "\(Key.place) needs `\(key.rawValue)`", hint: hint))
        }
        return read(key, parse) ?? standIn
    }

    static func unknown(_ key: FileKey, _ reader: PipelineReader) -> TranshipError {
        if let missing = reader.missingSpace(in: key) { return missing }
        let known = Key.allCases.map(\.rawValue)
        return reader.refusal(
            key.position, "unknown key `\(key.text.prefix(100))` in \(Key.place)",
            hint: ofImage(key.text, known) ?? nearest(key.text).map { "did you mean `\($0)`?" }
                ?? unseenSpace(key.text)
                ?? "known keys: " + known.joined(separator: ", "))
    }

    private static func nearest(_ key: String) -> String? {
        let name = PipelineReader.spaceless(key)?.key ?? key
        return Nearest.to(name, in: Key.allCases.map(\.rawValue))
    }

    /// Returns the hint for a key that begins with a character that only looks like indentation.
    private static func unseenSpace(_ key: String) -> String? {
        guard let first = key.unicodeScalars.first, first.properties.isWhitespace else {
            return nil
        }
        let code = String(first.value, radix: 16, uppercase: true)
        return "type the spaces before it again: YAML does not take U+"
            + String(repeating: "0", count: max(0, 4 - code.count)) + "\(code) as a space"
    }

    /// Returns the hint for a key that belongs to the `image` block of this mapping.
    private static func ofImage(_ key: String, _ known: [String]) -> String? {
        let own: [String] =
            Key.self == CloudTargetKey.self || Key.self == ArchiveTargetKey.self
            ? TargetImageKey.allCases.map(\.rawValue) : ImageKey.allCases.map(\.rawValue)
        guard known.contains("image"), own.contains(key) else { return nil }
        return "it belongs into the `image` block: image: { \(key): … }"
    }
}
