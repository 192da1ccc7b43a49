// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Limits for a YAML text, checked before anything composes it.
///
/// A few lines of aliases inside aliases stand for millions of values ("billion laughs"). The check
/// multiplies their sizes instead of expanding them.
public struct YAMLBounds: Sendable {
    public let aliasesMax: Int
    public let depthMax: Int
    /// The maximum number of values, counted with all aliases expanded.
    public let nodesMax: Int

    /// The maximum number of values inside one key, with all aliases expanded. It is small because
    /// composing a mapping hashes each of its keys whole.
    public static let keyNodesMax = 100

    public init(aliasesMax: Int, depthMax: Int, nodesMax: Int) {
        self.aliasesMax = aliasesMax
        self.depthMax = depthMax
        self.nodesMax = nodesMax
    }

    /// The error for a text that exceeds one of the limits.
    public struct Excess: Error {
        public enum Kind: Sendable { case aliases, depth, nodes, keyNodes }

        public let kind: Kind
        /// The place of the alias, value or key that exceeds the limit. For too many values, the
        /// place of the list or mapping that has them.
        public let place: YAMLPlace
    }

    /// Checks a text. A text with mistakes is checked up to the first one.
    public func check(_ yaml: String) throws(Excess) {
        var walk = Walk(bounds: self)
        try YAMLEvents.each(in: yaml) { (event) throws(Excess) in try walk.take(event) }
    }

    private struct Walk {
        struct Size {
            var nodes = 1
            var height = 1
        }

        /// A list or mapping that has begun.
        struct Open {
            let place: YAMLPlace
            let anchor: String?
            let isMapping: Bool
            var children = 0
            var size = Size()
        }

        let bounds: YAMLBounds
        var open: [Open] = []
        var anchors: [String: Size] = [:]
        var aliases = 0

        mutating func take(_ event: YAMLEvent) throws(Excess) {
            switch event.kind {
            case .scalar:
                if let anchor = event.anchor { anchors[anchor] = Size() }
                try add(Size(), event.start)
            case .alias:
                aliases += 1
                guard aliases <= bounds.aliasesMax else {
                    throw Excess(kind: .aliases, place: event.start)
                }
                // The composer refuses an alias without an anchor above it.
                try add(event.anchor.flatMap { anchors[$0] } ?? Size(), event.start)
            case .beginList, .beginMapping:
                guard open.count < bounds.depthMax else {
                    throw Excess(kind: .depth, place: event.start)
                }
                open.append(
                    Open(
                        place: event.start, anchor: event.anchor,
                        isMapping: event.kind == .beginMapping))
            case .end:
                guard let ended = open.popLast() else { return }
                if let anchor = ended.anchor { anchors[anchor] = ended.size }
                try add(ended.size, ended.place)
            }
        }

        /// Adds a value to the list or mapping around it.
        private mutating func add(_ size: Size, _ place: YAMLPlace) throws(Excess) {
            guard open.count + size.height <= bounds.depthMax else {
                throw Excess(kind: .depth, place: place)
            }
            guard var parent = open.popLast() else { return }
            let isKey = parent.isMapping && parent.children.isMultiple(of: 2)
            guard !isKey || size.nodes <= YAMLBounds.keyNodesMax else {
                throw Excess(kind: .keyNodes, place: place)
            }
            parent.children += 1
            parent.size.nodes += size.nodes
            parent.size.height = max(parent.size.height, size.height + 1)
            guard parent.size.nodes <= bounds.nodesMax else {
                throw Excess(kind: .nodes, place: parent.place)
            }
            open.append(parent)
        }
    }
}
