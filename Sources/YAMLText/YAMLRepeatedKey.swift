// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A key that its mapping already has.
///
/// Yams stops at the first such key, and does not report its place.
public struct YAMLRepeatedKey: Sendable {
    public let text: String
    /// The first place of the key in the mapping.
    public let first: YAMLPlace
    public let start: YAMLPlace
    public let end: YAMLPlace

    /// Returns all repeated keys, in the order of the text, up to its first mistake. Considers only
    /// scalar keys, not keys that are lists or mappings.
    public static func all(in yaml: String) -> [YAMLRepeatedKey] {
        var walk = Walk()
        YAMLEvents.each(in: yaml) { walk.take($0) }
        return walk.found
    }

    private struct Walk {
        struct Open {
            let isMapping: Bool
            var children = 0
            var keys: [String: YAMLPlace] = [:]
        }

        var open: [Open] = []
        var found: [YAMLRepeatedKey] = []

        mutating func take(_ event: YAMLEvent) {
            switch event.kind {
            case .scalar:
                noteKey(event)
                count()
            case .alias: count()
            case .beginList, .beginMapping:
                open.append(Open(isMapping: event.kind == .beginMapping))
            case .end:
                _ = open.popLast()
                count()
            }
        }

        /// Counts one more child of the innermost open list or mapping.
        private mutating func count() {
            guard var parent = open.popLast() else { return }
            parent.children += 1
            open.append(parent)
        }

        private mutating func noteKey(_ event: YAMLEvent) {
            guard let text = event.text, var parent = open.popLast() else { return }
            defer { open.append(parent) }
            guard parent.isMapping, parent.children.isMultiple(of: 2) else { return }
            guard let first = parent.keys[text] else {
                parent.keys[text] = event.start
                return
            }
            found.append(
                YAMLRepeatedKey(text: text, first: first, start: event.start, end: event.end))
        }
    }
}
