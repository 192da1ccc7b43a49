// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// The output of a run in cron's mail and in a log.
    @Suite struct NightLogTests {
        private func file(_ scene: Scene, checksum: String = "", _ rest: String = "") throws
            -> String
        {
            // A file that is written again is another version.
            if !scene.files(in: "").contains("a.raw") {
                try scene.file("a.raw", bytes: 50_000, seed: 1)
                try scene.file("b.raw", bytes: 60_000, seed: 2)
            }
            return try scene.pipeline(
                """
                sources:
                  - file: ./a.raw
                    \(checksum)
                    image: { name: "\(scene.prefix) a", disk_format: raw, container_format: bare }
                  - file: ./b.raw
                    image: { name: "\(scene.prefix) b", disk_format: raw, container_format: bare }
                targets: [{ cloud: beta, method: upload }]
                \(rest)
                """)
        }

        private let wrong = "checksum: sha256:" + String(repeating: "0", count: 64)

        @Test(
            "a good night is at most 5 lines, each with its time, the first and the last with all")
        func goodNight() async throws {
            try await scene("goodnight") { scene in
                let file = try file(scene)
                for words in ["2 done", "nothing to do: all 2 images are there"] {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 0 && run.output.isEmpty, run.said)
                    let lines = run.talk.split(separator: "\n")
                    #expect((2...5).contains(lines.count), run.said)
                    for line in lines {
                        let time = String(line.prefix { $0 != " " })
                        #expect(
                            time.count == 20 && UTCTime.unixSeconds(time) != nil, run.said)
                    }
                    #expect(lines.first?.contains(" tranship 0.") == true, run.said)
                    #expect(lines.first?.hasSuffix(": \(file)") == true, run.said)
                    #expect(lines.last?.contains("exit 0, \(words)") == true, run.said)
                    #expect(lines.last?.contains(", in 0:") == true, run.said)
                }
            }
        }

        @Test("--quiet says nothing of a good night, and everything of a bad one")
        func quiet() async throws {
            try await scene("quiet") { scene in
                let good = try await scene.tranship("run", try file(scene), "-q")
                #expect(good.status == 0 && good.everything.isEmpty, good.said)
                let bad = try await scene.tranship(
                    "run", try file(scene, checksum: wrong), "--quiet")
                #expect(bad.status == 6 && bad.output.isEmpty, bad.said)
                #expect(bad.talk.contains("do not match their checksum"), bad.said)
                #expect(bad.talk.contains("1 failed"), bad.said)
                #expect(bad.talk.contains("Next:"), bad.said)
                let broken = try await scene.tranship(
                    "run", "-q", try scene.cloudPipeline(source: "nowhere"))
                #expect(broken.status != 0, broken.said)
                #expect(broken.talk.contains("error: "), broken.said)
                #expect(broken.talk.contains("exit \(broken.status)"), broken.said)
            }
        }

        @Test("every image is counted at the end, in status and in JSON, and the next step works")
        func counts() async throws {
            try await scene("counts") { scene in
                let url =
                    "- url: http://127.0.0.1:1/gone.img\n    image: { name: \"\(scene.prefix) gone\", "
                    + "disk_format: raw, container_format: bare }"
                func write(_ checksum: String) throws -> String {
                    let path = try file(scene, checksum: checksum)
                    let text = try String(contentsOfFile: path, encoding: .utf8)
                        .replacing("targets:", with: "  \(url)\ntargets:")
                    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                    return path
                }
                let run = try await scene.tranship("run", try write(wrong))
                #expect(run.status == 6, run.said)
                #expect(run.talk.contains("1 done, 1 failed, 1 refused"), run.said)
                let status = try await scene.tranship("status")
                for words in [
                    "done          1 image", "failed        1 image", "refused       1 image",
                ] {
                    #expect(status.output.contains(words), status.said)
                }
                #expect(status.output.contains("\(scene.prefix) gone  unreachable"), status.said)
                #expect(!status.output.contains("sending"), status.said)
                let json = try await scene.tranship("status", "--format", "json")
                let outcomes = json.lines("status").first?["outcomes"]
                #expect(outcomes?["refused"]?.integer == 1, json.said)
                #expect(outcomes?["done"]?.integer == 1, json.said)
                #expect(json.lines("refused").map { $0.text("code") } == ["unreachable"], json.said)

                // Reads the command of the last step as a shell does.
                _ = try write("")
                let step = try #require(
                    run.talk.split(separator: "\n").last { $0.contains("then run again: ") })
                let command = try #require(step.components(separatedBy: "again: tranship ").last)
                let again = try await scene.start(
                    [], shell: "set -- \(command)"
                ).outcome()
                #expect(again.talk.contains("1 done"), again.said)
            }
        }

        @Test("every line of JSON has its time, and a run has a first and a last one")
        func jsonTimes() async throws {
            try await scene("jsontimes") { scene in
                let run = try await scene.tranship(
                    "run", try file(scene), environment: ["TRANSHIP_PROGRESS": "json"])
                #expect(run.status == 0, run.said)
                #expect(
                    run.lines.allSatisfy { UTCTime.unixSeconds($0.text("time")) != nil }, run.said)
                #expect(run.lines.first?.text("type") == "begin", run.said)
                #expect(run.lines.first?["run"]?.integer == 1, run.said)
                let end = try #require(run.lines.last)
                #expect(end.text("type") == "end" && end["exit_status"]?.integer == 0, run.said)
                #expect(end["outcomes"]?["done"]?.integer == 2, run.said)
            }
        }

        @Test("a word that --progress does not know is exit 2")
        func unknownMode() async throws {
            try await scene("mode") { scene in
                let file = try file(scene)
                let option = try await scene.tranship("run", file, "--progress", "loud")
                #expect(option.status == 2, option.said)
                let variable = try await scene.tranship(
                    "run", file, environment: ["TRANSHIP_PROGRESS": "loud"])
                #expect(variable.status == 2, variable.said)
                #expect(variable.talk.contains("TRANSHIP_PROGRESS is \"loud\""), variable.said)
            }
        }
    }
}
