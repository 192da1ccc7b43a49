// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A piece of a clouds.yaml: text, list or mapping. Scalars are text as they
/// stand in the file, so that a password of `0123` stays `0123`.
indirect enum CloudEntry: Hashable, Sendable {
    case text(String)
    case list([CloudEntry])
    case mapping([String: CloudEntry])

    var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    var list: [CloudEntry]? {
        if case .list(let value) = self { value } else { nil }
    }

    var mapping: [String: CloudEntry]? {
        if case .mapping(let value) = self { value } else { nil }
    }

    subscript(key: String) -> CloudEntry? { mapping?[key] }

    /// `other` laid over this: mappings merge key by key, all else is replaced.
    func merged(with other: CloudEntry) -> CloudEntry {
        guard case .mapping(let old) = self, case .mapping(let new) = other else { return other }
        return .mapping(old.merging(new) { $0.merged(with: $1) })
    }
}
