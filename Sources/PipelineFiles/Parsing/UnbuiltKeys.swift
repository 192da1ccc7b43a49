// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A documented key, or a value of one, whose code does not exist yet.
///
/// It is parsed and checked like any other and then refused, never ignored.
/// Whoever builds one deletes its row here and its mark in
/// `docs/pipeline-format.md`; nothing else changes in this target.
struct UnbuiltKey {
    /// The way to the key, lists marked by `[]`.
    let path: String
    /// The values that are not built; nil: whatever the value.
    let values: [String]?
    /// What the message says, with its verb: "`keep` is".
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

    /// A key without a value read (nil) is covered by rows for any value only.
    func covers(_ value: String?) -> Bool {
        guard let values else { return value == nil }
        return value.map(values.contains) ?? false
    }

    private static func row(_ path: String, _ values: [String]?, _ words: String) -> UnbuiltKey {
        UnbuiltKey(path: path, values: values, words: words)
    }
}

/// One place in a file where such a key stands.
struct UnbuiltUse: Equatable {
    let words: String
    let position: FilePosition
}
