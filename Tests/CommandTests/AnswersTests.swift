// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationModel
import TestSupport
import Testing
import TranshipKit

@testable import tranship

/// The answers of commands after their work is done: the copies that they take back, and the
/// requests that they cannot satisfy.
@Suite(.timeLimit(.minutes(5)))
struct AnswersTests {
    /// For curl, `/v2/images/ID/tags/..` is the path of the image.
    @Test(arguments: [".", ".."])
    func `A name that a path takes for another place is sent to no service`(
        dots: String
    ) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        for command in [
            "image show \(dots)", "image delete \(dots)", "image set --name x \(dots)",
            "tag remove ubuntu-24.04 \(dots)",
        ] {
            let outcome = try await desk.run("OS_CLOUD=alpha tranship \(command)")
            #expect(outcome.status == 1, "\(command): \(outcome.said)")
            #expect(outcome.talk.contains("\"\(dots)\""), "\(command): \(outcome.said)")
        }
        #expect(desk.alpha.changes.isEmpty, "\(desk.alpha.changes)")
        #expect(!desk.alpha.asked.contains { $0.hasSuffix("images/") }, "\(desk.alpha.asked)")
    }

    // MARK: Copies, which have no file

    @Test func `Every command of a pipeline takes the name of a copy`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let copy = try await desk.run("tranship copy alpha beta ubuntu-24.04")
        #expect(copy.status == 0, "\(copy.said)")
        let status = try await desk.run("tranship status")
        let name = try #require(status.output.firstMatch(of: /copy-alpha-beta-[0-9a-f]+/)?.output)
        #expect(!status.output.contains("/copy)"), "\(status.said)")
        #expect(status.output.contains("\(name) (tranship copy alpha beta ubuntu-24.04)"))
        for (command, expected) in [
            ("plan", 0), ("check", 0), ("clean", 0), ("series list", 0), ("report", 0), ("run", 0),
            ("adopt", 0),
        ] as [(String, Int32)] {
            let outcome = try await desk.run("tranship \(command) \(name)")
            #expect(outcome.status == expected, "\(command): \(outcome.said)")
            #expect(!outcome.said.contains("\(desk.shell.folder.path)/copy "), "\(outcome.said)")
        }
        let list = try await desk.run("tranship rollback \(name) 1")
        #expect(list.status == 4, "\(list.said)")
        // A name without a journal is still a mistyped file.
        let unknown = try await desk.run("tranship plan \(name)0")
        #expect(unknown.status == 2, "\(unknown.said)")
    }

    @Test func `A copy with a secret in its URL says which command to repeat`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let copy = try await desk.run("tranship copy '\(desk.alpha.url)/x.raw?sig=secret1' beta")
        #expect(copy.status != 0, "\(copy.said)")
        let status = try await desk.run("tranship status")
        let name = try #require(status.output.firstMatch(of: /copy-x-beta-[0-9a-f]+/)?.output)
        let plan = try await desk.run("tranship plan \(name)")
        #expect(plan.status == 2, "\(plan.said)")
        #expect(plan.talk.contains("hint: run the same `tranship copy` command again"))
        #expect(!plan.said.contains("secret1"))
    }

    // MARK: Rollback

    @Test func `A second rollback says that the first one removed the copies`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        _ = try await desk.run("tranship run night.yaml")
        let list = try await desk.run("tranship rollback night.yaml 1")
        #expect(
            list.talk.contains("hint: `tranship rollback night.yaml 1 --yes` removes them"),
            "\(list.said)")
        let first = try await desk.run("tranship rollback night.yaml 1 --yes")
        #expect(first.status == 0, "\(first.said)")
        #expect(first.talk.contains("1 removed"), "\(first.said)")
        let second = try await desk.run("tranship rollback night.yaml 1 --yes")
        #expect(second.status == 0, "\(second.said)")
        #expect(second.output.hasPrefix("gone "), "\(second.said)")
        #expect(second.output.contains("an earlier rollback removed it at "), "\(second.said)")
        #expect(second.talk.contains("0 to keep, 1 gone already"), "\(second.said)")
        let status = try await desk.run("tranship status")
        #expect(status.output.contains("rolled back   1 image of these"), "\(status.said)")
        let report = try await desk.run("tranship report night")
        #expect(report.output.contains("rolled back 1 image of these"), "\(report.said)")
        #expect(report.output.contains("done, rolled back"), "\(report.said)")
        let statement = try await desk.run("tranship report night --in-toto")
        #expect(statement.status == 1 && statement.output.isEmpty, "\(statement.said)")

        // A copy that someone else removed does not count as removed by us.
        _ = try await desk.run("tranship run night.yaml")
        for image in try await desk.run("tranship image list --cloud beta -f value -c id").output
            .split(separator: "\n")
        {
            _ = try await desk.run("tranship image delete --cloud beta \(image)")
        }
        let third = try await desk.run("tranship rollback night.yaml 2 --yes")
        #expect(third.output.contains("someone else has removed it"), "\(third.said)")
    }

    @Test func `A copy that cannot pass says which option to change`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let wrong = String(repeating: "0", count: 64)
        let copy = try await desk.run("tranship copy a.raw beta --checksum sha256:\(wrong)")
        #expect(copy.status == 6, "\(copy.said)")
        let talk = copy.talk.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(talk.contains("the promise comes from --checksum;"), "\(copy.said)")
        #expect(talk.contains("promised sha256:000000000000…, read sha256:"), "\(copy.said)")
        #expect(talk.contains("if it is right, correct --checksum;"), "\(copy.said)")
        #expect(talk.contains("run again once that is changed: tranship copy"), "\(copy.said)")
    }

    @Test(arguments: CopyOrder.conflictRules)
    func `A copy whose name is taken says which option to add, and that works`(
        rule: String
    ) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let taken = UUID().uuidString.lowercased()
        desk.beta.put(taken, data: Array(repeating: 8, count: 5000), ["name": "a"])
        let copy = "tranship copy a.raw beta"
        for command in [copy, "\(copy) --dry-run", "tranship status"] {
            let outcome = try await desk.run(command)
            let said = outcome.said.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(
                said.contains("another image has this name (\(taken)); --on-conflict "), "\(said)")
            #expect(!said.contains("`on_conflict"), "\(said)")
            if command != copy { continue }
            #expect(outcome.status == 3, "\(said)")
            #expect(said.contains("such as --on-conflict keep-both"), "\(said)")
            #expect(said.contains("or give the copy another name: --name"), "\(said)")
        }
        let named = try await desk.run("\(copy) --name b")
        #expect(named.status == 0, "\(named.said)")
        let again = try await desk.run("\(copy) --on-conflict \(rule)")
        // Without Keystone, the image's owner is unknown, so the image is not replaced.
        let isConflict = ["fail", "replace"].contains(rule)
        #expect(again.status == (isConflict ? 3 : 0), "\(again.said)")
        let copies = desk.beta.active.count { $0.data == FaultyWeb.noise }
        #expect(copies == (isConflict || rule == "skip" ? 1 : 2), "\(again.said)")
        let unknown = try await desk.run("\(copy) --on-conflict keepboth")
        #expect(unknown.status == 2, "\(unknown.said)")
        #expect(unknown.talk.contains("did you mean keep-both?"), "\(unknown.said)")
        #expect(unknown.talk.contains("--on-conflict: "), "\(unknown.said)")
    }

    // MARK: Images

    @Test func `A new image that the cloud has with other fields is not passed off as created`()
        async throws
    {
        let desk = try Desk()
        defer { desk.remove() }
        let create = "tranship image create --cloud beta --file a.raw"
        let first = try await desk.run("\(create) --private --property z=1 web")
        #expect(first.status == 0, "\(first.said)")
        let same = try await desk.run("\(create) --property z=1 web")
        #expect(same.status == 0, "\(same.said)")
        let other = try await desk.run("\(create) --community --property z=2 --tag t web")
        #expect(other.status == 1, "\(other.said)")
        #expect(other.output.isEmpty)
        #expect(other.talk.contains("visibility is private, not community"), "\(other.said)")
        #expect(other.talk.contains("property z is 1, not 2"), "\(other.said)")
        let change = try #require(other.talk.firstMatch(of: /change it: (tranship image set .*)/))
        let changed = try await desk.run(String(change.output.1))
        #expect(changed.status == 0, "\(changed.said)")
        let again = try await desk.run("\(create) --community --property z=2 --tag t web")
        #expect(again.status == 0, "\(again.said)")
        let format = try await desk.run("\(create) --disk-format iso web")
        #expect(format.status == 1, "\(format.said)")
        #expect(format.talk.contains("--allow-duplicates"), "\(format.said)")
    }

    @Test func `A column that no record has is an error with the columns`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let outcome = try await desk.run("tranship image list --cloud alpha -c nonsense")
        #expect(outcome.status == 2, "\(outcome.said)")
        #expect(outcome.output.isEmpty)
        #expect(outcome.talk.contains("hint: name a column (ID, Name, Status"), "\(outcome.said)")
        let both = try await desk.run("tranship image list --cloud alpha -f value -c Name -c odd")
        #expect(both.status == 0, "\(both.said)")
        #expect(both.talk.contains("warning: -c odd: no record has it"), "\(both.said)")
    }

    @Test func `An image is saved to standard output without a dash`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let saved = try await desk.run(
            "tranship image save --cloud alpha --proof possible ubuntu-24.04 > out.raw; "
                + "stat -c %s out.raw")
        #expect(saved.output == "5000\n", "\(saved.said)")
    }

    @Test(
        arguments: [
            (left: 10, words: "removes them; nothing was changed"),
            (left: 12, words: "removes 10 of them (limits.deletes); nothing was changed"),
            (left: 0, words: nil),
        ] as [(left: Int, words: String?)])
    func `A list of what would be removed says how many one command removes`(
        left: Int, words: String?
    ) {
        let tally = FateTally(
            command: "rollback", tally: [.remove: left, .keep: 1], limit: 10, removes: false)
        #expect((tally.hint == nil) == (words == nil))
        if let words { #expect(tally.hint?.hasSuffix(words) == true) }
    }

    // MARK: Narrow terminals

    @Test func `Long messages are broken between words, and commands stay whole`() {
        let text =
            "error: " + String(repeating: "word ", count: 20) + "\n"
            + "hint: `tranship rollback a-long-file.yaml 1 --yes` removes them; nothing was changed"
        let lines = text.linesWrapped(toColumns: 59).split(separator: "\n")
        #expect(lines.allSatisfy { String($0).columnCount <= 59 }, "\(lines)")
        #expect(lines[1].hasPrefix("  word"))
        #expect(lines.contains { $0.contains("`tranship rollback a-long-file.yaml 1 --yes`") })
        #expect(lines.last?.hasPrefix("      ") == true, "\(lines)")
        #expect("short".linesWrapped(toColumns: 59) == "short")
        #expect("an odd ` stays".linesWrapped(toColumns: 8) == "an odd `\n  stays")
    }

    @Test func `The first and last line of a run keep what counts`() {
        for columns in [50, 60, 80, 160] {
            let line = RunScreen.headline(
                "copy-alpha-beta-1f0c9e3a52d7", route: "alpha -> beta, gamma", runID: 12,
                seconds: 3661, columns: columns)
            #expect(line.columnCount < columns, "\(line)")
            #expect(line.contains("run 12   elapsed 1:01:01   Ctrl-C stops"), "\(line)")
            var live = Pictures.live
            live.failedImages = 7
            let total = RunScreen(live: live, headline: "", columns: columns).total
            #expect(total.columnCount < columns, "\(total)")
            #expect(total.hasSuffix("7 failed"), "\(total)")
        }
    }

    // MARK: Notes of a plan

    @Test func `A group of notes says only what is true of all its images`() {
        var overview = PlanOverview(namesTargets: false)
        let ids = (0...2).map { _ in UUID().uuidString.lowercased().replacing("-", with: "") }
        for (name, note) in [
            ("a", Note.membersHaveToAccept([ids[0], ids[1]])),
            ("b", .membersHaveToAccept([ids[2]])), ("c", .membersHaveToAccept([ids[0]])),
            ("d", .propertyLeftOut(key: "base_image_ref", reason: "r")),
            ("e", .propertyLeftOut(key: "self", reason: "r")),
        ] as [(String, Note)] {
            var item = Sample.item(name)
            item.action = .create
            item.notes = [note]
            overview.add(item)
        }
        let lines = overview.lines(headline: "h", changes: [], columns: 200)
        let notes = lines.drop { $0 != "i 5 notes" }.dropFirst()
        #expect(
            notes.contains { $0.contains("a as sample: 2 members") && $0.contains(ids[1]) },
            "\(lines)")
        #expect(
            notes.contains { $0.contains("c as sample: 1 member has") && $0.hasSuffix("list: …") },
            "\(lines)")
        #expect(notes.contains { $0.contains("d as sample: left out base_image_ref") }, "\(lines)")
        #expect(notes.contains { $0.contains("e as sample: left out self") }, "\(lines)")
        #expect(!notes.contains { $0.contains("d as sample, name of e") })
    }
}
