// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// A project's quotas: known before the first byte, and respected while running.
    @Suite struct ImportLimitsTests {
        @Test("Keystone's limits: known before the first byte, and kept while running")
        func unifiedLimits() async throws {
            // One restart of the service serves all of them; limits need none.
            try await Lab.with("unified-limits", "on", of: "beta") {
                try await cannotFit("image_size_total", "the plan adds 4 MiB")
                try await cannotFit("image_count_total", "the plan adds 2 images")
                try await uploading()
                try await staged()
                try await Lab.withLimit("image_count_total", 7, of: "beta") {
                    try await scene("doctorlimit") { scene in
                        let outcome = try await scene.doctor("beta")
                        #expect(outcome.output.contains("image_count_total: "), outcome.said)
                        #expect(outcome.output.contains(" of 7\n"), outcome.said)
                    }
                }
            }
        }

        /// Expects that `plan` warns about a limit and `run` refuses.
        private func cannotFit(_ limit: String, _ words: String) async throws {
            try await scene("cannotfit") { scene in
                for number in 0..<2 {
                    try scene.file("\(number).raw", bytes: 2 << 20, seed: UInt64(number))
                }
                let file = try scene.manyFiles()
                try await Lab.withLimit(limit, 1, of: "beta") {
                    let plan = try await scene.tranship("plan", file)
                    #expect(plan.status == 0, plan.said)
                    #expect(plan.talk.contains("warning: target beta: \(words)"), plan.said)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 8, run.said)
                    #expect(
                        run.talk.contains("\(words) and the project's quota \(limit) leaves"),
                        run.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty)
                }
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
            }
        }

        /// Waits until the run has looked at its imports the given number of times. Each look is a
        /// turn of the scheduler, in which another import could begin.
        private func looks(_ count: Int, _ command: RunningCommand) async throws {
            try await waits("looks at the imports") {
                command.output.components(separatedBy: #""note_code":"importing""#).count > count
            }
        }

        /// Expects that at most `image_count_uploading` images are imported at once.
        private func uploading() async throws {
            let gate = try GatedServer(Sample.raw(200_000, seed: 61))
            try await scene("uploading") { scene in
                let file = try scene.manyURLs(gate, count: 5)
                try await Lab.withLimit("image_count_uploading", 2, of: "beta") {
                    let command = try scene.start(["run", file, "--format", "json"])
                    try await waits("two imports") { gate.fetches == 2 }
                    try await looks(3, command)
                    #expect(gate.fetches == 2)
                    #expect(try await scene.beta.images(scene.prefix).count == 2)
                    gate.open()
                    let run = await command.outcome()
                    #expect(run.status == 0, run.said)
                    #expect(!run.talk.contains("413"), run.said)
                    #expect(try await scene.beta.images(scene.prefix).count == 5)
                }
            }
        }

        /// Expects that at most `image_stage_total` bytes are staged at once.
        private func staged() async throws {
            let gate = try GatedServer(Sample.raw(600_000, seed: 62))
            try await scene("staged") { scene in
                let file = try scene.manyURLs(gate, count: 3)
                // One image of 0.6 MB fits into 1 MiB, two do not.
                try await Lab.withLimit("image_stage_total", 1, of: "beta") {
                    let command = try scene.start(["run", file, "--format", "json"])
                    try await waits("an import") { gate.fetches == 1 }
                    try await looks(3, command)
                    #expect(gate.fetches == 1)
                    gate.open()
                    let run = await command.outcome()
                    #expect(run.status == 0, run.said)
                    #expect(!run.talk.contains("413"), run.said)
                }
            }
        }

        @Test("a quota that fills in mid-run pauses its target, and the other target goes on")
        func pause() async throws {
            try await scene("pause", cleaning: [.alphaTwoAdmin]) { scene in
                for number in 0..<6 {
                    try scene.file("\(number).raw", bytes: 600_000, seed: UInt64(number))
                }
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./*.raw
                        image: { name: "\(scene.prefix) {stem}" }
                    targets: [{ cloud: beta }, { cloud: alpha-two }]
                    limits: { images: 1 }
                    """)
                // No call reports this quota in advance.
                let used = try await scene.beta.images("").reduce(Int64(0)) {
                    $0 + ($1["size"]?.integer ?? 0)
                }
                try await Lab.with("user-storage-quota", "\(used + 1_500_000)B", of: "beta") {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 8, run.said)
                    #expect(run.talk.contains("413"), run.said)
                    #expect(try await scene.beta.images(scene.prefix).count == 2, run.said)
                    #expect(try await LabCloud.alphaTwo.images(scene.prefix).count == 6, run.said)
                    let states = try await scene.journalled().filter { $0.text("target") == "beta" }
                        .map { $0.text("state") }
                    // One transfer reached the quota, and the others were not tried.
                    #expect(states.count { $0 == "failed" } == 1, "\(states)")
                    #expect(states.count { $0 == "planned" } == 3, "\(states)")
                }
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(try await scene.beta.images(scene.prefix).count == 6)
            }
        }
    }
}

extension Scene {
    func manyFiles() throws -> String {
        try pipeline(
            """
            sources:
              - file: ./*.raw
                image: { name: "\(prefix) {stem}" }
            targets: [{ cloud: beta }]
            """)
    }

    /// Makes a pipeline of several images at one server, which beta fetches itself.
    func manyURLs(_ gate: GatedServer, count: Int) throws -> String {
        let sources = (0..<count).map { number in
            """
              - url: \(gate.url)/\(number)
                checksum: \(gate.sha512)
                image: { name: "\(prefix) \(number)", disk_format: raw, container_format: bare }
            """
        }
        return try pipeline(
            """
            sources:
            \(sources.joined(separator: "\n"))
            targets: [{ cloud: beta, method: web-download }]
            limits: { images: 8 }
            """)
    }
}
