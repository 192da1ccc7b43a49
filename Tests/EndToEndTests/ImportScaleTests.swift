// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// Waiting imports, which hold no thread, and whose state no kill can lose.
    @Suite struct ImportScaleTests {
        private static let count = 200
        /// The limit for any number of waiting imports: two threads for each of 4 images that move,
        /// one for each of 16 looks, and those of the runtime.
        private static let threadsMax = 8 + 16 + 16

        @Test("200 images in import hold no threads, and each wait outlives a SIGKILL")
        func many() async throws {
            let glance = try GlanceServer()
            try await scene("many") { scene in
                for number in 0..<Self.count {
                    try scene.file("\(number).raw", bytes: 1000 + number, seed: UInt64(number))
                }
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./*.raw
                        image: { name: "\(scene.prefix) {stem}" }
                    targets: [{ cloud: model, method: glance-direct }]
                    limits: { images: 4 }
                    """)
                let environment = [
                    "OS_CLIENT_CONFIG_FILE": try glance.cloudsFile(in: scene.folder)
                ]

                let first = try scene.start(["run", file], environment: environment)
                try await waits(withinSeconds: 120, "all imports") {
                    imports(glance) == Self.count
                }
                var most = 0
                for _ in 0..<20 {
                    most = max(most, try threads(of: first.pid))
                    try await Task.sleep(for: .milliseconds(100))
                }
                print("\(most) threads with \(Self.count) images in import")
                #expect(most <= Self.threadsMax)
                first.signal(SIGKILL)
                _ = await first.outcome()

                let before = glance.asked.count
                let second = try scene.start(["run", file], environment: environment)
                try await waits(withinSeconds: 60, "a look at each import") {
                    let looks = glance.asked.dropFirst(before).filter { $0.hasSuffix("/tasks") }
                    return Set(looks).count == Self.count
                }
                glance.endImports()
                let run = await second.outcome()
                #expect(run.status == 0, run.said)
                let states = try await scene.journalled().map { $0.text("state") }
                #expect(states.count == Self.count)
                #expect(states.allSatisfy { $0 == "done" })
                // No data was staged twice, and no import was requested twice.
                #expect(imports(glance) == Self.count)
                #expect(glance.asked.count { $0.hasSuffix("/stage") } == Self.count)
            }
        }

        private func imports(_ glance: GlanceServer) -> Int {
            glance.asked.count { $0.hasPrefix("POST") && $0.hasSuffix("/import") }
        }

        private func threads(of pid: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = try #require(
                status.split(separator: "\n").first { $0.hasPrefix("Threads:") })
            return try #require(Int(line.filter(\.isNumber)))
        }
    }
}
