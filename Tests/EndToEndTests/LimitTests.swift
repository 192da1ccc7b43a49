// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct LimitTests {
        @Test("all transfers together stay under limits.bandwidth")
        func bandwidth() async throws {
            try await scene("bandwidth") { scene in
                let bytes = 3 * Sample.mebibyte
                let file = try scene.filesPipeline(
                    4, bytes: bytes, "limits: { images: 4, bandwidth: 4MiB/s }")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let rate = Double(4 * bytes) / run.seconds
                #expect(rate <= 1.2 * Double(4 * Sample.mebibyte), "\(rate) bytes a second")
            }
        }

        @Test("`tranship limit` changes a run that is under way, and `status` shows it")
        func change() async throws {
            try await scene("limit") { scene in
                let bytes = 8 * Sample.mebibyte
                // At the rate of the file, the copy would take a quarter of an hour.
                let file = try scene.filePipeline(bytes: bytes, "limits: { bandwidth: 8KiB/s }")
                let before = try await scene.tranship("limit", "1MiB/s", "--journal", scene.journal)
                #expect(before.status == 7, before.said)
                let command = try scene.start(["run", file])
                async let ended = command.outcome()
                var status = try await scene.tranship("status", "--format", "json")
                while status.lines("status").first?["run"]?.integer == nil,
                    kill(command.pid, 0) == 0
                {
                    status = try await scene.tranship("status", "--format", "json")
                }
                let slower = try await scene.tranship("limit", "2MiB/s", "--images", "3")
                #expect(slower.status == 0, slower.said)
                #expect(
                    slower.output.contains("bandwidth 2.0 MiB/s, 3 images at once"), slower.said)
                let shown = try await scene.tranship("status")
                #expect(
                    shown.output.contains("limits        bandwidth 2.0 MiB/s, 3 images at once"),
                    shown.said)
                let outcome = await ended
                #expect(outcome.status == 0, outcome.said)
                #expect(outcome.seconds < 60, outcome.said)
                #expect(
                    outcome.talk.contains(
                        "limits: bandwidth 2.0 MiB/s, 3 images at once (set with `tranship limit`)"),
                    outcome.said)
                let after = try await scene.tranship("limit", "off", "--journal", scene.journal)
                #expect(after.status == 1, after.said)
                #expect(after.talk.contains("no run is active: run 1 of"), after.said)
                let wrong = try await scene.tranship("limit", "50MiB", "--journal", scene.journal)
                #expect(wrong.status == 2, wrong.said)
            }
        }

        @Test("no more images are in flight than limits.images")
        func images() async throws {
            try await scene("inflight") { scene in
                let file = try scene.filesPipeline(
                    6, bytes: Sample.mebibyte, "limits: { images: 2, bandwidth: 2MiB/s }")
                let command = try scene.start(["run", file])
                async let ended = command.outcome()
                var most = 0
                while !command.talk.contains(": exit "), kill(command.pid, 0) == 0 {
                    let statuses = try await scene.beta.images(scene.prefix).map {
                        $0.text("status")
                    }
                    most = max(most, statuses.count { $0 == "saving" })
                }
                let outcome = await ended
                #expect(outcome.status == 0, outcome.said)
                #expect(most <= 2, outcome.said)
            }
        }

        @Test("no more images of a source are read at once than its limit, and others go on")
        func source() async throws {
            try await scene("sourcelimit") { scene in
                for number in 1...4 {
                    try await scene.alpha.add(
                        "\(scene.prefix) cloud \(number)",
                        Sample.raw(Sample.mebibyte, seed: UInt64(number)))
                    try scene.file(
                        "\(number).raw", bytes: Sample.mebibyte, seed: UInt64(10 + number))
                }
                // Two entries of one cloud together read one image at a time.
                let file = try scene.pipeline(
                    """
                    sources:
                      - cloud: alpha
                        images: { name: "\(scene.prefix) cloud [12]" }
                        limits: { images: 1 }
                      - cloud: alpha
                        images: { name: "\(scene.prefix) cloud [34]" }
                      - file: ./*.raw
                        image: { name: "\(scene.prefix) file {stem}" }
                    targets: [{ cloud: beta }]
                    order: listed
                    limits: { images: 3, bandwidth: 2MiB/s }
                    """)
                let command = try scene.start(["run", file])
                async let ended = command.outcome()
                var (mostOfCloud, mostOfAll) = (0, 0)
                while !command.talk.contains(": exit "), kill(command.pid, 0) == 0 {
                    let saving = try await scene.beta.images(scene.prefix).filter {
                        $0.text("status") == "saving"
                    }
                    mostOfAll = max(mostOfAll, saving.count)
                    mostOfCloud = max(mostOfCloud, saving.count { $0.name.contains(" cloud ") })
                }
                let outcome = await ended
                #expect(outcome.status == 0, outcome.said)
                #expect(mostOfCloud == 1, outcome.said)
                #expect(mostOfAll > 1, outcome.said)
            }
        }

        @Test(
            "no more images are read from a host than its limit, by us or by a target itself",
            arguments: ["upload", "web-download"])
        func host(method: String) async throws {
            let gate = try GatedServer(Sample.raw(200_000, seed: 71)) { _ in true }
            let other = try GatedServer(Sample.raw(1000, seed: 72)) { _ in false }
            try await scene("hostlimit") { scene in
                let sources = (0..<5).map { number in
                    """
                      - url: \(gate.url)/\(number)
                        checksum: \(gate.sha512)
                        image: { name: "\(scene.prefix) \(number)", disk_format: raw }
                        \(number == 3 ? "limits: { images: 2 }" : "")
                    """
                }
                let file = try scene.pipeline(
                    """
                    sources:
                    \(sources.joined(separator: "\n"))
                      - url: \(other.url)
                        checksum: \(other.sha512)
                        image: { name: "\(scene.prefix) other", disk_format: raw }
                    targets: [{ cloud: beta, method: \(method) }]
                    order: listed
                    limits: { images: 8 }
                    """)
                func reads() -> Int { gate.server.requests.count { !$0.isLook } }
                let command = try scene.start(["run", file])
                try await waits("the other host's image, past those that wait") {
                    try await scene.beta.images("\(scene.prefix) other").first?.text("status")
                        == "active"
                }
                // A target begins to fetch at a time of its choice.
                try await waits("two reads from the host with a limit") { reads() >= 2 }
                #expect(reads() == 2)
                gate.open()
                let run = await command.outcome()
                #expect(run.status == 0, run.said)
                #expect(reads() == 5)
                #expect(try await scene.beta.images(scene.prefix).count == 6)
            }
        }

        @Test("a journal that cannot grow ends the run with what SQLite says, and nothing is lost")
        func fullDisk() async throws {
            try await scene("fulldisk") { scene in
                let file = try scene.filesPipeline(8, bytes: 20_000)
                // From too small for the schema to almost enough for the run, in blocks of 512
                // bytes.
                for blocks in [20, 150, 300, 450] {
                    let full = try await scene.tranship(
                        "run", file, shell: "ulimit -f \(blocks)")
                    #expect(full.status == 7, "\(blocks) blocks: \(full.said)")
                    // For some sizes, the plan beside the journal reaches the limit first.
                    #expect(
                        full.talk.contains("/journal.sqlite cannot be used")
                            || full.talk.contains("/journal.sqlite-run cannot be used"), full.said)
                    #expect(full.talk.contains("SQLite says:"), full.said)
                    #expect(full.talk.contains("hint: make room"), full.said)
                }
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copies = try await scene.beta.images(scene.prefix)
                #expect(copies.map(\.name).sorted() == (1...8).map { "\(scene.prefix) \($0)" })
                #expect(copies.allSatisfy { $0.text("status") == "active" })
            }
        }

        @Test("a journal of another version, and a file that is not a journal, are left alone")
        func foreignJournals() async throws {
            try await scene("journals") { scene in
                let file = try scene.filePipeline(bytes: 1000)
                #expect(try await scene.tranship("run", file).status == 0)
                for (sql, words) in [
                    ("INSERT INTO grdb_migrations VALUES ('999 later')", "newer version"),
                    (
                        "DELETE FROM grdb_migrations; INSERT INTO grdb_migrations VALUES ('1 old')",
                        "never released"
                    ),
                ] {
                    let change = try await RunningCommand(
                        [
                            "-c",
                            """
                            import sqlite3, sys
                            with sqlite3.connect(sys.argv[1]) as journal:
                                journal.executescript(sys.argv[2])
                            """, scene.journal, sql,
                        ], environment: [:], folder: scene.folder, binary: Lab.python
                    ).outcome()
                    #expect(change.status == 0, change.said)
                    for command in [
                        ["run", file], ["resume", file], ["plan", file], ["check", file],
                        ["status"], ["report", file], ["series", "list", file], ["clean", file],
                        ["rollback", file, "1"], ["adopt", file],
                    ] {
                        let refused = await (try scene.start(command)).outcome()
                        #expect(refused.status == 7, "\(command): \(refused.said)")
                        #expect(refused.talk.contains(words), "\(command): \(refused.said)")
                        #expect(refused.talk.contains("hint:"), "\(command): \(refused.said)")
                    }
                }

                let other = scene.folder.appendingPathComponent("other.sqlite").path
                try Data("dear diary, today".utf8).write(to: URL(fileURLWithPath: other))
                let foreign = try await scene.tranship("run", file, "--journal", other)
                #expect(foreign.status == 7, foreign.said)
                #expect(foreign.talk.contains("other.sqlite"), foreign.said)
                #expect(try String(contentsOfFile: other, encoding: .utf8) == "dear diary, today")
            }
        }

        @Test("a journal that is lost costs no second copy")
        func lostJournal() async throws {
            try await scene("lost") { scene in
                try await scene.addTwelve(bytes: 100_000)
                let file = try scene.cloudPipeline()
                #expect(try await scene.tranship("run", file).status == 0)
                let copies = try await scene.beta.images(scene.prefix)
                for ending in ["", "-wal", "-shm", ".lock"] {
                    try? FileManager.default.removeItem(atPath: scene.journal + ending)
                }
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(run.talk.contains("nothing to do: all 12"), run.said)
                #expect(try await scene.beta.images(scene.prefix) == copies)
            }
        }
    }
}
