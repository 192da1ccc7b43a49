// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// `method: auto`, which chooses by the cost of each method.
    @Suite struct MethodCostTests {
        private static let unknown =
            "upload takes about 7 s a GiB (assumed), glance-download about 13 s (assumed)"

        /// Returns data that is large enough to be measured.
        private static func measuredData(seed: UInt64) -> [UInt8] {
            Scene.largeData(seed: seed)
                + [UInt8](repeating: 7, count: 64 * Sample.mebibyte)
        }

        @Test("the first run uploads, and the second plan goes by what it measured")
        func measures() async throws {
            try await scene("costs", cleaning: [.alphaTwoAdmin]) { scene in
                try await scene.alpha.add("\(scene.prefix) 1", Self.measuredData(seed: 81))
                let file = try scene.cloudPipeline(target: "alpha-two")
                let plan = try await scene.tranship("plan", file)
                #expect(plan.output.contains("by upload\n    \(Self.unknown)\n"), plan.said)
                let first = try await scene.planned(file)
                #expect(first.text("method_reason_code") == "sending-is-faster")
                #expect(
                    first["estimates"]?.array?.map { $0.text("basis") } == ["assumed", "assumed"])
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(try await scene.transfer().text("method") == "upload")

                try await scene.alpha.add("\(scene.prefix) 2", Scene.largeData(seed: 82))
                let again = try await scene.tranship("plan", file, "--format", "json")
                let item = try #require(
                    again.lines("plan-item").first { $0.text("action") == "create" }, again.said)
                let upload = try #require(
                    item["estimates"]?.array?.first { $0.text("method") == "upload" }, again.said)
                #expect(upload.text("basis") == "measured", again.said)
                #expect(upload["run"]?.integer == 1, again.said)
                #expect(upload["milliseconds_per_gib"]?.integer ?? 0 > 0, again.said)
            }
        }

        @Test("over a link that a limit makes narrow, the target fetches the image itself")
        func narrowLink() async throws {
            try await scene("narrowlink", cleaning: [.alphaTwoAdmin]) { scene in
                try await scene.alpha.add(scene.prefix, Scene.largeData(seed: 83))
                let file = try scene.cloudPipeline(target: "alpha-two", Scene.slowLink)
                let item = try await scene.planned(file)
                #expect(item.text("method") == "glance-download")
                #expect(
                    item.text("method_reason")
                        == "glance-download takes about 13 s a GiB (assumed), upload about 1m 04s "
                        + "(`limits.bandwidth` is 16.0 MiB/s); the target's sha512 proves the result"
                )
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(try await scene.transfer().text("method") == "glance-download")
                let originals = try await scene.alpha.images(scene.prefix)
                Comparison.expectEqual(
                    originals, try await LabCloud.alphaTwo.images(scene.prefix))
            }
        }

        @Test("the target fetches a URL that it can prove, over such a link only")
        func url() async throws {
            let data = Scene.largeData(seed: 84)
            let server = try RawHTTPServer { _ in .status(200, body: data) }
            try await scene("narrowurl") { scene in
                // A record that shows the algorithm of beta even if beta has no other image.
                try await scene.beta.add("\(scene.prefix) witness", [1, 2, 3])
                let wide = try scene.promisedPipeline("\(server.url)/image.img", data: data)
                #expect(try await scene.planned(wide).text("method") == "upload")
                let narrow = try scene.promisedPipeline(
                    "\(server.url)/image.img", data: data, Scene.slowLink)
                #expect(try await scene.planned(narrow).text("method") == "web-download")
                let run = try await scene.tranship("run", narrow)
                #expect(run.status == 0, run.said)
                #expect(server.requests.contains { $0.isByGlance })
                let copy = try await scene.beta.only(scene.prefix)
                #expect(try await scene.beta.data(copy.id) == data)
            }
        }

        @Test("a saved plan keeps its method, whatever was measured since")
        func savedPlan() async throws {
            try await scene("savedcosts", cleaning: [.alphaTwoAdmin]) { scene in
                try await scene.alpha.add("\(scene.prefix) 1", Self.measuredData(seed: 85))
                let file = try scene.cloudPipeline(target: "alpha-two")
                let first = try await scene.tranship("run", file)
                #expect(first.status == 0, first.said)
                try await scene.alpha.add("\(scene.prefix) 2", Scene.largeData(seed: 86))
                func measured(_ milliseconds: Int) async throws {
                    let change = try await RunningCommand(
                        [
                            "-c",
                            """
                            import sqlite3, sys
                            with sqlite3.connect(sys.argv[1]) as journal:
                                rows = journal.execute(
                                    "UPDATE method_time SET milliseconds_per_gib = ?", sys.argv[2:])
                            sys.exit(rows.rowcount != 1)
                            """, scene.journal, "\(milliseconds)",
                        ], environment: [:], folder: scene.folder, binary: Lab.python
                    ).outcome()
                    #expect(change.status == 0, change.said)
                }
                try await measured(1)
                let plan = try await scene.tranship("plan", file, "--save", "plan.json")
                #expect(plan.status == 0, plan.said)
                try await measured(86_400_000)
                let now = try await scene.tranship("plan", file, "--format", "json")
                #expect(
                    now.lines("plan-item").first { $0.text("action") == "create" }?.text("method")
                        == "glance-download", now.said)
                let run = try await scene.tranship("run", file, "--plan", "plan.json")
                #expect(run.status == 0, run.said)
                let transfers = try await scene.tranship("report", "--format", "json")
                    .lines("report-transfer")
                #expect(transfers.map { $0.text("method") } == ["upload"], "\(transfers)")
            }
        }
    }
}
