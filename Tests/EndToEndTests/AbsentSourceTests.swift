// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import Testing

extension EndToEndTests {
    /// A source that cannot be used beside one that can.
    @Suite struct AbsentSourceTests {
        struct Trouble: Sendable, CustomTestStringConvertible {
            let source: String
            let name: String
            let status: Int32
            let words: String
            var testDescription: String { name }

            static let all = [
                // No server listens at its port.
                Trouble(
                    source: "cloud: nowhere", name: "nowhere", status: 5,
                    words: "source nowhere does not answer"),
                Trouble(
                    source: "cloud: alpha-wrong-password", name: "alpha-wrong-password", status: 7,
                    words: "source alpha-wrong-password cannot be logged in to"),
                Trouble(
                    source: "cloud: alpha-no-image", name: "alpha-no-image", status: 7,
                    words: "source alpha-no-image cannot be logged in to"),
                Trouble(
                    source: "archive: ./gone", name: "archive", status: 3,
                    words: "cannot be listed"),
            ]
        }

        private func file(_ scene: Scene, _ source: String) throws -> String {
            try scene.pipeline(
                """
                sources:
                  - { \(source), images: { name: "\(scene.prefix)*" } }
                  - { cloud: alpha, images: { name: "\(scene.prefix)*" } }
                targets: [{ cloud: beta }]
                """)
        }

        @Test(
            "the other source is copied, and every command names the one that is missing",
            arguments: Trouble.all)
        func others(trouble: Trouble) async throws {
            try await scene("absent") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(9000, seed: 1))
                let file = try file(scene, trouble.source)
                let plan = try await scene.tranship("plan", file)
                #expect(plan.status == trouble.status, plan.said)
                #expect(plan.output.contains("1 to create"), plan.said)
                #expect(plan.output.contains("nothing of source "), plan.said)
                let warnings = plan.talk.split(separator: "\n").filter {
                    $0.contains(trouble.words)
                }
                #expect(warnings.count == 1, plan.said)

                let run = try await scene.tranship("run", file, "--format", "json")
                #expect(run.status == trouble.status, run.said)
                let summary = try #require(run.lines("summary").first)
                let absent = summary["absent_sources"]?.array ?? []
                #expect(absent.count == 1, run.said)
                #expect(absent.first?.string?.hasPrefix(trouble.name) == true, run.said)
                #expect(try await scene.beta.images(scene.prefix).count == 1)

                let check = try await scene.tranship("check", file)
                #expect(check.status == trouble.status, check.said)
                #expect(check.talk.contains("1 the same, nothing of source "), check.said)
                try await expectJournal(scene, trouble)
            }
        }

        private func expectJournal(_ scene: Scene, _ trouble: Trouble) async throws {
            let status = try await scene.tranship("status")
            #expect(status.output.contains("absent        source \(trouble.name)"), status.said)
            let report = try await scene.tranship("report", "--format", "json")
            let absent = report.lines("report-run").first?["absent"]?.array ?? []
            #expect(absent.first?["side"]?.string == "source", report.said)
            #expect(absent.first?["message"]?.string?.isEmpty == false, report.said)
        }

        @Test("a saved plan says what it lacks, and is not carried out with less than it has")
        func saved() async throws {
            try await scene("absentplan") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(9000, seed: 1))
                let file = try file(scene, "cloud: nowhere")
                let path = scene.folder.appendingPathComponent("plan.json").path
                let plan = try await scene.tranship("plan", file, "--save", path)
                #expect(plan.status == 5, plan.said)
                let text = try String(
                    contentsOf: scene.folder.appendingPathComponent("plan.txt"), encoding: .utf8)
                #expect(text.contains("without source nowhere, which did not answer"), "\(text)")
                let metrics = scene.folder.appendingPathComponent("m.prom").path
                let run = try await scene.tranship(
                    "run", file, "--plan", path, "--metrics", metrics)
                #expect(run.status == 5, run.said)
                #expect(try await scene.beta.images(scene.prefix).count == 1)
                let written = try String(contentsOfFile: metrics, encoding: .utf8)
                #expect(
                    written.contains(
                        "tranship_run_absent{pipeline=\"\(scene.prefix)\",side=\"source\","
                            + "name=\"nowhere\"} 1\n"), "\(written)")
            }
        }
    }
}
