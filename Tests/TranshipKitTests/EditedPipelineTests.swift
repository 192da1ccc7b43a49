// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

/// Edits of what a pipeline file names: its table of projects, and the values of its variables.
@Suite struct EditedPipelineTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Array("a,a\nb,b\n".utf8), to: "p.csv")
    }

    private func pipeline(
        projects: String = "p.csv", _ environment: [String: String] = ["BETA": "beta"]
    ) throws -> Pipeline {
        try Pipeline.parse(
            text: """
                version: 1
                name: edited
                sources: [{ cloud: alpha }]
                targets: [{ cloud: "${BETA}" }]
                projects: \(projects)
                hooks: { on_failure: ["/bin/true", "${TOKEN:-none}"] }
                """, file: folder.file("edited.yaml"), environment: environment)
    }

    /// Begins a run of a pipeline.
    ///
    /// - Returns: the run, and its facts as the journal has them.
    private func begin(_ pipeline: Pipeline) async throws -> (Run, RunFacts?) {
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        let run = PipelineRun(pipeline, journal: journal, environment: [:])
        let begun = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: pipeline.absoluteFile,
            pipelineText: pipeline.textWithoutSecrets, facts: run.facts())
        return (begun, try await journal.facts(of: begun))
    }

    @Test func `A changed line of a table and a changed variable are edits, a token is none`()
        async throws
    {
        let (run, facts) = try await begin(try pipeline())
        func edits(_ pipeline: Pipeline) -> [String] {
            PipelineRun.edits(of: pipeline, since: run, facts)
        }
        #expect(edits(try pipeline()) == [])
        #expect(edits(try pipeline(["BETA": "beta", "TOKEN": "other"])) == [])
        #expect(
            edits(try pipeline(["BETA": "gamma"])) == [
                "targets[0].cloud (expanded): beta -> gamma"
            ])
        // The same lines in the file itself.
        #expect(
            edits(try pipeline(projects: "{ a: a, b: b }")) == ["projects: p.csv -> none"])
        try folder.write(Array("a,a\nb,c\n".utf8), to: "p.csv")
        #expect(edits(try pipeline()) == ["projects.b: b -> c"])
        try folder.write(Array("a,a\n".utf8), to: "p.csv")
        #expect(edits(try pipeline()) == ["projects.b: b -> none"])
        // Such facts are of a run that `adopt` recorded.
        #expect(PipelineRun.edits(of: try pipeline(), since: run, nil) == [])
    }

    @Test func `A saved plan has the values of variables, and the lines of a table once`() throws {
        let settings = try pipeline().settingTexts
        #expect(settings["targets[0].cloud"] == "${BETA}")
        #expect(settings["targets[0].cloud (expanded)"] == "beta")
        #expect(settings["projects"] == "p.csv")
        #expect(!settings.keys.contains { $0.hasPrefix("projects.") || $0.contains("hooks[") })
        #expect(!settings.values.contains("none"))
    }
}
