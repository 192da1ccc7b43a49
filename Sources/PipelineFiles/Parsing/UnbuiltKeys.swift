// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A documented key, or a value of one, that has no code yet.
///
/// The parser checks it like any other key and then refuses it, so that it is never ignored. When
/// you build one, delete its row here and its mark in `docs/pipeline-format.md`; nothing else
/// changes in this target.
struct UnbuiltKey {
    /// The path of keys that leads to the key. `[]` marks lists.
    let path: String
    /// The values that are not built. nil means all values.
    let values: [String]?
    /// The start of the message, with its verb: "`keep` is".
    let words: String

    static let all: [UnbuiltKey] = [
        row("sources[].archive", nil, "`archive` sources are"),
        row("sources[].series.several", ["true"], "a series with `several: true` is"),
        row("targets[].archive", nil, "`archive` targets are"),
        row("targets[].on_conflict", ["update"], "`on_conflict: update` is"),
        row("targets[].on_conflict", ["replace"], "`on_conflict: replace` is"),
        row("targets[].keep", nil, "`keep` is"),
        row("targets[].previous", nil, "`previous` is"),
        row("targets[].expired", nil, "`expired` is"),
    ]

    /// Returns true if the row covers this value. Until a value has been read (nil), only rows for
    /// all values cover the key.
    func covers(_ value: String?) -> Bool {
        guard let values else { return value == nil }
        return value.map(values.contains) ?? false
    }

    private static func row(_ path: String, _ values: [String]?, _ words: String) -> UnbuiltKey {
        UnbuiltKey(path: path, values: values, words: words)
    }
}

/// One use of such a key in a file.
struct UnbuiltUse: Equatable {
    let words: String
    let position: FilePosition
}
