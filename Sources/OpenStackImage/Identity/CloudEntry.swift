// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
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

    subscript(key: String) -> CloudEntry? { mapping?[key] }

    /// `other` over this: mappings merge key by key, anything else is replaced.
    func merged(with other: CloudEntry) -> CloudEntry {
        guard case .mapping(let old) = self, case .mapping(let new) = other else { return other }
        return .mapping(old.merging(new) { $0.merged(with: $1) })
    }
}

extension CloudEntry {
    /// More nodes than any real clouds.yaml has. Stops aliases that multiply.
    static let nodesMax = 100_000

    /// Reads YAML, which includes JSON.
    ///
    /// - Throws: ``TranshipError/Code/invalidCloudsFile`` with file and line.
    init(yaml: String, file: String) throws(TranshipError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw TranshipError(
                .invalidCloudsFile, "\(file)\(Self.place(of: error)) is not valid YAML",
                hint: "check quotes and indentation there; a value with \": \" or \" #\" in it, or "
                    + "one that starts with *, &, {, [, %, @ or !, needs quotes")
        } catch {
            throw TranshipError(.invalidCloudsFile, "\(file) is not valid YAML: \(error)")
        }
        var nodesLeft = Self.nodesMax
        guard let root, let entry = try Self.entry(root, file, &nodesLeft) else {
            self = .mapping([:])
            return
        }
        self = entry
    }

    /// Only the position: the message of the parser quotes the line, which may contain a password.
    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _),
            .composer(_, _, let mark, _):
            ":\(mark.line):\(mark.column)"
        case .duplicatedKeysInMapping(_, let context):
            ":\(context.mark.line), which has a key twice,"
        default: ""
        }
    }

    /// Nil for null, which means "not set", as in openstacksdk.
    private static func entry(
        _ node: Node, _ file: String, _ nodesLeft: inout Int
    ) throws(TranshipError) -> CloudEntry? {
        nodesLeft -= 1
        guard nodesLeft > 0 else {
            throw TranshipError(
                .invalidCloudsFile, "\(file) has more than \(nodesMax) values, counting aliases")
        }
        switch node {
        case .scalar(let scalar):
            let isNull =
                scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return isNull ? nil : .text(scalar.string)
        case .sequence(let sequence):
            var list: [CloudEntry] = []
            for node in sequence {
                if let value = try entry(node, file, &nodesLeft) { list.append(value) }
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
                guard let value = try entry(node, file, &nodesLeft) else { continue }
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
