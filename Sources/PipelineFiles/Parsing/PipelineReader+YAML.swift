// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

/// How large a file may become; far above what any pipeline needs.
enum YAMLBounds {
    static let aliasesMax = 100
    static let depthMax = 32
    /// With every alias put in.
    static let nodesMax = 200_000
}

extension PipelineReader {
    /// The file as one tree of YAML nodes within ``YAMLBounds``.
    func root() throws(TranshipError) -> Node {
        guard text.utf8.count <= Pipeline.fileBytesMax else {
            throw refusal(position(nil), "more than 1 MiB is no pipeline file")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw explained(error)
        }
        guard let node, !isNull(node) else {
            throw refusal(
                position(nil), "the file is empty",
                hint: "a pipeline starts with `version: 1`; docs/pipeline-format.md has an example")
        }
        var bounds = BoundsWalk(reader: self)
        _ = try bounds.expandedNodes(node, depth: 1)
        return node
    }

    /// `~`, `null` or nothing at all, unless it is quoted.
    func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

/// Walks each node once, counts what aliases repeat, and so never follows a
/// "billion laughs" down.
///
/// Yams puts aliased nodes in without a trace, but they keep the position of
/// their anchor: a node at a position where one of its kind was seen before is
/// an alias's.
private struct BoundsWalk {
    let reader: PipelineReader
    private var expanded: [Place: Int] = [:]
    private var aliases = 0

    private struct Place: Hashable {
        let kind: Int
        let position: FilePosition
    }

    init(reader: PipelineReader) {
        self.reader = reader
    }

    /// How many nodes this one is, aliases put in.
    mutating func expandedNodes(_ node: Node, depth: Int) throws(TranshipError) -> Int {
        let position = reader.position(of: node)
        guard depth <= YAMLBounds.depthMax else {
            throw reader.refusal(
                position, "nested more than \(YAMLBounds.depthMax) levels deep",
                hint: "no key of a pipeline needs that; check the indentation")
        }
        let place: Place
        switch node {
        // Nothing has no place of its own.
        case .scalar(let scalar) where scalar.string.isEmpty: return 1
        case .scalar: place = Place(kind: 0, position: position)
        case .mapping: place = Place(kind: 1, position: position)
        case .sequence, .alias: place = Place(kind: 2, position: position)
        }
        if let count = expanded[place] {
            aliases += 1
            guard aliases <= YAMLBounds.aliasesMax else {
                throw reader.refusal(
                    position,
                    "more than \(YAMLBounds.aliasesMax) aliases; this anchor has one too many")
            }
            return count
        }
        var count = 1
        for child in children(node) {
            count += try expandedNodes(child, depth: depth + 1)
            guard count <= YAMLBounds.nodesMax else {
                throw reader.refusal(
                    position,
                    "more than \(YAMLBounds.nodesMax) values once aliases are put in",
                    hint: "split the pipeline, or use fewer aliases inside aliases")
            }
        }
        expanded[place] = count
        return count
    }

    private func children(_ node: Node) -> [Node] {
        switch node {
        case .mapping(let mapping): mapping.flatMap { [$0.key, $0.value] }
        case .sequence(let sequence): Array(sequence)
        case .scalar, .alias: []
        }
    }
}
