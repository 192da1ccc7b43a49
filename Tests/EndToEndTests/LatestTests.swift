// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// A publisher whose folder gets a new file from time to time.
    @Suite struct LatestTests {
        /// A publisher whose versions a test can add and remove.
        final class Publisher: Sendable {
            let server: RawHTTPServer
            private let content: Content

            private final class Content: Sendable {
                let versions = Guarded<[String: [UInt8]]>([:])
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
                let before = publisher.server.requests.count
                let again = try await scene.tranship("run", file)
                #expect(again.talk.contains("nothing to do"), again.said)
                let requests = publisher.server.requests.dropFirst(before).map(\.path)
                #expect(requests == ["/noble/SUMS"])
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

        @Test("an older version is refused until the pipeline accepts it")
        func downgrade() async throws {
            let publisher = try Publisher()
            try await scene("older") { scene in
                let sums = "checksum_file: \(publisher.server.url)/noble/SUMS"
                let file = try publisher.pipeline(scene, sums, rules: ", previous: hide")
                publisher.publish("9.9", seed: 1)
                publisher.publish("9.10", seed: 2)
                #expect(try await scene.tranship("run", file).status == 0)
                publisher.withdraw("9.10")
                let refused = try await scene.tranship("run", file, "--format", "json")
                #expect(refused.status == 3, refused.said)
                #expect(refused.output.contains("\"code\":\"older-version\""), refused.said)
                #expect(
                    refused.output.contains("version 9.9, which is older than version 9.10"),
                    refused.said)
                let copy = try await scene.beta.only("\(scene.prefix) 9.10")
                #expect(copy["os_hidden"] == false)

                let accepting = try publisher.pipeline(
                    scene, sums + "\nallow_downgrade: true", rules: ", previous: hide")
                let accepted = try await scene.tranship("run", accepting)
                #expect(accepted.status == 0, accepted.said)
                _ = try await scene.beta.only("\(scene.prefix) 9.9")
                #expect(try await scene.beta.image(copy.id)["os_hidden"] == true)
            }
        }

        @Test(
            "a version that does not move for too long is in the plan, the summary and the metrics")
        func stale() async throws {
            let publisher = try Publisher()
            try await scene("stale") { scene in
                let file = try publisher.pipeline(scene, "stale_after: 5s")
                publisher.publish("1", seed: 1)
                let place = scene.folder.appendingPathComponent("night.prom")
                let first = try await scene.tranship("run", file, "--metrics", place.path)
                #expect(first.status == 0, first.said)
                let label = "{pipeline=\"\(scene.prefix)\",series=\"\(scene.prefix)\"}"
                func metrics() throws -> String { try String(contentsOf: place, encoding: .utf8) }
                #expect(try metrics().contains("tranship_source_version_stale\(label) 0\n"))

                // The command uses the machine's clock, so real time has to pass.
                try await waits("the version to be stale") {
                    try await scene.tranship("plan", file).talk
                        .contains("has offered version 1 since")
                }
                let second = try await scene.tranship("run", file, "--metrics", place.path)
                #expect(second.status == 0, second.said)
                #expect(second.talk.contains("warning: \(scene.prefix): the source"), second.said)
                #expect(try metrics().contains("tranship_source_version_stale\(label) 1\n"))

                publisher.publish("2", seed: 2)
                let third = try await scene.tranship("run", file, "--metrics", place.path)
                #expect(third.status == 0 && !third.talk.contains("stale_after"), third.said)
                #expect(try metrics().contains("tranship_source_version_stale\(label) 0\n"))
            }
        }

        @Test(
            "another key of the keyring is refused until the keyring changes",
            .enabled(if: SigningKey.isPossible, "needs gpg and gpgv"))
        func otherKey() async throws {
            let keys = [try SigningKey(), try SigningKey()]
            let data = noise(50_000, seed: 5)
            let list = [UInt8]("\(try digest(.sha256, of: data).value)  disk.img\n".utf8)
            let lists = try keys.map { try $0.clearSigned(list) }
            let signer = Signer()
            let server = try RawHTTPServer { request in
                let list = lists[signer.index.withLock { $0 }]
                return .status(200, body: request.path == "/SUMS" ? list : data)
            }
            try await scene("key") { scene in
                let keyring = scene.folder.appendingPathComponent("keys.gpg")
                try Data(keys.flatMap { try $0.publicKey() }).write(to: keyring)
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/disk.img
                        checksum_file: \(server.url)/SUMS
                        signed_by: keys.gpg
                        image: { name: "\(scene.prefix)", disk_format: raw }
                    targets: [{ cloud: beta, method: upload }]
                    """)
                #expect(try await scene.tranship("run", file).status == 0)
                signer.index.withLock { $0 = 1 }
                let refused = try await scene.tranship("run", file, "--format", "json")
                #expect(refused.status == 3, refused.said)
                for key in keys { #expect(refused.output.contains(key.fingerprint)) }
                #expect(refused.output.contains("\"code\":\"signature-refused\""), refused.said)
                try Data(try keys[1].publicKey()).write(to: keyring)
                let accepted = try await scene.tranship("run", file)
                #expect(accepted.status == 0, accepted.said)
                #expect(accepted.talk.contains("nothing to do"), accepted.said)
            }
        }

        /// The key that signs.
        private final class Signer: Sendable {
            let index = Guarded(0)
        }

        @Test("the products of a Simplestreams index are copied, and an unchanged index is enough")
        func simplestreams() async throws {
            let data = noise(60_000, seed: 9)
            let sum = try digest(.sha256, of: data).value
            let products = """
                {"format": "products:1.0", "products": {"example:24.04:amd64": {
                  "arch": "amd64", "os": "ubuntu", "version": "24.04", "versions": {
                    "20241119": {"items": {}}, "20241201": {"items": {"disk1.img": {
                      "ftype": "disk1.img", "path": "noble/disk.img", "sha256": "\(sum)"}}}}}}}
                """
            let index = """
                {"format": "index:1.0", "index": {"example": {"format": "products:1.0",
                  "datatype": "image-downloads", "path": "streams/v1/products.json"}}}
                """
            let server = try RawHTTPServer { request in
                switch request.path {
                case "/streams/v1/index.json": .status(200, text: index)
                case "/streams/v1/products.json": .status(200, text: products)
                default: .status(200, body: data)
                }
            }
            try await scene("streams") { scene in
                let file = try scene.pipeline(
                    """
                    sources:
                      - simplestreams: \(server.url)/streams/v1/index.json
                        products: { arch: amd64 }
                        image: { name: "\(scene.prefix) {version}", disk_format: raw }
                    targets: [{ cloud: beta, method: upload }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only("\(scene.prefix) 20241201")
                #expect(copy.text("os_version") == "24.04")
                #expect(copy.text("architecture") == "x86_64")
                let before = server.requests.count
                let again = try await scene.tranship("run", file)
                #expect(again.talk.contains("nothing to do"), again.said)
                #expect(server.requests.count == before + 2)
            }
        }
    }
}
