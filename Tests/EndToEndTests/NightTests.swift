// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// Runs in each night, without a person who watches.
    @Suite struct NightTests {
        @Test("the metrics of a night are a file that a collector can read")
        func metrics() async throws {
            try await scene("metrics") { scene in
                try scene.file("a.raw", bytes: 50_000)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./a.raw
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta, method: upload }]
                    """)
                let place = scene.folder.appendingPathComponent("night.prom")
                let run = try await scene.tranship("run", file, "--metrics", place.path)
                #expect(run.status == 0, run.said)
                let text = try String(contentsOf: place, encoding: .utf8)
                for value in [
                    "tranship_run_exit_code{pipeline=\"\(scene.prefix)\"} 0\n",
                    "tranship_run_images{pipeline=\"\(scene.prefix)\",target=\"beta\",outcome=\"done\"} 1\n",
                    "tranship_run_done_bytes{pipeline=\"\(scene.prefix)\",target=\"beta\"} 50000\n",
                    "tranship_plan_images{pipeline=\"\(scene.prefix)\",action=\"create\"} 1\n",
                    "target=\"beta\",outcome=\"refused\"} 0\n",
                    "target=\"beta\",outcome=\"conflict\"} 0\n",
                ] {
                    #expect(text.contains(value), "\(value)\n\(text)")
                }
                // Each family has its description once, and before its samples.
                let families = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
                #expect(Set(families).count == families.count)
                let mode = try FileManager.default.attributesOfItem(atPath: place.path)
                #expect(mode[.posixPermissions] as? Int == 0o644)

                // A file with a mistake does not name its journal, so all other metrics stay.
                let mistaken = try scene.pipeline("sources: [", file: "mistaken.yaml")
                let unread = try await scene.tranship("run", mistaken, "--metrics", place.path)
                #expect(unread.status == 2, unread.said)
                let exit = "tranship_run_exit_code{pipeline=\"\(scene.prefix)\"}"
                #expect(
                    try String(contentsOf: place, encoding: .utf8)
                        == text.replacing("\(exit) 0\n", with: "\(exit) 2\n"))
                let new = scene.folder.appendingPathComponent("new.prom")
                _ = try await scene.tranship("run", mistaken, "--metrics", new.path)
                #expect(
                    try String(contentsOf: new, encoding: .utf8)
                        .contains("tranship_run_exit_code{pipeline=\"mistaken\"} 2\n"))

                // A night that cannot begin reports that, and keeps the last success.
                let success = try #require(
                    text.split(separator: "\n").first {
                        $0.hasPrefix("tranship_last_success_time_seconds{")
                    })
                let broken = try await scene.tranship(
                    "run", file, "--metrics", place.path,
                    environment: ["OS_CLIENT_CONFIG_FILE": "/nonexistent"])
                #expect(broken.status == 2, broken.said)
                let after = try String(contentsOf: place, encoding: .utf8)
                #expect(after.contains("tranship_run_exit_code{pipeline=\"\(scene.prefix)\"} 2\n"))
                #expect(after.contains(success))

                // Even a quiet run reports that the collector gets no new metrics.
                let folder = scene.folder.appendingPathComponent("folder.prom")
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: false)
                let quiet = try await scene.tranship("run", file, "-q", "--metrics", folder.path)
                #expect(quiet.status == 0, quiet.said)
                #expect(
                    quiet.talk.contains("--metrics \(folder.path): Is a directory\n"), quiet.said)
                #expect(quiet.talk.contains("\(folder.path)/tranship.prom"), quiet.said)
                let names = try FileManager.default.contentsOfDirectory(atPath: scene.folder.path)
                #expect(!names.contains { $0.hasSuffix(".prom.new") })
            }
        }

        @Test("an image that is refused counts for its target")
        func refusedImage() async throws {
            try await scene("refused") { scene in
                try scene.file("a.raw", bytes: 0)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./a.raw
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta, method: upload }]
                    """)
                let place = scene.folder.appendingPathComponent("night.prom")
                let run = try await scene.tranship("run", file, "--metrics", place.path)
                #expect(run.status == 3, run.said)
                let text = try String(contentsOf: place, encoding: .utf8)
                #expect(text.contains("target=\"beta\",outcome=\"refused\"} 1\n"), "\(text)")
            }
        }

        @Test("a hook gets the report, and its failure does not change the exit code")
        func hooks() async throws {
            try await scene("hooks") { scene in
                try scene.file("a.raw", bytes: 50_000)
                for (name, lines) in [
                    ("good.sh", "cat > \"$(dirname \"$0\")/good.json\""),
                    ("bad.sh", "cat > \"$(dirname \"$0\")/bad.json\"; exit 3"),
                ] {
                    let place = scene.folder.appendingPathComponent(name)
                    try Data("#!/bin/sh\n\(lines)\n".utf8).write(to: place)
                    try FileManager.default.setAttributes(
                        [.posixPermissions: 0o755], ofItemAtPath: place.path)
                }
                func run(_ checksum: String, status: Int32) async throws -> Outcome {
                    let file = try scene.pipeline(
                        """
                        sources:
                          - file: ./a.raw
                            \(checksum)
                            image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                        targets: [{ cloud: beta, method: upload }]
                        hooks: { on_success: [./good.sh], on_failure: [./bad.sh] }
                        """)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == status, run.said)
                    return run
                }
                func report(_ name: String) throws -> JSONValue {
                    try JSONDecoder().decode(
                        JSONValue.self,
                        from: Data(contentsOf: scene.folder.appendingPathComponent(name)))
                }
                let sum = String(repeating: "0", count: 64)
                let failed = try await run("checksum: sha256:\(sum)", status: 6)
                #expect(failed.talk.contains("bad.sh ended with exit code 3"), failed.said)
                let bad = try report("bad.json")
                #expect(bad["exit_status"]?.integer == 6 && bad["type"]?.string == "report")
                let entry = bad["entries"]?.array?.first
                #expect(entry?["error"]?["code"]?.string == "checksum-mismatch", "\(bad)")

                _ = try await run("", status: 0)
                let good = try report("good.json")
                #expect(good["exit_status"]?.integer == 0 && good["left_out"]?.integer == 0)
                #expect(good["states"]?["done"]?.integer == 1, "\(good)")
            }
        }

        @Test("a run whose time is over finishes what is in flight, and the next one goes on")
        func maxDuration() async throws {
            try await scene("limit") { scene in
                for number in 1...4 {
                    try scene.file("\(scene.prefix)-\(number).raw", bytes: 300_000)
                }
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./*.raw
                        image: { name: "{stem}", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta, method: upload }]
                    limits: { images: 1, bandwidth: 200KiB/s }
                    """)
                let run = try await scene.tranship("run", file, "--max-duration", "2s")
                #expect(run.status == 8, run.said)
                #expect(run.talk.contains("--max-duration"), run.said)
                let copies = try await scene.beta.images(scene.prefix)
                #expect((1...3).contains(copies.count), run.said)
                #expect(copies.allSatisfy { $0.text("status") == "active" }, run.said)
                let next = try await scene.tranship("run", file)
                #expect(next.status == 0, next.said)
                #expect(try await scene.beta.images(scene.prefix).count == 4)
            }
        }
    }
}
