// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// The next step in the output of a copy and its plan, and the repetition of a copy.
@Suite(.timeLimit(.minutes(5)))
struct NextCopyTests {
    /// A list of checksums without the file has a hint of its own.
    @Test func `The next step of a copy has the hint of its plan`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("SUMS", String(repeating: "0", count: 64) + "  other.raw\n")
        let copy = try await desk.run("tranship copy a.raw beta --checksum-file SUMS")
        #expect(copy.status == 3, "\(copy.said)")
        let words = copy.talk.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let next = try #require(words.firstRange(of: " Next: ")).upperBound
        let hint = "if that is the same file under another name, write --checksum sha256:"
        #expect(words[next...].contains(hint), "\(copy.said)")
        #expect(!copy.talk.contains("first word of the command"), "\(copy.said)")
        let status = try await desk.run("tranship status")
        let said = status.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(said.contains(hint), "\(status.said)")
        #expect(said.contains("tranship copy a.raw beta --checksum-file SUMS"), "\(status.said)")
    }

    @Test func `An image that --on-conflict skip leaves out is not said to be there`() async throws
    {
        let desk = try Desk()
        defer { desk.remove() }
        desk.beta.put(
            UUID().uuidString.lowercased(), data: Array(repeating: 8, count: 5000),
            ["name": "ubuntu-24.04", "disk_format": "raw", "container_format": "bare"])
        let skip = try await desk.run("tranship copy alpha beta ubuntu-24.04 --on-conflict skip")
        #expect(skip.status == 0, "\(skip.said)")
        let last = try #require(skip.talk.split(separator: "\n").last)
        #expect(last.contains("nothing copied: 1 image left out, because the target has"))
        #expect(!last.contains("is there"), "\(skip.said)")
        let json = try await desk.run(
            "tranship copy alpha beta ubuntu-24.04 --on-conflict skip --format json")
        #expect(json.output.contains(#""name_taken":1"#), "\(json.said)")
    }

    @Test func `What is wrong with several targets is said of all of them`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let made = try await desk.run("tranship copy a.raw ./one/ && tranship copy a.raw ./two/")
        #expect(made.status == 0, "\(made.said)")
        let sources = "  - archive: ./one\n  - archive: ./two\ntargets:"
        let targets = "  - archive: ./one\n  - archive: ./two\n  - cloud: beta"
        try desk.write(
            "night.yaml", Desk.pipeline([("targets:", sources), ("  - cloud: beta", targets)]))
        let plan = try await desk.run("tranship plan night.yaml")
        #expect(plan.status == 2, "\(plan.said)")
        #expect(plan.talk.contains("night.yaml has 2 mistakes"), "\(plan.said)")
        for (line, name) in [(9, "one"), (10, "two")] {
            let said = plan.talk.split(separator: "\n").first {
                $0.contains("night.yaml:\(line):5: the archive")
            }
            #expect(said?.contains("/\(name) is a source and a target") == true, "\(plan.said)")
        }
    }

    @Test func `A name for several images is told before they have it`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.alpha.put(
            UUID().uuidString.lowercased(), data: Array(repeating: 8, count: 5000),
            ["name": "ubuntu-26.04", "disk_format": "raw", "container_format": "bare"])
        func night(_ name: String) throws {
            try desk.write(
                "night.yaml",
                "version: 1\nname: night\nsources: [{ cloud: alpha }]\n"
                    + "targets: [{ cloud: beta, image: { name: \"\(name)\" } }]\n")
        }
        try night("golden")
        let one = try await desk.run("tranship plan night.yaml")
        #expect(
            one.talk.contains("`name` makes \"golden\" the name of 2 images"), "\(one.said)")
        try night("{name} golden")
        let each = try await desk.run("tranship plan night.yaml")
        #expect(!each.talk.contains("the name of 2 images"), "\(each.said)")
    }

    @Test func `A killed copy goes on under its own command`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let killed = try await desk.run(
            "TRANSHIP_KILL_AT_COMMIT=after:6 tranship copy alpha beta ubuntu-24.04 --name 'a\u{200D}b'"
        )
        #expect(killed.status == 137, "\(killed.said)")
        let resumed = try await desk.run("tranship resume")
        let command = "tranship copy alpha beta ubuntu-24.04 --name $'a\\342\\200\\215b'"
        #expect(resumed.talk.contains("): \(command)"), "\(resumed.said)")
        let status = try await desk.run("tranship status")
        #expect(status.output.contains("(\(command))"), "\(status.said)")
    }
}
