// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// `check`: the state of the target after a migration, and the audit of a departure.
    @Suite struct CheckTests {
        private func verdicts(_ outcome: Outcome) -> [String: String] {
            Dictionary(
                outcome.lines("check").map { ($0.text("name"), $0.text("verdict")) }
            ) { first, _ in first }
        }

        private func fields(_ outcome: Outcome, _ name: String) -> [String] {
            let line = outcome.lines("check").first { $0.text("name") == name }
            return (line?["differences"]?.array ?? []).map { $0.text("field") }
        }

        @Test("after a run all images are the same, also by their bytes; nothing is changed")
        func same() async throws {
            try await scene("checksame") { scene in
                try await scene.addTwelve(bytes: 70_000)
                let file = try scene.cloudPipeline(targetKeys: "image: { members: drop }")
                let before = try await scene.tranship("check", file)
                #expect(before.status == 4, before.said)
                #expect(before.talk.contains("0 the same, 12 missing"), before.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)

                #expect(try await scene.tranship("run", file).status == 0)
                let there = try await scene.beta.images(scene.prefix)
                for download in [[], ["--download"]] {
                    let check = try await scene.start(["check", file] + download).outcome()
                    #expect(check.status == 0, check.said)
                    #expect(check.talk.contains("12 the same\n"), check.said)
                }
                #expect(try await scene.beta.images(scene.prefix) == there)
            }
        }

        @Test("what differs, is missing or is extra is named, image by image and field by field")
        func differences() async throws {
            try await scene("checkdiff") { scene in
                let names = ["a", "b", "c", "d"].map { "\(scene.prefix) \($0)" }
                for (index, name) in names.enumerated() {
                    try await scene.alpha.add(
                        name, Sample.raw(7000 + index, seed: UInt64(index)),
                        ["os_command_line": "quiet"])
                }
                let file = try scene.cloudPipeline()
                #expect(try await scene.tranship("run", file).status == 0)

                let edited = try await scene.beta.only(names[0])
                try await scene.beta.change(
                    edited.id, ["os_command_line": "init=/bin/sh", "min_disk": 3])
                try await scene.beta.delete(try await scene.beta.only(names[1]))
                try await scene.alpha.delete(try await scene.alpha.only(names[2]))
                try await scene.alpha.change(
                    try await scene.alpha.only(names[3]).id, ["name": .string("\(scene.prefix) e")])

                let check = try await scene.tranship("check", file, "--format", "json")
                #expect(check.status == 4, check.said)
                #expect(
                    verdicts(check) == [
                        names[0]: "differs", names[1]: "missing", names[2]: "extra",
                        "\(scene.prefix) e": "differs",
                    ], check.said)
                #expect(
                    fields(check, names[0]) == ["min_disk", "properties.os_command_line"],
                    check.said)
                #expect(fields(check, "\(scene.prefix) e") == ["name"], check.said)
                let text = try await scene.tranship("check", file)
                #expect(
                    text.output.contains("properties.os_command_line: quiet -> init=/bin/sh"),
                    text.said)
                #expect(
                    text.talk.contains("0 the same, 1 missing, 2 different, 1 extra"), text.said)
            }
        }

        /// The first bytes are the same, so no plan notices the change.
        @Test("data that changed at a server without versions is found by reading it")
        func silentChange() async throws {
            let data = Guarded(noise(300_000, seed: 41))
            let server = try RawHTTPServer { _ in .status(200, body: data.withLock { $0 }) }
            defer { server.stop() }
            try await scene("checksilent") { scene in
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/a.img
                        image: { name: "\(scene.prefix) a", disk_format: raw }
                    targets: [{ cloud: beta }]
                    """)
                let plan = try await scene.tranship("plan", file, "--format", "json")
                #expect(plan.output.contains("\"no-version\""), plan.said)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let same = try await scene.tranship("check", file, "--download")
                #expect(same.status == 0, same.said)
                data.withLock { $0[200_000] ^= 1 }
                let changed = try await scene.tranship("check", file, "--download")
                #expect(changed.status == 4, changed.said)
                let lines = try await scene.tranship(
                    "check", file, "--download", "--format", "json")
                #expect(fields(lines, "\(scene.prefix) a") == ["data"], lines.said)
                // Other first bytes make a new version.
                data.withLock { $0[600] ^= 1 }
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(!again.talk.contains("nothing to do"), again.said)
            }
        }

        @Test(
            "a share that no table brings over is a difference, until it is given again or dropped")
        func lostShare() async throws {
            try await scene("checkshare") { scene in
                let image = try await scene.alpha.add(
                    scene.prefix, Sample.raw(7000, seed: 1), ["visibility": "shared"])
                let member = try await LabCloud.alphaOther.projectID
                try await scene.alpha.share(image.id, with: member)
                let file = try scene.cloudPipeline()
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(run.talk.contains("not shared with \(member): no table"), run.said)

                let lost = try await scene.tranship("check", file)
                #expect(lost.status == 4, lost.said)
                #expect(lost.output.contains("members: \(member) -> \"\"; `projects`"), lost.said)
                // An administrator's token may request the names of projects.
                let named = try scene.pipeline(
                    """
                    sources:
                      - { cloud: alpha-admin, images: { name: "\(scene.prefix)", owner: any } }
                    targets: [{ cloud: beta }]
                    """, file: "named.yaml")
                let names = try await scene.tranship("check", named)
                #expect(names.output.contains("members: other (\(member)) -> \"\""), names.said)
                let json = try await scene.tranship("check", named, "-f", "json")
                #expect(json.output.contains(#""projects":{"\#(member)":"other"}"#), json.said)
                let dropped = try await scene.tranship(
                    "check",
                    try scene.pipeline(
                        """
                        sources: [{ cloud: alpha, images: { name: "\(scene.prefix)" } }]
                        targets: [{ cloud: beta, image: { members: drop } }]
                        """, file: "drop.yaml"))
                #expect(dropped.status == 0, dropped.said)
                try await scene.beta.share(
                    try await scene.beta.only(scene.prefix).id,
                    with: try await LabCloud.betaOther.projectID)
                let shared = try await scene.tranship("check", file)
                #expect(shared.status == 0, shared.said)
            }
        }

        @Test(
            "a check works while a run goes on, and finds the same by the ids if the journal is lost"
        )
        func besideARun() async throws {
            try await scene("checkrun") { scene in
                try await scene.alpha.add("\(scene.prefix) small", Sample.raw(7000, seed: 1))
                try await scene.alpha.add(
                    "\(scene.prefix) large", Sample.raw(6 * Sample.mebibyte, seed: 2))
                let file = try scene.cloudPipeline(
                    source: "alpha", "limits: { images: 1, bandwidth: 1MiB/s }")
                let run = try scene.start(["run", file])
                let deadline = ContinuousClock.now + .seconds(30)
                while try await scene.beta.images("\(scene.prefix) small").isEmpty,
                    ContinuousClock.now < deadline
                {
                    try await Task.sleep(for: .milliseconds(100))
                }
                let check = try await scene.tranship("check", file, "--format", "json")
                #expect(check.status == 4, check.said)
                #expect(verdicts(check)["\(scene.prefix) large"] == "missing", check.said)
                let ended = await run.outcome()
                #expect(ended.status == 0, ended.said)

                try FileManager.default.removeItem(atPath: scene.journal)
                let lost = try await scene.tranship("check", file, "--download")
                #expect(lost.status == 0, lost.said)
            }
        }
    }
}
