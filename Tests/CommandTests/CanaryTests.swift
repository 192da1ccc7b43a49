// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

/// Secrets of every kind, planted where an operator puts them, in runs of the real binary against
/// services that fail in every way. Nothing that the binary leaves behind may contain them.
@Suite(.timeLimit(.minutes(10))) struct CanaryTests {
    @Test(arguments: LoudPlace.allCases)
    func `No secret leaves the process`(place: LoudPlace) async throws {
        for failure in Self.failures(at: place) {
            let scene = try CanaryScene(try LoudCloud(failure, at: place))
            for command in CanaryScene.commands { try await scene.run(command) }
            let found = try await scene.findings()
            #expect(found == [], "\(failure) at \(place)")
            #expect(scene.spoken > 0)
        }
    }

    /// Returns the failures at a place. `make soak` tries all of them. Otherwise a third is tried at
    /// each place, so that each is tried at some place.
    private static func failures(at place: LoudPlace) -> [LoudFailure] {
        if place == .nowhere { return [.text] }
        if ProcessInfo.processInfo.environment["TRANSHIP_SOAK"] != nil {
            return LoudFailure.allCases
        }
        let number = LoudPlace.allCases.firstIndex(of: place) ?? 0
        return LoudFailure.allCases.enumerated()
            .filter { ($0.offset + number) % 3 == 0 }.map(\.element)
    }

    /// Tests the search itself: a test that finds no secret could be searching wrongly.
    @Test func `What is looked for is found where it is`() async throws {
        let scene = try CanaryScene(try LoudCloud(.text, at: .nowhere))
        try scene.folder.write(Array("x \(CanaryScene.Bird.password.rawValue) y".utf8), to: "told")
        try scene.folder.write(Array("x \(CanaryScene.basic) y".utf8), to: "told-basic")
        #expect(try await scene.findings().count == 2)
        // The services have to get the secrets, or the test proves nothing.
        for command in CanaryScene.commands { try await scene.run(command) }
        let asked =
            scene.cloud.source.server.requests + scene.cloud.target.server.requests
            + scene.cloud.mirror.requests
        let text = asked.map { "\($0.target) \($0.headers) \($0.text)" }.joined()
        let heard = CanaryScene.Bird.allCases.filter { text.contains($0.rawValue) }
        let given: Set<CanaryScene.Bird> = [
            .password, .applicationCredential, .token, .header, .variable, .escaped, .signature,
            .listSignature, .dollar,
        ]
        #expect(given.subtracting(heard) == [])
        #expect(text.contains(CanaryScene.basic) && text.contains(CanaryScene.netrcLogin))
    }

    @Test(arguments: [
        "http://bird:\(CanaryScene.Bird.proxy.rawValue)@127.0.0.1:1",
        "gopher://bird:\(CanaryScene.Bird.proxy.rawValue)@127.0.0.1:1",
        "http://bird:\(CanaryScene.Bird.proxy.rawValue)@[nonsense",
        "http://bird:\(CanaryScene.Bird.proxy.rawValue)/x@127.0.0.1:1",
    ])
    func `The password of a proxy stays`(proxy: String) async throws {
        let scene = try CanaryScene(try LoudCloud(.text, at: .nowhere))
        for command in CanaryScene.commands {
            try await scene.run(command, ["http_proxy": proxy, "https_proxy": proxy])
        }
        #expect(try await scene.findings() == [])
    }

    /// The proxy refuses, and shows the request.
    @Test func `A proxy does not get the password into a message`() async throws {
        let loud = try RawHTTPServer { _ in LoudFailure.text.reply }
        let scene = try CanaryScene(try LoudCloud(.text, at: .nowhere))
        let proxy = loud.url.replacing(
            "http://", with: "http://bird:\(CanaryScene.Bird.proxy.rawValue)@")
        for command in CanaryScene.commands { try await scene.run(command, ["http_proxy": proxy]) }
        #expect(!loud.requests.isEmpty)
        #expect(try await scene.findings() == [])
    }

    @Test(arguments: CanaryScene.mistakes)
    func `A mistake in a file is told without its secret`(mistake: String) async throws {
        let scene = try CanaryScene(try LoudCloud(.text, at: .nowhere), pipeline: mistake)
        for command in CanaryScene.commands { try await scene.run(command) }
        #expect(try await scene.findings() == [])
    }

    @Test func `A draft takes no password of an address`() async throws {
        let scene = try CanaryScene(try LoudCloud(.text, at: .nowhere))
        let address = "http://bird:\(CanaryScene.Bird.user.rawValue)@127.0.0.1/x.img"
        try await scene.run(
            ["init", address, "./archive/", "--output", "draft.yaml"],
            expecting: ExitStatus.usage.rawValue)
        #expect(!scene.files.contains("draft.yaml"))
        #expect(try await scene.findings() == [])
    }

    @Test func `Only its owner reads a file with a signed address`() async throws {
        let scene = try CanaryScene(try LoudCloud(.text, at: .nowhere))
        let address = "http://127.0.0.1/x.img?sig=\(CanaryScene.Bird.signature.rawValue)"
        let catalogue = """
            images:
              - { name: x, format: raw, multi: true, latest_url: "\(address)", login: x,
                  latest_checksum_url: "\(address)", versions: [{ version: "1", url: "\(address)" }] }
            """
        try scene.folder.write(Array(catalogue.utf8), to: "catalogue.yml")
        try await scene.run(
            ["init", address, "./archive/", "--output", "draft.yaml"], shell: "umask 0",
            expecting: 0)
        try await scene.run(
            ["import-oim", "catalogue.yml", "--cloud", "basic", "--output", "imported.yaml"],
            shell: "umask 0", expecting: 0)
        for file in ["draft.yaml", "imported.yaml"] {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: scene.folder.file(file))
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
        let text = String(decoding: try scene.folder.bytes(of: "imported.yaml"), as: UTF8.self)
        let signed = text.split(separator: "\n").filter { $0.contains("sig=") }
        #expect(
            signed.map { String($0.prefix { $0 != "\"" }.filter { $0 != " " && $0 != "-" }) }
                .allSatisfy { $0.hasPrefix("url:") || $0.hasPrefix("checksum_file:") },
            "\(signed)")
        #expect(text.contains("image_source"))
        // Both files have secrets by design, so only the output is checked.
        let told = try await scene.findings().filter { $0.contains("said-") }
        #expect(told == [])
    }

    @Test func `A crash leaves no core`() async throws {
        let scene = try CanaryScene(try LoudCloud(.text, at: .nowhere))
        scene.cloud.target.answer(
            "POST", "/v2/images",
            with: Reply { exchange in
                kill(scene.pid, SIGSEGV)
                exchange.hang()
            })
        try await scene.run(
            ["run", "pipeline.yaml"], shell: "ulimit -c unlimited", expecting: 128 + SIGSEGV)
        #expect(!scene.files.contains { $0.contains("core") }, "\(scene.files)")
        #expect(try await scene.findings() == [])
    }
}
