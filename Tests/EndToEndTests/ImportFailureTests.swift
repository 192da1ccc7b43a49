// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import GlanceModel
import GlanceServer
import HTTPTransport
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// Imports that fail: reported with the service's words, at once, and followed by our own
    /// transfer if `auto` chose them.
    @Suite struct ImportFailureTests {
        private static let data = Sample.raw(300_000, seed: 43)

        /// Starts a server that serves Tranship, and gives Glance another reply.
        private func server(toGlance reply: Reply) throws -> RawHTTPServer {
            try RawHTTPServer { $0.isByGlance ? reply : .status(200, body: Self.data) }
        }

        enum Trouble: String, CaseIterable, Sendable {
            case notFound, connectionRefused, serverError

            var reply: Reply {
                switch self {
                case .notFound: .status(404, text: "nothing here")
                case .connectionRefused: .redirect(to: "http://127.0.0.1:9/image.img")
                case .serverError: .status(500, text: "broken")
                }
            }
        }

        @Test(
            "a web-download that fails is told with the task's words", arguments: Trouble.allCases)
        func named(trouble: Trouble) async throws {
            let server = try server(toGlance: trouble.reply)
            try await scene("webfails") { scene in
                let file = try scene.promisedPipeline(
                    "\(server.url)/image.img", data: Self.data, targetKeys: "method: web-download")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(
                    run.talk.contains("by web-download failed: its task says: Task failed"),
                    run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }

        @Test(
            "a web-download of auto that fails is followed by our own transfer, and says so",
            arguments: Trouble.allCases)
        func ladder(trouble: Trouble) async throws {
            let data = Scene.largeData(seed: 44)
            let reply = trouble.reply
            let server = try RawHTTPServer { $0.isByGlance ? reply : .status(200, body: data) }
            try await scene("webladder") { scene in
                let file = try scene.promisedPipeline(
                    "\(server.url)/image.img", data: data, Scene.slowLink)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(run.talk.contains("web-download failed"), run.said)
                let transfer = try await scene.transfer()
                #expect(transfer.text("method") == "upload")
                #expect(
                    transfer["remarks"]?.array?.compactMap(\.string)
                        == ["web-download failed, so upload was used"])
                let copy = try await scene.beta.only(scene.prefix)
                #expect(try await scene.beta.data(copy.id) == data)
            }
        }

        @Test("a host that the cloud may not fetch from is told in its own words, and auto goes on")
        func hostNotAllowed() async throws {
            let address = try await Lab.webServer()
            let forbidden = address.replacingOccurrences(of: "127.0.0.1", with: "127.0.0.2")
            try await scene("forbiddenhost") { scene in
                let data = try await HTTPClient().send(
                    HTTPRequest(.get, "\(address)/lab/bytes/9437184")
                ).body
                let named = try await scene.tranship(
                    "run",
                    try scene.promisedPipeline(
                        "\(forbidden)/lab/bytes/9437184", data: data,
                        targetKeys: "method: web-download"))
                #expect(named.status == 3, named.said)
                #expect(named.talk.contains("does not pass filtering"), named.said)
                let auto = try await scene.tranship(
                    "run",
                    try scene.promisedPipeline(
                        "\(forbidden)/lab/bytes/9437184", data: data, Scene.slowLink))
                #expect(auto.talk.contains("web-download failed"), auto.said)
                #expect(auto.status == 0, auto.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(try await scene.beta.data(copy.id) == data)
            }
        }

        @Test("an image above the cloud's cap is told in its own words, by whatever method")
        func tooLarge() async throws {
            let data = Sample.raw(2 << 20, seed: 44)
            let server = try RawHTTPServer { _ in .status(200, body: data) }
            try await scene("importcap") { scene in
                let named = try scene.promisedPipeline(
                    "\(server.url)/image.img", data: data, targetKeys: "method: web-download")
                try await Lab.with("image-size-cap", "1048576", of: "beta") {
                    let first = try await scene.tranship("run", named)
                    #expect([3, 8].contains(first.status), first.said)
                    #expect(first.talk.contains("by web-download failed"), first.said)
                    let auto = try scene.promisedPipeline("\(server.url)/image.img", data: data)
                    let second = try await scene.tranship("run", auto)
                    #expect(second.status == 3, second.said)
                    #expect(second.talk.contains("413"), second.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty)
                }
            }
        }

        @Test("a glance-download that fails looks as before it began, and is told within one poll")
        func glanceDownload() async throws {
            try await scene("downloadfails", cleaning: [.alphaTwoAdmin]) { scene in
                let original = try await scene.addNoise()
                let named = try scene.cloudPipeline(
                    target: "alpha-two", targetKeys: "method: glance-download")
                // The data is gone from the store, which only a read shows.
                let place = "\(Lab.folder)/alpha/data/fast/\(original.id)"
                try FileManager.default.moveItem(atPath: place, toPath: "\(place).away")
                let run = try await scene.tranship("run", named)
                try FileManager.default.moveItem(atPath: "\(place).away", toPath: place)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("by glance-download failed: its task says:"), run.said)
                #expect(run.seconds < 15, run.said)
                #expect(try await LabCloud.alphaTwo.images(scene.prefix).isEmpty, run.said)
            }
        }

        @Test("an image that is deleted while it is imported is imported again")
        func deleted() async throws {
            let gate = try GatedServer(Self.data)
            try await scene("deleted") { scene in
                let file = try scene.promisedPipeline(
                    gate.url, data: Self.data, targetKeys: "method: web-download")
                let command = try scene.start(["run", file])
                try await waits("an import") { gate.fetches == 1 }
                let first = try await scene.beta.only(scene.prefix)
                try await scene.beta.delete(first)
                try await waits("a second import") { gate.fetches == 2 }
                gate.open()
                let run = await command.outcome()
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.id != first.id)
                #expect(copy.text("status") == "active")
                #expect(run.talk.contains("deleted at the target while it was imported"), run.said)
            }
        }

        @Test("a token that ends during a long wait costs nothing")
        func tokenEnds() async throws {
            var settings = GlanceModel.Settings()
            settings.needsToken = true
            let cloud = try GlanceServer(settings)
            let server = try RawHTTPServer { _ in .status(200, body: Self.data) }
            try await scene("tokens") { scene in
                let file = try scene.promisedPipeline(
                    server.url, data: Self.data, target: "model",
                    targetKeys: "method: web-download")
                let command = try scene.start(
                    ["run", file],
                    environment: [
                        "OS_CLIENT_CONFIG_FILE": try cloud.cloudsFile(in: scene.folder)
                    ])
                try await waits("an import") {
                    cloud.ids.contains { cloud.image($0)?["status"] == "importing" }
                }
                let tokens = { cloud.asked.count { $0 == "POST /v3/auth/tokens" } }
                for _ in 0..<2 {
                    let before = tokens()
                    cloud.endTokens()
                    try await waits("a new token") { tokens() > before }
                }
                cloud.endImports(fetching: Self.data)
                let run = await command.outcome()
                #expect(run.status == 0, run.said)
                let id = try #require(cloud.ids.first)
                #expect(cloud.data(id) == Self.data)
                #expect(cloud.asked.count { $0.hasPrefix("POST ") && $0.hasSuffix("/import") } == 1)
            }
        }

        @Test("a record that a refused body spoiled is removed, and the next id is taken")
        func staleHashes() async throws {
            let bytes = Sample.qcow2(4 << 20, seed: 45)
            try await scene("stale") { scene in
                try Data(bytes).write(to: scene.folder.appendingPathComponent("a.qcow2"))
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./a.qcow2
                        image: { name: "\(scene.prefix)" }
                    targets:
                      - cloud: beta
                    limits: { bandwidth: 500kB/s }
                    """)
                let command = try scene.start(["run", file])
                try await waits("a body") {
                    try await scene.beta.images(scene.prefix).first?.text("status") == "saving"
                }
                command.signal(SIGKILL)
                _ = await command.outcome()
                try await waits("an empty record") {
                    try await scene.beta.images(scene.prefix).first?.text("status") == "queued"
                }
                let spoiled = try await scene.beta.only(scene.prefix)
                let answer = try await scene.beta.service.send(
                    .init(
                        .put, "/v2/images/\(spoiled.id)/file",
                        headers: ["Content-Type": "application/octet-stream"],
                        body: Sample.raw(100_000, seed: 1)))
                try #require(answer.status == 415)
                try #require(try await scene.beta.image(spoiled.id)["checksum"]?.string != nil)

                let again = try await scene.tranship(
                    "run",
                    try scene.pipeline(
                        """
                        sources:
                          - file: ./a.qcow2
                            image: { name: "\(scene.prefix)" }
                        targets:
                          - cloud: beta
                        """))
                #expect(again.status == 0, again.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.id != spoiled.id)
                #expect(try await scene.beta.data(copy.id) == bytes)
            }
        }
    }
}
