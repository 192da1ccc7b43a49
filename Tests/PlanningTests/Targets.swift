// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import PipelineFiles
import Testing

/// Returns the first target of a pipeline whose target block has these additional lines.
func targetRules(_ lines: String...) throws -> TargetRules {
    let block = lines.joined(separator: "\n").split(separator: "\n").map { "    \($0)\n" }
    let pipeline = try pipeline(
        "sources:\n  - cloud: alpha\ntargets:\n  - cloud: beta\n" + block.joined())
    guard case .cloud(let target) = pipeline.targets[0] else { throw TranshipError(.usage, "?") }
    return target.rules
}

func pipeline(_ text: String) throws -> Pipeline {
    try Pipeline.parse(
        text: "version: 1\nname: tests\n" + text, file: "tests.yaml", environment: [:])
}
