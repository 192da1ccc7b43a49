// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

extension PipelineReader {
    /// The keys whose values may be secret as a whole, at any depth.
    private static let unkeptKeys: Set = ["headers", "auth", "hooks"]

    /// Returns ``Pipeline/outsideTexts``.
    ///
    /// - Parameter projects: the table of projects, if the file has one.
    func outsideTexts(_ root: Node, _ projects: ProjectTable?) -> [String: String] {
        var texts: [String: String] = [:]
        collect(root, "", into: &texts)
        // A table in the file itself is a mapping.
        if case .scalar? = root["projects"], let projects {
            for (source, target) in projects.texts { texts["projects.\(source)"] = target }
        }
        return texts
    }

    private func collect(_ node: Node, _ path: String, into texts: inout [String: String]) {
        switch node {
        case .scalar(let scalar):
            if let text = expanded(scalar.string) { texts["\(path) (expanded)"] = text }
        case .sequence(let list):
            for (index, value) in list.enumerated() {
                collect(value, "\(path)[\(index)]", into: &texts)
            }
        case .mapping(let mapping):
            for (key, value) in mapping {
                let name = key.scalar?.string ?? "?"
                if Self.unkeptKeys.contains(name) { continue }
                collect(value, path.isEmpty ? name : "\(path).\(name)", into: &texts)
            }
        case .alias: break
        }
    }

    /// Returns a value with its variables expanded; nil without a variable. Of an address, leaves
    /// out the parts that may be secret.
    private func expanded(_ written: String) -> String? {
        var hasVariable = false
        let text = try? EnvironmentText.expand(
            written, environment, each: { _ in hasVariable = true })
        guard let text, hasVariable else { return nil }
        return text.contains("://") ? shownURL(text) : text
    }
}
