// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PipelineFiles

@Suite struct PipelineEndsTests {
    private func pipeline(_ sources: String, _ targets: String) throws -> Pipeline {
        try Pipeline.parse(
            text: "version: 1\nname: p\nsources: [\(sources)]\ntargets: [\(targets)]\n",
            file: "p.yaml", environment: [:])
    }

    @Test func `The ends of a pipeline fit a headline`() throws {
        let image = "image: { name: a, disk_format: raw, container_format: bare }"
        let pipeline = try pipeline(
            "{ cloud: alpha }, { cloud: alpha, region: two }, { cloud: alpha }, "
                + "{ url: \"https://mirror.example/a.img\", \(image) }, { file: ./b, image: { name: b, disk_format: raw } }",
            "{ cloud: beta, project: team }, { cloud: gamma }")
        #expect(
            pipeline.route == "alpha, alpha/two, mirror.example, files -> beta/team, gamma")
    }
}
