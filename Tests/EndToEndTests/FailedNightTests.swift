// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// Nights at a real Keystone that fail before the run is planned.
    @Suite struct FailedNightTests {
        /// Writes the lab's clouds.yaml with parts of it replaced.
        private func clouds(
            _ scene: Scene, _ name: String, _ changes: [(String, String)]
        ) throws -> [String: String] {
            let text = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
            let changed = changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
            #expect(changed != text)
            let file = scene.folder.appendingPathComponent("\(name).yaml")
            try Data(changed.utf8).write(to: file)
            return ["OS_CLIENT_CONFIG_FILE": file.path]
        }

        @Test("a refused login and a closed port are in the journal, beside the good nights")
        func nights() async throws {
            try await scene("failednight") { scene in
                try scene.file("a.raw", bytes: 20_000, seed: 1)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./a.raw
                        image: { name: "\(scene.prefix) a", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta, method: upload }]
                    """)
                let keystone = try #require(
                    try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
                        .firstMatch(of: #/beta:\s+auth:\s+auth_url: "(.*)"/#)?.1)
                let nights: [(clouds: [String: String], code: String?)] = [
                    (
                        try clouds(scene, "password", [("demo-secret", "old")]),
                        "authentication-failed"
                    ),
                    ([:], nil),
                    (
                        try clouds(scene, "closed", [(String(keystone), "http://127.0.0.1:9/v3")]),
                        "unreachable"
                    ),
                    ([:], nil),
                ]
                for (number, night) in nights.enumerated() {
                    let run = try await scene.tranship("run", file, environment: night.clouds)
                    let status = try await scene.tranship("status", "--format", "json")
                    let line = try #require(status.lines("status").first, status.said)
                    #expect(line["run"]?.integer == Int64(number + 1), status.said)
                    #expect(line["exit_status"]?.integer == Int64(run.status), status.said)
                    #expect(line["outcome"]?.string == (night.code == nil ? "done" : "failed"))
                    #expect(line["cause"]?["code"]?.string == night.code, status.said)
                    #expect(run.status == (night.code == nil ? 0 : 7), run.said)
                    let report = try await scene.tranship("report")
                    #expect(report.status == 0, report.said)
                    #expect(report.output.contains(night.code ?? ", exit 0\n"), report.said)
                }
            }
        }
    }
}
