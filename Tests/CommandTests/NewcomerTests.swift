// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// The messages for a person who uses Tranship for the first time: each leads to the next step, in
/// the words of the command that was typed.
@Suite(.timeLimit(.minutes(5)))
struct NewcomerTests {
    @Test func `A clouds file without clouds is named, and its removal helps`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let setup = "mkdir -p empty home/.config/openstack; : > empty/clouds.yaml; "
        let prepared = try await desk.run(setup + "cp clouds.yaml home/.config/openstack/")
        #expect(prepared.status == 0, "\(prepared.said)")
        let inFolder = "export HOME=$PWD/home; unset OS_CLIENT_CONFIG_FILE; cd empty; "
        let copy = try await desk.run(inFolder + "tranship copy alpha beta -n")
        #expect(copy.status == 2, "\(copy.said)")
        #expect(
            copy.talk.contains("/empty/clouds.yaml, which has no cloud below \"clouds:\")"),
            "\(copy.said)")
        #expect(copy.talk.contains("or remove it"), "\(copy.said)")
        let next = try await desk.run(inFolder + "rm clouds.yaml; tranship copy alpha beta -n")
        #expect(next.status == 0, "\(next.said)")
    }

    @Test func `A list of checksums that is not there is named as the wrong word`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let copy = try await desk.run("tranship copy a.raw beta --checksum-file SUMS")
        #expect(copy.status == 3, "\(copy.said)")
        let hint = "correct the path in --checksum-file, or put the file there"
        #expect(copy.talk.contains("hint: \(hint)"), "\(copy.said)")
        // The next steps have the hint too. They break lines at blanks.
        let words = copy.talk.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.ranges(of: hint).count > 1, "\(copy.said)")
        #expect(!copy.talk.contains("first word of the command"), "\(copy.said)")
        let next = try await desk.run("sha256sum a.raw > SUMS; \(Self.copyWithList)")
        #expect(next.status == 0, "\(next.said)")
    }

    private static let copyWithList = "tranship copy a.raw beta --checksum-file SUMS"

    @Test func `An address without its second slash is written whole`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let copy = try await desk.run("tranship copy https:/mirror.example/a.img beta")
        #expect(copy.status == 2, "\(copy.said)")
        #expect(copy.talk.contains("hint: write https://mirror.example/a.img"), "\(copy.said)")
    }

    @Test func `status says the hints of a copy in the words of a copy`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let web = try RawHTTPServer(scripts: ["/disk": [.status(200, body: FaultyWeb.noise)]])
        let command = "tranship copy \(web.url)/disk beta"
        for word in ["", " -n", " -n --format json"] {
            let copy = try await desk.run(command + word)
            #expect((copy.output + copy.talk).contains("--disk-format"), "\(copy.said)")
            #expect(!(copy.output + copy.talk).contains("`disk_format"), "\(copy.said)")
        }
        let status = try await desk.run("tranship status -v")
        #expect(status.output.contains("--disk-format"), "\(status.said)")
        #expect(!status.output.contains("`disk_format"), "\(status.said)")
    }

    @Test func `A copy that saved its file is repeated without it`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.beta.refuse("POST", "/v2/images", status: 400, text: "no")
        let copy = try await desk.run("tranship copy alpha beta --save night.yaml")
        #expect(copy.status == 3, "\(copy.said)")
        #expect(copy.talk.contains("tranship copy alpha beta\n"), "\(copy.said)")
        let edit = "echo 'verify: proof' >> night.yaml; "
        let again = try await desk.run(edit + "tranship copy alpha beta --save night.yaml")
        #expect(again.status == 2, "\(again.said)")
        #expect(again.talk.contains("run it: tranship run night.yaml; "), "\(again.said)")
    }

    @Test func `A saved plan says where it is, and how to carry it out`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        let plan = try await desk.run("tranship plan night.yaml --save p.json")
        #expect(plan.status == 0, "\(plan.said)")
        let command = "tranship run night.yaml --plan p.json"
        #expect(plan.talk.contains("wrote p.json; to carry it out: \(command)\n"), "\(plan.said)")
        let run = try await desk.run(command)
        #expect(run.status == 0, "\(run.said)")
    }

    @Test func `Only a run of a file has a file in JSON`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let copy = try await desk.run("tranship copy alpha beta --format json")
        let begin = try #require(copy.output.split(separator: "\n").first, "\(copy.said)")
        #expect(begin.contains(#""type":"begin""#) && !begin.contains(#""file""#), "\(copy.said)")
        try desk.write("night.yaml", Desk.pipeline())
        let run = try await desk.run("tranship run night.yaml --format json")
        #expect(run.output.contains(#"night.yaml","#), "\(run.said)")
    }

    @Test func `A run whose time was over has its exit code in status`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.beta.answer(with: .status(503, text: "later")) { $0.method == "POST" }
        try desk.write("night.yaml", Desk.pipeline())
        let run = try await desk.run("tranship run night.yaml --max-duration 1s")
        #expect(run.status == 8, "\(run.said)")
        let status = try await desk.run("tranship status night.yaml")
        #expect(status.output.contains(", exit 8"), "\(status.said)")
    }
}
