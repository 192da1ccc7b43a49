// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

extension CloudEntry {
    /// More nodes than any real clouds.yaml has; aliases that multiply end here.
    static let nodesMax = 100_000

    /// Reads YAML, of which JSON is a part.
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

    /// Only the place: the parser's own words quote the line, which may hold a
    /// password.
    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _),
            .composer(_, _, let mark, _):
            ":\(mark.line):\(mark.column)"
        case .duplicatedKeysInMapping(_, let context):
            ":\(context.mark.line), where a key stands twice,"
        default: ""
        }
    }

    /// Nil for null, which means "not given" as it does to openstacksdk.
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
                        "\(file):\(key.mark?.line ?? 0) has a key that is no text")
                }
                guard let value = try entry(node, file, &nodesLeft) else { continue }
                // https://yaml.org/type/merge.html: the earlier of several wins.
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
