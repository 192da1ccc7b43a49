// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import Synchronization
import TestSupport
import Testing

extension EndToEndTests {
    /// A publisher whose folder gets a new file now and then.
    @Suite struct LatestTests {
        /// Whose versions a test may add and take away.
        final class Publisher: Sendable {
            let server: RawHTTPServer
            private let content: Content

            private final class Content: Sendable {
                let versions = Mutex<[String: [UInt8]]>([:])
            }

            init() throws {
                let content = Content()
                self.content = content
                server = try RawHTTPServer { request in
                    let known = content.versions.withLock { $0 }
                    let names = known.keys.sorted()
                    switch request.path {
                    case "/noble/":
                        let links = names.map { "<a href=\"disk-\($0).img\">\($0)</a>\n" }
                        return .status(200, text: "<pre>\(links.joined())</pre>")
                    case "/noble/SUMS":
                        let lines = names.map { name in
                            let sum = try? digest(.sha256, of: known[name] ?? []).value
                            return "\(sum ?? "")  disk-\(name).img\n"
                        }
                        return .status(200, text: lines.joined())
                    default:
                        let name = request.path.dropFirst("/noble/disk-".count).dropLast(4)
                        guard let data = known[String(name)] else { return .status(404) }
                        return .status(200, headers: [("ETag", "\"\(name)\"")], body: data)
                    }
                }
            }

            func publish(_ version: String, seed: UInt64) {
                content.versions.withLock { $0[version] = noise(90_000, seed: seed) }
            }

            func withdraw(_ version: String) { content.versions.withLock { $0[version] = nil } }

            func pipeline(_ scene: Scene, _ more: String, rules: String = "") throws -> String {
                try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/noble/
                        latest: disk-@v.img
                        series: \(scene.prefix)
                        image:
                          name: "\(scene.prefix) {version}"
                          disk_format: raw
                          container_format: bare
                    \(more.split(separator: "\n").map { "    \($0)\n" }.joined())
                    targets: [{ cloud: beta, method: upload\(rules) }]
                    """)
            }
        }

        @Test("each night the newest version of a folder follows the last one")
        func newest() async throws {
            let publisher = try Publisher()
            try await scene("latest") { scene in
                let file = try publisher.pipeline(
                    scene, "checksum_file: \(publisher.server.url)/noble/SUMS",
                    rules: ", previous: hide")
                publisher.publish("9.9", seed: 1)
                publisher.publish("9.10~rc1", seed: 2)
                let first = try await scene.tranship("run", file)
                #expect(first.status == 0, first.said)
                let release = try await scene.beta.only("\(scene.prefix) 9.10~rc1")

                publisher.publish("9.10", seed: 3)
                let plan = try await scene.tranship("plan", file, "--format", "json")
                #expect(plan.output.contains("\"version\":\"9.10\""), plan.said)
                let second = try await scene.tranship("run", file)
                #expect(second.status == 0, second.said)
                let copy = try await scene.beta.only("\(scene.prefix) 9.10")
                #expect(try await scene.beta.data(copy.id) == noise(90_000, seed: 3))
                #expect(try await scene.beta.image(release.id)["os_hidden"] == true)
                let again = try await scene.tranship("run", file)
                #expect(again.talk.contains("nothing to do"), again.said)
            }
        }

        @Test("a folder without a match says what it has, and leaves the copies alone")
        func nothing() async throws {
            let publisher = try Publisher()
            try await scene("latest") { scene in
                let file = try publisher.pipeline(scene, "", rules: ", previous: hide")
                publisher.publish("1", seed: 1)
                #expect(try await scene.tranship("run", file).status == 0)
                publisher.withdraw("1")
                publisher.publish("testing", seed: 2)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("it has disk-testing.img"), run.said)
                let copy = try await scene.beta.only("\(scene.prefix) 1")
                #expect(copy["os_hidden"] == false)
            }
        }
    }
}
