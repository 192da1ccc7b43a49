// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct SignalTests {
        @Test(
            "a signal in mid-run ends it within 5 seconds, says how to go on, and it goes on",
            arguments: [SIGINT, SIGTERM, SIGHUP])
        func stops(number: Int32) async throws {
            try await scene("signal") { scene in
                let file = try await slow(scene)
                let command = try scene.start(["run", file])
                try await inFlight(scene)
                let sent = ContinuousClock.now
                command.signal(number)
                let outcome = await command.outcome()
                #expect(ContinuousClock.now - sent < .seconds(5))
                #expect(outcome.status == 130, outcome.said)
                #expect(outcome.talk.contains("the same command goes on"), outcome.said)
                #expect(
                    outcome.talk.components(separatedBy: "interrupted;").count == 2, outcome.said)

                let status = try await scene.tranship("status")
                #expect(status.status == 0, status.said)
                #expect(status.output.contains("interrupted"), status.said)

                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                try await expectArrived(scene, again)
            }
        }

        @Test("a signal while the listings are read ends it as well")
        func stopsPlanning() async throws {
            let server = try RawHTTPServer { _ in .hanging() }
            try await scene("signalplan") { scene in
                let file = try scene.urlPipeline("\(server.url)/image.img")
                let command = try scene.start(["run", file])
                #expect(await server.received { !$0.isEmpty })
                command.signal(SIGTERM)
                let outcome = await command.outcome(withinSeconds: 10)
                #expect(outcome.status == 130, outcome.said)
                #expect(outcome.talk.contains("interrupted"), outcome.said)
            }
        }

        @Test("--drain finishes what is in flight and starts nothing new; resume does the rest")
        func drains() async throws {
            try await scene("drain") { scene in
                let file = try await slow(scene, images: 2)
                let command = try scene.start(["run", file, "--drain"])
                try await inFlight(scene)
                command.signal(SIGINT)
                let outcome = await command.outcome()
                #expect(outcome.status == 130, outcome.said)
                #expect(outcome.talk.contains("finishing the images in flight"), outcome.said)
                let states = try await scene.journalled().map { $0.text("state") }
                #expect(states.count { $0 == "done" } >= 1, outcome.said)
                #expect(states.count { $0 == "planned" } >= 2, outcome.said)
                let copies = try await scene.beta.images(scene.prefix)
                #expect(copies.allSatisfy { $0.text("status") == "active" }, outcome.said)
                #expect(copies.count == 4 - states.count { $0 == "planned" }, outcome.said)

                let resume = try await scene.tranship("resume")
                #expect(resume.status == 0, resume.said)
                #expect(resume.talk.contains("resuming \(scene.prefix)"), resume.said)
                try await expectArrived(scene, resume)

                let nothing = try await scene.tranship("resume")
                #expect(nothing.status == 0, nothing.said)
                #expect(nothing.talk.contains("nothing to resume"), nothing.said)
            }
        }

        @Test("resume finds what was killed without being told where")
        func resumesKilled() async throws {
            try await scene("resume") { scene in
                let file = try await slow(scene)
                let journal = "\(scene.folder.path)/tranship/\(scene.prefix).sqlite"
                let command = try RunningCommand(
                    ["run", file], environment: scene.environment, folder: scene.folder)
                try await inFlight(scene)
                command.signal(SIGKILL)
                _ = await command.outcome()
                #expect(FileManager.default.fileExists(atPath: journal))
                let status = await
                    (try RunningCommand(
                        ["status"], environment: scene.environment, folder: scene.folder)).outcome()
                #expect(status.output.contains("killed"), status.said)
                let resume = await
                    (try RunningCommand(
                        ["resume"], environment: scene.environment, folder: scene.folder)).outcome()
                #expect(resume.status == 0, resume.said)
                try await expectArrived(scene, resume)
            }
        }

        @Test(
            "resume takes from the file what the journal must not keep, and names what was edited")
        func resumesWithSecrets() async throws {
            let data = noise(3 * Sample.mebibyte, seed: 31)
            let server = try RawHTTPServer { _ in .status(200, body: data) }
            try await scene("resumesecret") { scene in
                let file = try scene.urlPipeline(
                    "\(server.url)/image.img?token=planted", "limits: { bandwidth: 2MiB/s }")
                let command = try scene.start(["run", file])
                try await inFlight(scene)
                command.signal(SIGTERM)
                #expect(await command.outcome().status == 130)
                let text = try String(contentsOfFile: file, encoding: .utf8)
                try Data("\(text)\norder: listed\n".utf8).write(to: URL(fileURLWithPath: file))
                let resume = try await scene.tranship("resume")
                #expect(resume.status == 0, resume.said)
                #expect(
                    resume.talk.contains(
                        "the pipeline file was edited since run 1 began, so the work is planned again: "
                            + "order: none -> listed"), resume.said)
                #expect(server.requests.allSatisfy { $0.target.hasSuffix("?token=planted") })
                #expect(
                    try await scene.beta.data(try await scene.beta.only(scene.prefix).id) == data)
            }
        }

        @Test("resume does not plan again under a saved plan; without the edit, it goes on")
        func resumesSavedPlan() async throws {
            try await scene("resumeplan") { scene in
                let file = try await slow(scene)
                let saved = scene.folder.appendingPathComponent("plan.json").path
                let plan = try await scene.tranship("plan", file, "--save", saved)
                #expect(plan.status == 0, plan.said)
                let command = try scene.start(["run", file, "--plan", saved])
                try await inFlight(scene)
                command.signal(SIGINT)
                #expect(await command.outcome().status == 130)

                let text = try String(contentsOfFile: file, encoding: .utf8)
                try Data("\(text)\norder: listed\n".utf8).write(to: URL(fileURLWithPath: file))
                // The service may still perform requests of the ended process.
                var before: [String] = []
                for _ in 1...10 {
                    let ids = try await scene.beta.images(scene.prefix).map(\.id).sorted()
                    if ids == before { break }
                    before = ids
                    try await Task.sleep(for: .seconds(1))
                }
                let refused = try await scene.tranship("resume")
                #expect(refused.status == 4, refused.said)
                #expect(
                    refused.talk.contains(
                        "the pipeline file was edited since: order: none -> listed"),
                    refused.said)
                #expect(
                    refused.talk.contains("run 1 carries out a saved plan (sha256:"), refused.said)
                let after = try await scene.beta.images(scene.prefix).map(\.id).sorted()
                #expect(after == before)

                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                let resume = try await scene.tranship("resume")
                #expect(resume.status == 0, resume.said)
                try await expectArrived(scene, resume)
                let report = try await scene.tranship("report", "--json")
                let digest = report.lines("report-run").first?.text("plan_digest") ?? ""
                #expect(digest.hasPrefix("sha256:") && refused.talk.contains(digest), report.said)
            }
        }

        @Test("a second run is told who has the journal; plan and status do not wait")
        func oneProcess() async throws {
            try await scene("second") { scene in
                let file = try await slow(scene)
                let command = try scene.start(["run", file])
                try await inFlight(scene)
                for arguments in [["run", file], ["resume"]] {
                    let second = await (try scene.start(arguments)).outcome()
                    #expect(second.status == 11, second.said)
                    #expect(second.talk.contains("process \(command.pid)"), second.said)
                    #expect(second.talk.contains("hint:"), second.said)
                }
                let plan = await (try scene.start(["plan", file])).outcome()
                #expect(plan.status == 0, plan.said)
                let status = try await scene.tranship("status", "--format", "json")
                #expect(status.status == 0, status.said)
                let line = try #require(status.lines("status").first)
                #expect(line.text("holder").contains("process \(command.pid)"), status.said)
                #expect(status.lines("transfer").contains { $0.text("state") == "sending" })

                let outcome = await command.outcome()
                #expect(outcome.status == 0, outcome.said)
                try await expectArrived(scene, outcome)
            }
        }

        // MARK: Parts

        /// Makes a pipeline of images that take some seconds together.
        private func slow(_ scene: Scene, images: Int = 4) async throws -> String {
            for number in 1...4 {
                try await scene.alpha.add(
                    "\(scene.prefix) \(number)",
                    Sample.raw(2 * Sample.mebibyte + number, seed: UInt64(number)))
            }
            return try scene.cloudPipeline("limits: { images: \(images), bandwidth: 2MiB/s }")
        }

        /// Waits until the target receives data.
        private func inFlight(_ scene: Scene) async throws {
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                let statuses = try await scene.beta.images(scene.prefix).map {
                    $0.text("status")
                }
                if statuses.contains("saving") { return }
            }
            Issue.record("no image was ever in flight")
        }

        private func expectArrived(_ scene: Scene, _ outcome: Outcome) async throws {
            let copies = try await scene.beta.images(scene.prefix)
            Comparison.expectEqual(
                try await scene.alpha.images(scene.prefix), copies, outcome.said)
        }
    }
}
