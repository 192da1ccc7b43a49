// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A key that one mapping has once more.
///
/// Yams ends at the first of them, and does not say where it is.
public struct YAMLRepeatedKey: Sendable {
    public let text: String
    /// Where the mapping has the key for the first time.
    public let first: YAMLPlace
    public let start: YAMLPlace
    public let end: YAMLPlace

    /// All such keys, in the order of the text and up to its first mistake. Looks at text only: a key
    /// that is a list or a mapping is none of them.
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

        /// Counts one more child of the list or mapping around it.
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
