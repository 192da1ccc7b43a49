// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

/// One address or one file under two names.
@Suite(.timeLimit(.minutes(10)))
struct SameAddressTests {
    private let web: RawHTTPServer
    private let desk: Desk

    init() throws {
        let data = Reply.status(
            200, headers: [("Last-Modified", "Tue, 19 Nov 2024 10:00:00 GMT")],
            body: FaultyWeb.noise)
        let page = Reply.status(200, text: "<a href=disk-1.raw>x</a>")
        web = try RawHTTPServer(scripts: [
            "/disk-1.raw": [data], "/disk%2D1.raw": [data], "/": [page],
        ])
        desk = try Desk()
    }

    private func pipeline(_ sources: [String], targets: String = "[{ cloud: beta }]") -> String {
        let list = sources.map { "  - { \($0) }" }.joined(separator: "\n")
        return "version: 1\nname: night\nsources:\n\(list)\ntargets: \(targets)\n"
    }

    private func image(_ name: String) -> String { "image: { name: \(name), disk_format: raw }" }

    private func names(_ cloud: String) async throws -> [String] {
        let list = try await desk.run("tranship image list --cloud \(cloud) -f value -c Name")
        return list.output.split(separator: "\n").map(String.init).sorted()
    }

    private var reads: Int { web.requests.filter { !$0.isLook && $0.path != "/" }.count }

    /// The pairs of places: the same address twice, two spellings of one, one with two queries, the
    /// newest file of a folder, and a file.
    private var places: [(String, String)] {
        [
            ("url: '\(web.url)/disk-1.raw'", "url: '\(web.url)/disk-1.raw'"),
            ("url: '\(web.url)/disk-1.raw'", "url: '\(web.url)/disk%2D1.raw'"),
            ("url: '\(web.url)/disk-1.raw?a=1'", "url: '\(web.url)/disk-1.raw?a=2'"),
            (
                "url: '\(web.url)/', latest: 'disk-@v.raw'",
                "url: '\(web.url)/', latest: 'disk-@v.raw'"
            ),
            ("file: ./a.raw", "file: ./a.raw"),
        ]
    }

    @Test(arguments: 0..<5, [1, 2])
    func `Each name is an image of its own, and the second night moves nothing`(
        pair: Int, targets: Int
    ) async throws {
        defer { desk.remove() }
        let (one, other) = places[pair]
        let clouds = targets == 1 ? ["beta"] : ["beta", "alpha"]
        try desk.write(
            "night.yaml",
            pipeline(
                ["\(one), \(image("a"))", "\(other), \(image("b"))"],
                targets: "[" + clouds.map { "{ cloud: \($0) }" }.joined(separator: ", ") + "]"))
        let plan = try await desk.run(
            "tranship plan night.yaml -f value -c action -c name -c target")
        let expected = clouds.flatMap { ["create a \($0)", "create b \($0)"] }.sorted()
        #expect(
            plan.output.split(separator: "\n").map(String.init).sorted() == expected, "\(plan.said)"
        )

        let run = try await desk.run("tranship run night.yaml")
        #expect(run.status == 0, "\(run.said)")
        for cloud in clouds {
            let others = cloud == "alpha" ? ["ubuntu-24.04"] : []
            #expect(try await names(cloud) == ["a", "b"] + others)
        }
        let rows = try await desk.run("tranship status -f value -c state -c name -c target")
        #expect(
            rows.output.split(separator: "\n").map(String.init).sorted()
                == expected.map { $0.replacing("create", with: "done") }, "\(rows.said)")

        let readsBefore = reads
        let second = try await desk.run("tranship run night.yaml")
        #expect(second.status == 0 && second.talk.contains("nothing to do"), "\(second.said)")
        #expect(reads == readsBefore)
        let check = try await desk.run("tranship check night.yaml -f value -c verdict")
        #expect(Set(check.output.split(separator: "\n")) == ["same"], "\(check.said)")
    }

    /// The order of the entries does not matter.
    @Test(arguments: 0..<5)
    func `Entries that are added, taken out or sorted move no data again`(
        pair: Int
    ) async throws {
        defer { desk.remove() }
        let (one, other) = places[pair]
        let (first, second) = ("\(one), \(image("a"))", "\(other), \(image("b"))")
        for entries in [[first], [first, second], [second, first], [second], [first, second]] {
            let old = try await names("beta")
            try desk.write("night.yaml", pipeline(entries))
            let before = reads
            let run = try await desk.run("tranship run night.yaml")
            #expect(run.status == 0, "\(run.said)")
            let new = try await names("beta")
            // The server does not count reads of a local file.
            if pair < 4 { #expect(reads - before == new.count - old.count, "\(run.said)") }
        }
        #expect(try await names("beta") == ["a", "b"])
    }

    @Test func `One name for both is refused, with both places`() async throws {
        defer { desk.remove() }
        for (place, other) in places {
            try desk.write(
                "night.yaml", pipeline(["\(place), \(image("a"))", "\(other), \(image("a"))"]))
            let plan = try await desk.run("tranship plan night.yaml")
            #expect(plan.status == 2, "\(plan.said)")
            #expect(
                plan.talk.contains(
                    /error: night.yaml:5:[0-9]+: this source and the one at night.yaml:4:[0-9]+ share/
                ),
                "\(plan.said)")
            #expect(plan.talk.contains("hint: give each its own `series` or `name`"))
        }
    }

    @Test func `A file that a glob has too is refused, with what to do`() async throws {
        defer { desk.remove() }
        try desk.write(
            "night.yaml",
            pipeline([
                "file: ./a.raw, \(image("b"))", "file: './*.raw', image: { disk_format: raw }",
            ]))
        let plan = try await desk.run("tranship plan night.yaml")
        #expect(plan.status == 2, "\(plan.said)")
        #expect(plan.talk.contains("hint: leave one of them out"), "\(plan.said)")
    }
}

