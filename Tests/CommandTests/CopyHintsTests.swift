// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// Follows the next steps that a copy and `init` name: none of them may lead back to its beginning.
@Suite(.timeLimit(.minutes(5)))
struct CopyHintsTests {
    private func folder(_ desk: Desk, _ files: [String: [UInt8]]) throws {
        let folder = desk.shell.folder.appendingPathComponent("g")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, data) in files {
            try Data(data).write(to: folder.appendingPathComponent(name))
        }
    }

    // MARK: init

    @Test func `The comments of a draft name the file that was asked for`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        for (option, file) in [(" -o mine.yaml", "mine.yaml"), ("", "alpha-to-beta.yaml")] {
            let draft = try await desk.run("tranship init alpha beta\(option)")
            #expect(draft.status == 0, "\(draft.said)")
            let text = try await desk.run("cat \(file)")
            let commands = text.output.matches(of: #/tranship (?:plan|run) \S+\.yaml/#).map {
                String($0.output)
            }
            #expect(commands == ["tranship plan \(file)", "tranship run \(file)"])
            for command in commands {
                let next = try await desk.run(command)
                #expect(next.status == 0, "\(next.said)")
            }
        }
    }

    @Test(arguments: [
        ("alpha beta", "keep-both"), ("a.raw beta", "fail"),
        ("https://mirror.example/a.raw beta", "fail"),
    ])
    func `A draft offers the default of on_conflict for its source`(
        ends: String, rule: String
    ) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let draft = try await desk.run("tranship init \(ends) -o -")
        #expect(draft.output.contains("# on_conflict: \(rule)\n"), "\(draft.said)")
        #expect(draft.output.contains("tranship plan FILE\n"), "\(draft.said)")
    }

    // MARK: Folders

    @Test func `Two files of one series are named, and each is copied by itself`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try folder(desk, ["a.raw": FaultyWeb.noise, "b.raw": Array(FaultyWeb.noise.reversed())])
        let copy = try await desk.run("mv g/b.raw g/a.img; tranship copy g/ beta --disk-format raw")
        #expect(copy.status == 2, "\(copy.said)")
        #expect(copy.talk.contains("a.img and a.raw share the series \"a\""), "\(copy.said)")
        #expect(copy.talk.contains("tranship copy FILE TARGET --name NAME"), "\(copy.said)")
        #expect(!copy.talk.contains("--save"), "\(copy.said)")
        let glob = try await desk.run("tranship copy 'g/*' beta --disk-format raw")
        #expect(glob.talk.contains("tranship copy FILE TARGET --name NAME"), "\(glob.said)")
        #expect(!glob.talk.contains("--save"), "\(glob.said)")
        for (file, name) in [("a.raw", "one"), ("a.img", "two")] {
            let next = try await desk.run(
                "tranship copy g/\(file) beta --name \(name) --disk-format raw")
            #expect(next.status == 0, "\(next.said)")
        }
    }

    @Test func `The format of one file of a folder is given for that file alone`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try folder(
            desk,
            ["c.img": FaultyWeb.noise, "d.img": DiskHeads.qcow2(), "e.qcow2": DiskHeads.qcow2()])
        let copy = try await desk.run("tranship copy g/ beta")
        #expect(copy.status == 3, "\(copy.said)")
        let words = copy.talk.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(
            words.contains(
                "copy the file by itself with its --disk-format, such as --disk-format raw"),
            "\(copy.said)")
        // The other images are done, so no command has to run again.
        #expect(!words.contains("run again"), "\(copy.said)")
        let alone = try await desk.run("tranship copy g/c.img beta --disk-format raw")
        #expect(alone.status == 0, "\(alone.said)")
        let all = try await desk.run("tranship copy g/ beta --disk-format raw --dry-run")
        #expect(
            all.output.contains("copy the file by itself with --disk-format qcow2"), "\(all.said)")
    }

    @Test func `A command is repeated with the option that its hint names`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let copy = try await desk.run("cp a.raw k.bin; tranship copy k.bin beta")
        #expect(copy.status == 3, "\(copy.said)")
        #expect(copy.talk.contains("run again with that option: "), "\(copy.said)")
        let next = try await desk.run("tranship copy k.bin beta --disk-format raw")
        #expect(next.status == 0, "\(next.said)")
    }

    // MARK: Clouds

    @Test func `The name of a project as the owner is told from its id`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        for images in ["", " ubuntu-24.04"] {
            let copy = try await desk.run("tranship copy alpha beta\(images) --owner team-a")
            #expect(copy.status == 3, "\(copy.said)")
            #expect(copy.talk.contains("--owner takes the id of a project"), "\(copy.said)")
            #expect(!copy.talk.contains("lists all"), "\(copy.said)")
        }
    }

    @Test func `An image that is deactivated is reactivated as the hint says`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let id = try #require(desk.alpha.ids.first)
        let off = try await desk.run("tranship image deactivate ubuntu-24.04 --cloud alpha")
        #expect(off.status == 0, "\(off.said)")
        let copy = try await desk.run("tranship copy alpha beta ubuntu-24.04")
        #expect(copy.status == 3, "\(copy.said)")
        let command = "tranship image reactivate \(id) --cloud alpha"
        #expect(copy.talk.contains("hint: reactivate it: `\(command)`"), "\(copy.said)")
        let named = try await desk.run("tranship copy alpha beta \(id)")
        #expect(named.status == 3, "\(named.said)")
        #expect(named.talk.contains("hint: reactivate it: `\(command)`"), "\(named.said)")
        try desk.write(
            "ids.yaml",
            "version: 1\nname: ids\nsources: [{ cloud: alpha, images: { id: \(id) } }]\n"
                + "targets: [{ cloud: beta }]\n")
        let night = try await desk.run("tranship run ids.yaml")
        #expect(night.status == 3, "\(night.said)")
        #expect(night.talk.contains("have it reactivated at the source"), "\(night.said)")
        let next = try await desk.run("\(command) && tranship copy alpha beta ubuntu-24.04")
        #expect(next.status == 0, "\(next.said)")
    }

    @Test func `What a glob leaves out for its status is said once`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        for number in 1...3 {
            desk.alpha.put(
                UUID().uuidString.lowercased(), data: Array(repeating: 8, count: 5000 + number),
                [
                    "name": .string("other-\(number)"), "disk_format": "raw",
                    "container_format": "bare",
                ])
        }
        let off = "tranship image deactivate --cloud alpha other-"
        let one = try await desk.run("\(off)1; tranship copy alpha beta 'other-*'")
        #expect(one.status == 0, "\(one.said)")
        #expect(
            one.talk.contains("- 1 not selected: other-1 of alpha: its status is deactivated"),
            "\(one.said)")
        let two = try await desk.run("\(off)2; tranship copy alpha beta 'other-*'")
        #expect(two.talk.contains("- 2 not selected: "), "\(two.said)")
        #expect(two.talk.contains("by their status; -v lists them"), "\(two.said)")
        let all = try await desk.run("tranship copy alpha beta 'other-*' -v")
        #expect(all.talk.contains("leave    other-1 of alpha: not selected: "), "\(all.said)")
        #expect(!all.talk.contains("ubuntu-24.04"), "\(all.said)")
    }
}
