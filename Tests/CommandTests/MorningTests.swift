// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

@testable import tranship

/// The output that people read after a night, good or bad, with a test that its next steps work.
@Suite(.timeLimit(.minutes(5)))
struct MorningTests {
    private static let page = Array("<!DOCTYPE html><html><body>404</body></html>".utf8)

    /// Writes a pipeline with all files of the folder `k` as one source.
    private func glob(_ desk: Desk, _ files: [String: [UInt8]]) throws {
        let folder = desk.shell.folder.appendingPathComponent("k")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, bytes) in files {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        try desk.write("night.yaml", Self.globPipeline)
    }

    private static let globPipeline =
        "version: 1\nname: night\nsources:\n  - file: \"k/*\"\ntargets: [{ archive: ./arc }]\n"

    private func count(_ part: String, in text: String) -> Int {
        text.components(separatedBy: part).count - 1
    }

    @Test func `The status of a bad night says each cause once, and what to do`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let each = 40
        var files: [String: [UInt8]] = ["ok.raw": noise(4000)]
        for number in 0..<each {
            files["format-\(number).raw"] = DiskHeads.qcow2()
            files["page-\(number).raw"] = Self.page
            files["empty-\(number).raw"] = []
        }
        try glob(desk, files)
        let night = try await desk.run("tranship run night.yaml")
        #expect(night.status == 3, "\(night.said)")
        let status = try await desk.run("tranship status")
        let causes = [
            "an error or a login page", "disk_format: qcow2", "get it from its publisher",
        ]
        for cause in causes {
            #expect(count(cause, in: status.output) == 1, "\(cause) \(status.said)")
            #expect(night.talk.contains(cause), "\(night.said)")
        }
        #expect(count("\(3 * each)", in: status.output) > 0, "\(status.said)")
        #expect(status.output.contains("is empty"), "\(status.said)")
        // A screen has 24 lines, and one of 80 columns wraps the longest line.
        #expect(status.output.split(separator: "\n").count <= 24, "\(status.said)")
        #expect(status.output.contains("tranship run "), "\(status.said)")
        let all = try await desk.run("tranship status -v")
        for cause in causes { #expect(count(cause, in: all.output) == 1, "\(all.said)") }
        for number in 0..<each {
            #expect(all.output.contains("format-\(number) -> "), "\(all.said)")
        }
    }