/// Two pipeline files with one name.
@Suite(.timeLimit(.minutes(5)))
struct SharedJournalTests {
    private static let words = "have the same `name`, night, so both use the journal"

    @Test func `Two files with one name are told of each other`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let folder = desk.shell.folder.path
        try desk.write("one.yaml", Desk.pipeline())
        try desk.write("two.yaml", Desk.pipeline([("name: copy", "name: other")]))
        func told(_ command: String) async throws -> Bool {
            let outcome = try await desk.run("tranship \(command)")
            #expect(outcome.status == 0, "\(outcome.said)")
            let line = outcome.talk.split(separator: "\n").first { $0.contains(Self.words) }
            if let line {
                #expect(line.contains("warning: \(folder)/"), "\(line)")
                #expect(line.contains("/one.yaml and ") || line.contains("/two.yaml and "))
                #expect(line.hasSuffix("another `name`, or run it with --journal PATH"))
            }
            return line != nil
        }
        #expect(try await !told("run one.yaml"))
        #expect(try await !told("run one.yaml"))
        #expect(try await told("plan two.yaml"))
        #expect(try await told("run two.yaml"))
        #expect(try await told("run two.yaml"))
        #expect(try await told("plan one.yaml"))
        // Both ways out of the conflict work.
        #expect(try await !told("run two.yaml --journal two.sqlite"))
        try desk.write("two.yaml", Desk.pipeline([("name: night", "name: evening")]))
        #expect(try await !told("run two.yaml"))
        #expect(try await !told("run one.yaml"))
    }

    @Test func `Programs get the codes of the warning and of a note`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("one.yaml", Desk.pipeline())
        let changes = [
            ("name: copy", "name: other"), ("name: night", "name: night\nverify: paranoid"),
        ]
        try desk.write("two.yaml", Desk.pipeline(changes))
        #expect(try await desk.run("tranship run one.yaml").status == 0)
        let run = try await desk.run("tranship run two.yaml --format json")
        let lines = try run.output.split(separator: "\n").map {
            try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
        }
        let warning = try #require(lines.first { $0["type"]?.string == "warning" }, "\(run.said)")
        #expect(warning["code"]?.string == "journal-shared")
        #expect(warning["message"]?.string?.contains(Self.words) == true)
        let note = try #require(lines.first { $0["type"]?.string == "note" }, "\(run.said)")
        #expect(note["code"]?.string == "reading-back")
        #expect(note["message"]?.string == "reading it back")
    }

    @Test func `A file that was moved, and another path of one file, are the same`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("one.yaml", Desk.pipeline())
        for command in [
            "run one.yaml", "run ./one.yaml", "run night", "plan $PWD/one.yaml",
            "plan one.yaml; ln -s one.yaml link.yaml; tranship run link.yaml",
            "plan one.yaml; mv one.yaml new.yaml; rm link.yaml; tranship run new.yaml",
        ] {
            let outcome = try await desk.run("tranship \(command)")
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(!outcome.talk.contains(Self.words), "\(outcome.said)")
        }
    }
}
