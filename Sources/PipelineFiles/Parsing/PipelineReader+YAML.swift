// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

/// Limits for the size of a parsed file, far above what any pipeline needs.
enum YAMLBounds {
    static let aliasesMax = 100
    static let depthMax = 32
    /// Counted with all aliases expanded.
    static let nodesMax = 200_000
}

extension PipelineReader {
    /// Parses the file into one tree of YAML nodes within ``YAMLBounds``.
    func root() throws(TranshipError) -> Node {
        guard text.utf8.count <= Pipeline.fileBytesMax else {
            throw refusal(
                position(nil), "the file is larger than 1 MiB, too large for a pipeline file")
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

    /// Returns true for an unquoted `~`, `null` or empty scalar.
    func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

/// Checks the size of a tree without expanding its aliases, so that a "billion laughs" file costs
/// nothing. Visits each node once and multiplies.
///
/// Yams replaces aliases by the nodes that they refer to and leaves no mark. The nodes keep the
/// position of their anchor, though: a second node of the same kind at the same position comes from
/// an alias.
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

    /// Returns the number of nodes in this tree with all aliases expanded.
    mutating func expandedNodes(_ node: Node, depth: Int) throws(TranshipError) -> Int {
        let position = reader.position(of: node)
        guard depth <= YAMLBounds.depthMax else {
            throw reader.refusal(
                position, "nested more than \(YAMLBounds.depthMax) levels deep",
                hint: "check the indentation: no pipeline needs so many levels")
        }
        let place: Place
        switch node {
        // An empty scalar has no position of its own.
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
                    "more than \(YAMLBounds.aliasesMax) aliases; the one too many refers to this anchor"
                )
            }
            return count
        }
        var count = 1
        for child in children(node) {
            count += try expandedNodes(child, depth: depth + 1)
            guard count <= YAMLBounds.nodesMax else {
                throw reader.refusal(
                    position,
                    "more than \(YAMLBounds.nodesMax) values once aliases are expanded",
                    hint: "use fewer aliases inside aliases, or split the pipeline")
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
