// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import GlanceServer
import TestSupport
import Testing

/// Five bad nights as cron sees them: the exit code, the next step in the log, and a test that the
/// step works.
@Suite(.timeLimit(.minutes(5)))
struct BadNightTests {
    /// Returns the command that the run's log names for the time after the repair.
    private func badNight(
        _ desk: Desk, status: Int32, _ words: [String]
    ) async throws -> String {
        let night = try await desk.run("tranship run night.yaml")
        #expect(night.status == status, "\(night.said)")
        #expect(night.talk.contains("exit \(status)"), "\(night.said)")
        for word in words { #expect(night.talk.contains(word), "\(night.said)") }
        let command = night.nextCommands.last { $0.hasPrefix("tranship run ") }
        return try #require(command, "\(night.said)")
    }

    private func goodNight(_ desk: Desk, _ command: String, copies: Int = 1) async throws {
        let next = try await desk.run(command)
        #expect(next.status == 0, "\(next.said)")
        #expect(desk.beta.active.count == copies, "\(next.said)")
    }

    @Test func `A target that is down is run again when it answers`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        try desk.write(
            "clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: Desk.deadAddress))
        let night = try await desk.run("tranship run night.yaml")
        #expect(night.status == 7, "\(night.said)")
        #expect(night.talk.contains(Desk.deadAddress), "\(night.said)")
        try desk.write("clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: desk.beta.url))
        try await goodNight(desk, "tranship run night.yaml")
    }

    @Test func `One target of two that is down is run again when it answers`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write(
            "night.yaml", Desk.pipeline([("  - cloud: beta", "  - cloud: alpha\n  - cloud: beta")]))
        try desk.write(
            "clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: Desk.deadAddress))
        let next = try await badNight(desk, status: 5, ["when beta answers again"])
        try desk.write("clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: desk.beta.url))
        try await goodNight(desk, next)
    }

    @Test func `A source that is gone is named with its line, and mended there`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let bytes = FaultyWeb.noise
        let page =
            "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1>"
            + "<p>" + String(repeating: "Nothing is here. ", count: 100) + "</p></body></html>"
        let web = try RawHTTPServer(scripts: [
            "/new.raw": [.status(200, body: bytes)],
            "/old.raw": [
                .status(404, headers: [("Content-Type", "text/html")], body: Array(page.utf8))
            ],
        ])
        try desk.write("night.yaml", Desk.pipeline([("file: ./a.raw", "url: \(web.url)/old.raw")]))
        let next = try await badNight(desk, status: 3, ["404", "/old.raw", "Nothing is here."])
        let log = try await desk.run("tranship status night.yaml")
        #expect(log.output.split(separator: "\n").allSatisfy { $0.count < 500 }, "\(log.said)")
        #expect(!log.output.contains("<p>"), "\(log.said)")
        try desk.write("night.yaml", Desk.pipeline([("file: ./a.raw", "url: \(web.url)/new.raw")]))
        try await goodNight(desk, next)
    }

    @Test func `A wrong checksum leaves nothing, and the right one copies`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        func pipeline(_ sum: String) -> String {
            Desk.pipeline([("./a.raw", "./a.raw\n    checksum: sha256:\(sum)")])
        }
        try desk.write("night.yaml", pipeline(String(repeating: "0", count: 64)))
        let right = try digest(.sha256, of: FaultyWeb.noise).value
        let next = try await badNight(
            desk, status: 6,
            [
                "checksum-mismatch",
                "promised sha256:000000000000…, read sha256:\(right.prefix(12))… over "
                    + "\(FaultyWeb.noise.count) bytes; the promise comes from `checksum`, night.yaml:5; "
                    + "compare the data with its publisher: if it is right, correct `checksum`",
            ])
        #expect(desk.beta.active.isEmpty)
        let status = try await desk.run("tranship status night.yaml")
        #expect(status.output.contains("read sha256:\(right) over"), "\(status.said)")
        try desk.write("night.yaml", pipeline(right))
        try await goodNight(desk, next)
    }

    @Test func `A wrong checksum of a list, a cloud or an archive says whose it is`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let wrong = String(repeating: "0", count: 64)
        try desk.write("SUMS", "\(wrong)  a.raw\n")
        try desk.write(
            "night.yaml",
            Desk.pipeline([("./a.raw", "./a.raw\n    checksum_file: ./SUMS")]))
        let list = try await badNight(
            desk, status: 6,
            [
                "the promise comes from the list \(desk.shell.folder.path)/SUMS, night.yaml:5; the list "
            ])
        try desk.write("SUMS", "\(try digest(.sha256, of: FaultyWeb.noise).value)  a.raw\n")
        try await goodNight(desk, list)

        let id = UUID().uuidString.lowercased()
        desk.alpha.put(
            id, data: FaultyWeb.noise,
            ["name": "odd", "disk_format": "raw", "container_format": "bare"])
        desk.alpha.put(id, ["os_hash_value": .string(wrong + wrong)])
        let copy = try await desk.run("tranship copy alpha beta odd")
        #expect(copy.status == 6, "\(copy.said)")
        #expect(
            copy.talk.contains("the promise comes from the record of image \(id) at alpha"),
            "\(copy.said)")
        let look = try #require(copy.talk.firstMatch(of: /`(tranship image save [^`]*)`/))
        let saved = try await desk.run(String(look.output.1).replacing("FILE", with: "odd.raw"))
        #expect(saved.status == 6, "\(saved.said)")

        let export = try await desk.run("tranship copy a.raw ./export/")
        #expect(export.status == 0, "\(export.said)")
        let names = FileManager.default.enumerator(atPath: desk.shell.folder.path + "/export")
        let data = try #require(
            names?.compactMap { $0 as? String }.first { $0.hasSuffix(".data") })
        var bytes = FaultyWeb.noise
        bytes[9] ^= 1
        try Data(bytes).write(to: desk.shell.folder.appendingPathComponent("export/\(data)"))
        let back = try await desk.run("tranship copy ./export/ alpha")
        #expect(back.status == 6, "\(back.said)")
        #expect(back.talk.contains("; the promise comes from the record of image "), "\(back.said)")
        #expect(back.talk.contains("restore it from a copy of the archive"), "\(back.said)")
    }

    @Test func `A full quota ends the night with 8, and room goes on`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        desk.beta.answer(times: 1, with: .status(413, text: "the quota is used up")) {
            $0.method == "PUT" && $0.path.hasSuffix("/file")
        }
        let next = try await badNight(desk, status: 8, ["quota"])
        try await goodNight(desk, next)
    }

    @Test func `A killed run is resumed by what its status says`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        let night = try await desk.run("TRANSHIP_KILL_AT_COMMIT=after:4 tranship run night.yaml")
        #expect(night.status == 137, "\(night.said)")
        let status = try await desk.run("tranship status")
        #expect(status.output.contains("killed; `tranship resume night` goes on"), "\(status.said)")
        try await goodNight(desk, "tranship resume night")
    }
}