    @Test func `The format of one file of a glob is changed as the hint says`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try glob(
            desk,
            ["a.raw": noise(3000), "b.raw": noise(3000, seed: 2), "odd.raw": DiskHeads.qcow2()])
        let night = try await desk.run("tranship run night.yaml")
        #expect(night.status == 3, "\(night.said)")
        #expect(
            night.talk.contains(
                "move the file to where the glob does not match it, give it an entry of its own, "
                    + "and there write `disk_format: qcow2`"), "\(night.said)")
        try desk.write(
            "night.yaml",
            Self.globPipeline.replacing(
                "sources:\n",
                with: "sources:\n  - file: ./odd.raw\n    image: { disk_format: qcow2 }\n"))
        let next = try await desk.run("mv k/odd.raw . && tranship run night.yaml")
        #expect(next.status == 0, "\(next.said)")
        #expect(next.talk.contains("1 done, 2 already there"), "\(next.said)")
        let copy = try await desk.run("mv odd.raw k/ && tranship copy 'k/*' beta --dry-run")
        #expect(
            copy.output.contains("copy the file by itself with --disk-format qcow2"), "\(copy.said)"
        )
    }

    @Test func `A pattern that matches no file makes a bad night`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try glob(desk, [:])
        let night = try await desk.run("tranship run -q night.yaml")
        #expect(night.status == 3, "\(night.said)")
        #expect(night.talk.contains("no file matches k/*"), "\(night.said)")
        #expect(night.talk.contains("look whether the folder is mounted"), "\(night.said)")
        let status = try await desk.run("tranship status")
        #expect(status.output.contains("no file matches k/*"), "\(status.said)")
        try desk.write("night.yaml", Self.globPipeline + "allow_empty: true\n")
        #expect(try await desk.run("tranship run -q night.yaml").status == 0)
    }

    @Test func `A name that a run copied says what became of its image`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let names = ["m-off", "m-hid", "m-del", "m-new", "m-ok"]
        var ids: [String: String] = [:]
        for (index, name) in names.enumerated() {
            let id = UUID().uuidString.lowercased()
            ids[name] = id
            desk.alpha.put(
                id, data: noise(1000, seed: UInt64(index)),
                ["name": .string(name), "disk_format": "raw", "container_format": "bare"])
        }
        func pipeline(_ names: [String], _ more: String = "") -> String {
            "version: 1\nname: night\nsources: [{ cloud: alpha, images: { "
                + "name: [\(names.joined(separator: ", "))]\(more) } }]\n"
                + "targets: [{ cloud: beta }]\n"
        }
        try desk.write("night.yaml", pipeline(names))
        let good = try await desk.run("tranship run night.yaml")
        #expect(good.status == 0, "\(good.said)")
        desk.alpha.put(try #require(ids["m-off"]), ["status": "deactivated"])
        desk.alpha.put(try #require(ids["m-hid"]), ["os_hidden": true])
        desk.alpha.put(try #require(ids["m-new"]), ["name": "m-newer"])
        let gone = try await desk.run("tranship image delete --cloud alpha m-del")
        #expect(gone.status == 0, "\(gone.said)")
        let night = try await desk.run("tranship run night.yaml")
        #expect(night.status == 3, "\(night.said)")
        for words in [
            "has an image \"m-off\", but its status is deactivated; run 1 copied it: have it "
                + "reactivated",
            "has an image \"m-hid\", but it is hidden; run 1 copied it: write `hidden: any`",
            "\"m-new\" of cloud alpha is called \"m-newer\" now; run 1 copied it: write the new name",
            "run 1 copied the image \"m-del\", and cloud alpha does not have it any more",
        ] {
            // Once in the warning before the plan, and once in the next step.
            #expect(count(words, in: night.talk) == 2, "\(words)\n\(night.said)")
        }
        #expect(!night.talk.contains("did you mean"), "\(night.said)")
        #expect(!night.talk.contains("correct the name"), "\(night.said)")
        let status = try await desk.run("tranship status")
        #expect(count("write `hidden: any`", in: status.output) == 1, "\(status.said)")
        // The operator follows the steps.
        desk.alpha.put(try #require(ids["m-off"]), ["status": "active"])
        try desk.write(
            "night.yaml", pipeline(["m-off", "m-hid", "m-newer", "m-ok"], ", hidden: any"))
        let mended = try await desk.run("tranship run night.yaml")
        #expect(mended.status == 0, "\(mended.said)")
    }

    @Test func `Off a terminal, a copy is a log`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let command = "tranship copy alpha beta ubuntu-24.04"
        for words in ["1 done", "nothing to do: the image is there"] {
            let copy = try await desk.run(command)
            #expect(copy.status == 0 && copy.output.isEmpty, "\(copy.said)")
            let lines = copy.talk.split(separator: "\n")
            #expect(lines.count == 3, "\(copy.said)")
            for line in lines {
                let time = String(line.prefix { $0 != " " })
                #expect(time.count == 20 && UTCTime.unixSeconds(time) != nil, "\(copy.said)")
            }
            #expect(lines.first?.hasSuffix(": \(command)") == true, "\(copy.said)")
            #expect(lines.last?.contains("exit 0, \(words)") == true, "\(copy.said)")
            #expect(count("ubuntu-24.04", in: copy.talk) == 1, "\(copy.said)")
        }
        let plan = try await desk.run("\(command) --dry-run")
        #expect(!plan.said.contains("Z tranship "), "\(plan.said)")
    }

    @Test func `A good night is short, with a limit and with copies of other names`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let images = 9
        for number in 0..<images {
            desk.alpha.put(
                UUID().uuidString.lowercased(), data: noise(500, seed: UInt64(number)),
                ["name": .string("n\(number)"), "disk_format": "raw", "container_format": "bare"])
        }
        func pipeline(_ name: String, _ image: String) -> String {
            "version: 1\nname: \(name)\nlimits: { bandwidth: 1GiB/s }\n"
                + "sources: [{ cloud: alpha, images: { name: \"n*\" } }]\n"
                + "targets: [{ cloud: beta, image: { \(image) } }]\n"
        }
        try desk.write("old.yaml", pipeline("old", "name: \"{name} old\""))
        try desk.write("new.yaml", pipeline("new", "name: \"{name} new\""))
        for (file, lines) in [("old", 3), ("new", 4), ("new", 4)] {
            let night = try await desk.run("tranship run \(file).yaml")
            #expect(night.status == 0, "\(night.said)")
            #expect(night.talk.split(separator: "\n").count == lines, "\(night.said)")
            #expect(count("bandwidth: ", in: night.talk) == 1, "\(night.said)")
        }
        let plan = try await desk.run("tranship plan new.yaml -v")
        let command = try #require(
            plan.output.firstMatch(of: /tranship image set --cloud beta --name 'n0 new' [0-9a-f-]+/)
        )
        let renamed = try await desk.run(String(command.0))
        #expect(renamed.status == 0, "\(renamed.said)")
    }

    @Test func `A port where nothing answers is asked once for all sources`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let sources = 20
        let entries = (0..<sources).map { "  - url: \(Desk.deadAddress)/img-\($0).qcow2\n" }
        try desk.write(
            "night.yaml",
            "version: 1\nname: night\nsources:\n\(entries.joined())targets: [{ archive: ./arc }]\n")
        let began = ContinuousClock.now
        let plan = try await desk.run("tranship plan night.yaml")
        // One after the other, they would wait 1.5 s each.
        let alone = 1.5 * Double(sources)
        #expect((ContinuousClock.now - began) / .seconds(1) < alone / 2, "\(plan.said)")
        #expect(plan.output.contains("! \(sources) refused"), "\(plan.said)")
        #expect(count("failed to connect", in: plan.output) == 1, "\(plan.said)")
    }

    @Test func `What differs in names, ids, lines and numbers is one note`() {
        var notes = AlikeNotes()
        for number in 1...20 { notes.add("i\(number) -> beta", "dropped at byte \(number)") }
        notes.add("x -> beta", "the data was converted", kind: "converted")
        #expect(notes.lines.count == 2)
        #expect(notes.lines[0].hasPrefix("20 times: i1 -> beta, "))
        #expect(notes.lines[0].contains(": dropped at byte 1 (and the like"))
        #expect(notes.lines[1] == "x -> beta: the data was converted")
        #expect("night.yaml:44:5: cannot read it".withoutIDs == "night.yaml: cannot read it")
    }
}
