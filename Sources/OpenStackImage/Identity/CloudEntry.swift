// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import YAMLText
import Yams

/// A part of a clouds.yaml: text, list or mapping. Scalars stay text as in the file, so a password
/// of `0123` stays `0123`.
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

    /// The shape, for messages.
    var shape: String {
        switch self {
        case .text: "a text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    subscript(key: String) -> CloudEntry? { mapping?[key] }

    /// Returns `other` merged over this: mappings merge key by key, any other value is replaced.
    func merged(with other: CloudEntry) -> CloudEntry {
        guard case .mapping(let old) = self, case .mapping(let new) = other else { return other }
        return .mapping(old.merging(new) { $0.merged(with: $1) })
    }
}

extension CloudEntry {
    /// The limits, above those of any real clouds.yaml. They stop aliases that multiply.
    private static let bounds = YAMLBounds(aliasesMax: 1000, depthMax: 100, nodesMax: 100_000)

    /// Reads YAML, which includes JSON.
    ///
    /// - Throws: ``TranshipError/Code/invalidCloudsFile`` with file and line.
    init(yaml: String, file: String) throws(TranshipError) {
        do throws(YAMLBounds.Excess) {
            try Self.bounds.check(yaml)
        } catch {
            throw Self.refusal(error, file)
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw Self.refusal(error, yaml, file)
        } catch {
            throw TranshipError(.invalidCloudsFile, "\(file) is not valid YAML: \(error)")
        }
        guard let root, let entry = try Self.entry(root, file) else {
            self = .mapping([:])
            return
        }
        self = entry.keepingEmptyClouds(of: root)
    }

    /// Adds the clouds that have nothing below their names. Null means "not set" for a field, but a
    /// cloud with an empty entry exists.
    private func keepingEmptyClouds(of root: Node) -> CloudEntry {
        guard var all = mapping, var clouds = all["clouds"]?.mapping,
            let nodes = root.mapping?["clouds"]?.mapping
        else { return self }
        for (key, _) in nodes {
            guard let name = key.scalar?.string, name != "<<", clouds[name] == nil else { continue }
            clouds[name] = .mapping([:])
        }
        all["clouds"] = .mapping(clouds)
        return .mapping(all)
    }

    private static func refusal(_ excess: YAMLBounds.Excess, _ file: String) -> TranshipError {
        let what =
            switch excess.kind {
            case .aliases: "has more than \(bounds.aliasesMax) aliases"
            case .depth: "is nested more than \(bounds.depthMax) levels deep"
            case .nodes: "has more than \(bounds.nodesMax) values, counting aliases"
            case .keyNodes: "has a key that is not text"
            }
        return TranshipError(
            .invalidCloudsFile, "\(file):\(excess.place.line):\(excess.place.column) \(what)")
    }

    /// Returns an error with the position and the cause as far as it is known. It does not quote
    /// the parser, whose message contains the line, which may contain a password.
    private static func refusal(
        _ error: YamlError, _ yaml: String, _ file: String
    ) -> TranshipError {
        let place: String
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            place = ":\(mark.line):\(mark.column)"
            let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            if lines.indices.contains(mark.line - 1),
                lines[mark.line - 1].prefix(while: \.isWhitespace).contains("\t")
            {
                return TranshipError(
                    .invalidCloudsFile, "\(file)\(place): YAML allows no tabs for indentation",
                    hint: "indent with spaces")
            }
        case .duplicatedKeysInMapping:
            if let key = YAMLRepeatedKey.all(in: yaml).first {
                return TranshipError(
                    .invalidCloudsFile,
                    "\(file):\(key.start.line):\(key.start.column): \(key.text) is there twice, first "
                        + "at line \(key.first.line)", hint: "keep one of them")
            }
            place = ""
        default: place = ""
        }
        return TranshipError(
            .invalidCloudsFile, "\(file)\(place) is not valid YAML",
            hint: "check quotes and indentation there; a value with \": \" or \" #\" in it, or "
                + "one that starts with *, &, {, [, %, @ or !, needs quotes")
    }

    /// Converts a node. Returns nil for null, which means "not set", as in openstacksdk.
    private static func entry(
        _ node: Node, _ file: String
    ) throws(TranshipError) -> CloudEntry? {
        switch node {
        case .scalar(let scalar):
            let isNull =
                scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return isNull ? nil : .text(scalar.string)
        case .sequence(let sequence):
            var list: [CloudEntry] = []
            for node in sequence {
                if let value = try entry(node, file) { list.append(value) }
            }
            return .list(list)
        case .mapping(let mapping):
            var merged = CloudEntry.mapping([:])
            var own: [String: CloudEntry] = [:]
            for (key, node) in mapping {
                guard case .scalar(let name) = key else {
                    throw TranshipError(
                        .invalidCloudsFile,
                        "\(file):\(key.mark?.line ?? 0) has a key that is not text")
                }
                guard let value = try entry(node, file) else { continue }
                // https://yaml.org/type/merge.html: the first of several wins.
                if name.string == "<<" {
                    for base in (value.list ?? [value]).reversed() {
                        merged = .mapping(
                            (merged.mapping ?? [:]).merging(base.mapping ?? [:]) { $1 })
                    }
                } else {
                    own[name.string] = value
                }
            }
            return .mapping((merged.mapping ?? [:]).merging(own) { $1 })
        default:
            return nil
        }
    }
}
