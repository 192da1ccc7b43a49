// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// From a cloud into an archive, and from there to another cloud.
    @Suite struct ArchiveTests {
        private func exporting(_ scene: Scene, _ rest: String = "") throws -> String {
            try scene.pipeline(
                """
                sources:
                  - cloud: alpha
                    images: { name: "\(scene.prefix)*", hidden: any }
                targets: [{ archive: ./export }]
                \(rest)
                """, file: "export.yaml")
        }

        private func importing(_ scene: Scene) throws -> String {
            try scene.pipeline(
                """
                sources: [{ archive: ./export }]
                targets: [{ cloud: beta, image: { members: drop } }]
                """, file: "import.yaml")
        }

        private func run(
            _ scene: Scene, _ arguments: String..., journal: String
        ) async throws -> Outcome {
            let path = scene.folder.appendingPathComponent(journal).path
            return try await scene.start(arguments + ["--journal", path]).outcome()
        }

        private func names(_ scene: Scene, _ suffix: String) -> [String] {
            scene.files(in: "export/images").filter {
                $0.hasSuffix(suffix) && !$0.hasPrefix(".")
            }
        }

        @Test("twelve images come from alpha through an archive to beta with all that they had")
        func through() async throws {
            try await scene("archive") { scene in
                let originals = try await scene.addTwelve(bytes: 70_000)
                let file = try exporting(scene)
                let plan = try await run(scene, "plan", file, journal: "out.sqlite")
                #expect(plan.status == 0, plan.said)
                #expect(scene.files(in: "export").isEmpty, plan.said)
                let out = try await run(scene, "run", file, journal: "out.sqlite")
                #expect(out.status == 0, out.said)
                #expect(names(scene, ".json").count == 12, out.said)
                #expect(scene.files(in: "export/images").count == 24, out.said)

                let again = try await run(scene, "run", file, journal: "out.sqlite")
                #expect(again.status == 0 && again.talk.contains("nothing to do"), again.said)
                let lost = try await run(scene, "run", file, journal: "lost.sqlite")
                #expect(lost.status == 0 && lost.talk.contains("nothing to do"), lost.said)
                #expect(scene.files(in: "export/images").count == 24, lost.said)
                for download in [[], ["--download"]] {
                    let check = try await scene.start(
                        ["check", file, "--journal", scene.folder.path + "/out.sqlite"] + download
                    ).outcome()
                    #expect(check.status == 0, check.said)
                    #expect(check.talk.contains("12 the same\n"), check.said)
                }

                let into = try importing(scene)
                let there = try await run(scene, "run", into, journal: "in.sqlite")
                #expect(there.status == 0, there.said)
                let copies = try await scene.beta.images(scene.prefix)
                Comparison.expectEqual(originals, copies, there.said)
                for copy in copies {
                    let original = originals.first { $0["os_hash_value"] == copy["os_hash_value"] }
                    let bytes = try await scene.beta.data(copy.id)
                    #expect(bytes == (try await scene.alpha.data(original?.id ?? "")), "\(copy)")
                }
                let twice = try await run(scene, "run", into, journal: "in.sqlite")
                #expect(twice.status == 0 && twice.talk.contains("nothing to do"), twice.said)
            }
        }

        @Test("a run that is killed again and again leaves an archive with every image once")
        func killed() async throws {
            try await scene("archivekill") { scene in
                let originals = try await scene.addTwelve(bytes: Sample.mebibyte)
                let file = try exporting(scene, "limits: { images: 4, bandwidth: 4MiB/s }")
                var found: [String] = []
                for whole in [1, 4, 8] {
                    let command = try scene.start(["run", file])
                    try await waits("\(whole) images are whole") {
                        self.names(scene, ".json").count >= whole
                            && scene.files(in: "export/images").contains { $0.hasSuffix(".part") }
                    }
                    command.signal(SIGKILL)
                    let outcome = await command.outcome()
                    #expect(outcome.status == 128 + SIGKILL, outcome.said)
                    // Each image that an archive source would see is complete.
                    for name in names(scene, ".json") {
                        let data = name.replacing(".json", with: ".data")
                        let folder = scene.folder.appendingPathComponent("export/images")
                        let bytes = try Data(contentsOf: folder.appendingPathComponent(data))
                        let record = try JSONDecoder().decode(
                            JSONValue.self,
                            from: Data(contentsOf: folder.appendingPathComponent(name)))
                        let hash = try digest(.sha512, of: [UInt8](bytes))
                        #expect(record["image"]?["os_hash_value"]?.string == hash.value, "\(name)")
                    }
                    found.append(scene.files(in: "export/images").sorted().joined(separator: " "))
                }
                let last = try await scene.tranship("run", file)
                let context = "\(found.joined(separator: "\n"))\n\(last.said)"
                #expect(last.status == 0, "\(context)")
                let files = scene.files(in: "export/images")
                #expect(files.count == 24 && !files.contains { $0.hasPrefix(".") }, "\(context)")
                let there = try await run(
                    scene, "run", try importing(scene), journal: "in.sqlite")
                #expect(there.status == 0, there.said)
                let copies = try await scene.beta.images(scene.prefix)
                Comparison.expectEqual(originals, copies, "\(context)")
            }
        }

        /// The folder of a disk that is not mounted looks like the folder of a new archive.
        @Test("an archive that has gone is not begun again in silence, and holds up no cloud")
        func unmounted() async throws {
            try await scene("archivegone") { scene in
                try await scene.alpha.add("\(scene.prefix) one", Sample.raw(5000, seed: 1))
                let file = try scene.pipeline(
                    """
                    sources: [{ cloud: alpha, images: { name: "\(scene.prefix)*" } }]
                    targets: [{ archive: ./export }, { cloud: beta }]
                    """)
                let first = try await scene.tranship("run", file)
                #expect(first.status == 0, first.said)
                let export = scene.folder.appendingPathComponent("export")
                let away = scene.folder.appendingPathComponent("away")
                try FileManager.default.moveItem(at: export, to: away)
                try await scene.alpha.add("\(scene.prefix) two", Sample.raw(5000, seed: 2))

                let second = try await scene.tranship("run", file)
                #expect(second.status == 3, second.said)
                #expect(
                    second.talk.contains("export, and the journal knows 1 image in it"), second.said
                )
                #expect(second.talk.contains("mount its disk"), second.said)
                #expect(!FileManager.default.fileExists(atPath: export.path), second.said)
                #expect(try await scene.beta.images(scene.prefix).count == 2, second.said)
                let check = try await scene.tranship("check", file)
                #expect(check.status == 1 && check.talk.contains("mount its disk"), check.said)

                // An archive of a future version does not delay a cloud either.
                try FileManager.default.moveItem(at: away, to: export)
                let marker = export.appendingPathComponent("tranship-archive.json")
                let text = try String(contentsOf: marker, encoding: .utf8)
                try text.replacing(/: 1\b/, with: ": 99").write(
                    to: marker, atomically: true, encoding: .utf8)
                try await scene.alpha.add("\(scene.prefix) three", Sample.raw(5000, seed: 3))
                let third = try await scene.tranship("run", file)
                #expect(third.status == 3, third.said)
                #expect(third.talk.contains("use that version of Tranship"), third.said)
                #expect(try await scene.beta.images(scene.prefix).count == 3, third.said)
                try text.write(to: marker, atomically: true, encoding: .utf8)
                let last = try await scene.tranship("run", file)
                #expect(last.status == 0, last.said)
                #expect(names(scene, ".json").count == 3, last.said)
            }
        }

        @Test("rollback, a folder of others, and two runs at once")
        func together() async throws {
            try await scene("archivetwo") { scene in
                for number in 0..<4 {
                    try await scene.alpha.add(
                        "\(scene.prefix) \(number)",
                        Sample.raw(Sample.mebibyte, seed: UInt64(number + 7)),
                        ["visibility": "private"])
                }
                let file = try exporting(scene, "limits: { images: 2, bandwidth: 2MiB/s }")
                let journals = ["one.sqlite", "two.sqlite"]
                let commands = try journals.map {
                    try scene.start(["run", file, "--journal", scene.folder.path + "/\($0)"])
                }
                for command in commands {
                    let outcome = await command.outcome()
                    #expect(outcome.status == 0, outcome.said)
                }
                let files = scene.files(in: "export/images")
                #expect(files.count == 8 && !files.contains { $0.hasPrefix(".") }, "\(files)")

                // Each run removes the images that it made itself.
                try Data("mine".utf8).write(
                    to: scene.folder.appendingPathComponent("export/images/notes.txt"))
                for journal in journals {
                    let back = try await run(
                        scene, "rollback", file, "1", "--yes", journal: journal)
                    #expect(back.talk.contains("removed"), back.said)
                }
                #expect(scene.files(in: "export/images") == ["notes.txt"])

                let other = try scene.pipeline(
                    """
                    sources: [{ cloud: alpha, images: { name: "\(scene.prefix)*" } }]
                    targets: [{ archive: . }]
                    """, file: "other.yaml")
                let refused = try await scene.tranship("plan", other)
                #expect(refused.status != 0 && refused.talk.contains("not empty"), refused.said)
            }
        }
    }
}
