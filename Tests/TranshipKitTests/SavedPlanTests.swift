// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct SavedPlanTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func plan(_ name: String, _ items: [PlanItem]) async throws -> SavedPlan {
        let journal = try await Journal.open(path: folder.file("\(name).sqlite"))
        let plan = try Plan(beside: journal)
        _ = try await journal.takeOver(items, in: plan)
        return try await PipelinePlan(plan, pipelineName: "p").saved()
    }

    @Test func `A plan is read back as it was written, in an order of its own`() async throws {
        let first = try await plan("1", ["b", "a"].map { Sample.item($0) })
        let second = try await plan("2", ["a", "b"].map { Sample.item($0) })
        #expect(first == second)
        try first.write(to: folder.file("plan.json"))
        let read = try SavedPlan.read(from: folder.file("plan.json"))
        #expect(read == first)
        try read.check(against: second)
    }

    @Test func `Only this user reads it, and it replaces an earlier one`() async throws {
        let plan = try await plan("1", [Sample.item("a")])
        let path = folder.file("plan.json")
        try plan.write(to: path)
        chmod(path, 0o644)
        try plan.write(to: path)
        var facts = stat()
        #expect(stat(path, &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o600)
        #expect(try SavedPlan.read(from: path) == plan)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.file(""))
        #expect(left.filter { $0.hasPrefix("plan.json") } == ["plan.json"])
    }

    @Test func `A link in its place is not followed, and no other thing is replaced`() async throws
    {
        let plan = try await plan("1", [Sample.item("a")])
        try folder.write([1, 2, 3], to: "victim")
        symlink(folder.file("victim"), folder.file("link"))
        var error = #expect(throws: TranshipError.self) { try plan.write(to: folder.file("link")) }
        #expect(error?.code == .usage)
        #expect(error?.message.hasSuffix("symbolic link, which is not followed") == true)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder.file("victim"))) == Data([1, 2, 3]))
        mkfifo(folder.file("pipe"), 0o600)
        error = #expect(throws: TranshipError.self) { try plan.write(to: folder.file("pipe")) }
        #expect(error?.message.hasSuffix("it is not a plain file") == true)
    }

    @Test func `What is not a file is refused at once, by what it is`() {
        mkfifo(folder.file("pipe"), 0o600)
        for (path, words) in [
            (folder.file("pipe"), "it is a named pipe"), ("/dev/zero", "it is a device"),
            (folder.path, "it is a directory"), (folder.file("none"), "it cannot be read: no such"),
        ] {
            let error = #expect(throws: TranshipError.self) { _ = try SavedPlan.read(from: path) }
            #expect(error?.code == .usage)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }

    @Test func `The text shows characters that a terminal hides or obeys`() async throws {
        var item = Sample.item("a")
        item.intent.record.name = "x\u{202E}y\u{200B}z\u{2028}"
        let plan = try await plan("1", [item])
        let text = plan.text
        #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.isUnseen })
        #expect(text.contains(#"x\u{202E}y\u{200B}z\u{2028}"#))
        let path = folder.file("plan.json")
        try plan.write(to: path)
        let json = try String(contentsOfFile: path, encoding: .utf8)
        #expect(json.contains(#"x\u202ey\u200bz\u2028"#))
        #expect(try SavedPlan.read(from: path) == plan)
    }

    @Test func `The netrc is the one that the environment names`() {
        #expect(NetworkConnections.netrcFile(["NETRC": "/etc/n", "HOME": "/h"]) == "/etc/n")
        #expect(NetworkConnections.netrcFile(["NETRC": "", "HOME": "/h"]) == "/h/.netrc")
    }

    @Test func `What changed since is told, source by source`() async throws {
        let before = try await plan("1", ["a", "b", "d"].map { Sample.item($0) })
        var changed = Sample.item("b")
        changed.intent.origin.versionID = "version-2"
        let after = try await plan("2", [Sample.item("a"), changed, Sample.item("c")])
        let error = try #require(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error.code == .planDrifted)
        #expect(
            error.message == """
                the saved plan is not what this run would do:
                  image:b (sample) -> beta: data: version-b -> version-2
                  image:c (sample) -> beta: not planned -> create
                  image:d (sample) -> beta: create -> not planned
                """)
    }

    /// A change to the record, and the field that the message names for it.
    private static let changes: [(String, @Sendable (inout Intent) -> Void)] = [
        ("name: sample -> other", { $0.record.name = "other" }),
        ("name: sample -> none", { $0.record.name = nil }),
        ("name: sample -> other", { $0.record.currentName = "other" }),
        ("disk_format: raw -> qcow2", { $0.record.diskFormat = "qcow2" }),
        ("container_format: bare -> ova", { $0.record.containerFormat = "ova" }),
        ("min_disk: 0 -> 8", { $0.record.minDiskGiB = 8 }),
        ("min_ram: 0 -> 512", { $0.record.minRAMMiB = 512 }),
        ("tags: \"\" -> a, b", { $0.record.tags = ["b", "a"] }),
        (
            "properties.os_command_line: none -> init=/x",
            {
                $0.record.properties["os_command_line"] = "init=/x"
            }
        ),
        ("keep_id: none -> prefer", { $0.record.keptID = .preferred }),
        ("owner: none -> p, source project: none -> project-1", { $0.record.ownerID = "p" }),
        ("stores: default -> all", { $0.record.stores = .all }),
        ("all_stores_must_succeed: true -> false", { $0.record.allStoresMustSucceed = false }),
        ("accept_transformed: false -> true", { $0.record.acceptsTransformed = true }),
        ("verify: proof -> services", { $0.record.verification = .services }),
        ("visibility: private -> public", { $0.record.visibility = .public }),
        ("members: drop -> map", { $0.record.members = .map(["a": "b"]) }),
        ("hidden: false -> true", { $0.record.isHidden = true }),
        ("deactivated: false -> true", { $0.record.isDeactivated = true }),
        ("protected: false -> true", { $0.record.isProtected = true }),
        (
            "properties.kernel_id: none -> image:k",
            {
                $0.record.references["kernel_id"] = "image:k"
            }
        ),
        (
            "properties.kernel_id: none -> image:k at beta",
            {
                $0.record.references["kernel_id"] = "image:k"
                $0.record.referenceTargets = ["image:k": "beta"]
            }
        ),
        ("replaces: none -> i", { $0.record.replaces = ["i"] }),
        (
            "changes: none -> min_disk",
            {
                var former = $0.record.fields
                former.minDiskGiB = 8
                $0.record.updatedFrom = former
            }
        ),
        ("method: upload -> web-download", { $0.method = .webDownload }),
        ("fallbacks: \"\" -> upload", { $0.fallbacks = [.upload] }),
    ]

    @Test(arguments: changes.indices)
    func `Each field of the record is compared, and named if it differs`(index: Int) async throws {
        let (words, change) = Self.changes[index]
        let before = try await plan("1", [Sample.item("a")])
        var item = Sample.item("a")
        change(&item.intent)
        let after = try await plan("2", [item])
        let error = try #require(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error.code == .planDrifted)
        #expect(error.message.hasSuffix(" -> beta: \(words)"), "\(error)")
    }

    @Test(arguments: [true, false])
    func `Another project that an image would be shared with is drift`(
        isAccepted: Bool
    ) async throws {
        func shared(with projects: [String]) -> PlanItem {
            var item = Sample.item("a")
            item.notes = [
                isAccepted ? .membersAreAccepted(projects) : .membersHaveToAccept(projects)
            ]
            return item
        }
        let before = try await plan("1", [shared(with: ["p"])])
        let after = try await plan("2", [shared(with: ["q", "p"])])
        let error = try #require(throws: TranshipError.self) { try before.check(against: after) }
        let answer = isAccepted ? " (accepted)" : ""
        #expect(
            error.message.hasSuffix(
                " -> beta: shared with: p\(answer) -> p\(answer), q\(answer)"), "\(error)")
    }

    @Test(arguments: [true, false])
    func `An answer of a member that changes what the run does is drift`(
        wasAccepted: Bool
    ) async throws {
        func plan(_ name: String, accepts: Bool) async throws -> SavedPlan {
            var item = Sample.item("a")
            item.notes = [accepts ? .membersAreAccepted(["p"]) : .membersHaveToAccept(["p"])]
            return try await self.plan(name, [item])
        }
        let before = try await plan("1", accepts: wasAccepted)
        let lines = before.differenceLines(from: try await plan("2", accepts: !wasAccepted))
        let words = wasAccepted ? "p (accepted) -> p" : "p -> p (accepted)"
        #expect(lines.map { $0.hasSuffix(" -> beta: shared with: \(words)") } == [true])
    }

    @Test(arguments: [PlanAction.create, .update])
    func `What an earlier run of the same plan has done is not drift`(
        action: PlanAction
    ) async throws {
        var item = Sample.item("a")
        item.action = action
        item.intent.record.visibility = .shared
        item.intent.record.members = .keep
        let done = item
        item.notes = [.membersHaveToAccept(["p"]), .membersAreAccepted(["q"])]
        item.intent.record.replaces = ["old"]
        if action == .update {
            var former = item.record.fields
            former.minDiskGiB = 8
            item.intent.record.updatedFrom = former
        }
        item.start = .fresh(item.intent, promised: item.promise)
        let before = try await plan("1", [item])
        #expect(
            SavedPlan.doneOnce.isSubset(of: before.entries[0].fields.keys) == (action == .update))
        var now = done
        now.action = .skip
        now.reason = .alreadyAtTarget(imageID: "copy")
        try before.check(against: try await plan("2", [now]))
        // The copy is not done yet, so it would be shared with another project.
        now.action = action
        now.reason = nil
        now.notes = [.membersHaveToAccept(["r"])]
        now.start = .fresh(now.intent, promised: now.promise)
        let other = try await plan("3", [now])
        #expect(throws: TranshipError.self) { try before.check(against: other) }
    }

    @Test func `A plan replaces an earlier plan, and nothing else`() async throws {
        let folder = try TemporaryFolder()
        let plan = try await plan("1", [Sample.item("a")])
        let path = folder.file("plan.json")
        for _ in 0..<2 { try plan.write(to: path) }
        for text in ["version: 1\n", "{ \"version\": 1, \"name\": \"a pipeline\" }", "SQLite"] {
            let other = folder.file("other.json")
            try folder.write([UInt8](text.utf8), to: "other.json")
            #expect(throws: TranshipError.self) { try plan.write(to: other) }
            #expect(try folder.bytes(of: "other.json") == [UInt8](text.utf8))
        }
        try folder.write([UInt8]("notes of mine".utf8), to: "new.txt")
        #expect(throws: TranshipError.self) { try plan.write(to: folder.file("new.json")) }
        #expect(try folder.bytes(of: "new.txt") == [UInt8]("notes of mine".utf8))
    }

    /// A field that is added to the record has to be compared as well.
    @Test func `The changes above are all fields that a record has`() throws {
        let fields = Mirror(reflecting: Sample.record()).children.compactMap(\.label)
        #expect(fields.count == Self.changes.count - 3)
    }

    @Test func `An edited pipeline file is drift, key by key`() async throws {
        var before = try await plan("1", [])
        before.settings = ["limits.images": "4", "targets[0].cloud": "beta", "order": "listed"]
        var after = before
        after.settings["limits.images"] = "8"
        after.settings["order"] = nil
        let error = try #require(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error.code == .planDrifted)
        #expect(
            error.message == """
                the saved plan is not what this run would do:
                  pipeline file: limits.images: 4 -> 8
                  pipeline file: order: listed -> none
                """)
    }

    @Test func `Of many differences the first are told`() async throws {
        let before = try await plan("1", [])
        let after = try await plan("2", (0..<30).map { Sample.item("\($0)") })
        let error = try #require(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error.message.split(separator: "\n").count == 12)
        #expect(error.message.hasSuffix("\n  and 20 more, which -v lists"))
        let all = before.differenceLines(from: after)
        #expect(all.count == 30)
        var rest: [String] = []
        let verbose = try #require(throws: TranshipError.self) {
            try before.check(against: after) { rest.append($0) }
        }
        #expect(verbose.message.hasSuffix("\n  and 20 more, which the warnings list"))
        let named = verbose.message.split(separator: "\n").dropFirst().dropLast()
            .map { String($0.dropFirst(2)) }
        #expect((named + rest).sorted() == all.sorted())
        rest = []
        let few = try await plan("3", (0..<3).map { Sample.item("\($0)") })
        #expect(throws: TranshipError.self) {
            try before.check(against: few) { rest.append($0) }
        }
        #expect(rest.isEmpty)
    }

    @Test func `Of each kind of difference one is told at least`() async throws {
        let before = try await plan("1", (0..<30).map { Sample.item("\($0)") })
        let after = try await plan(
            "2",
            (0..<29).map { number in
                var item = Sample.item("\(number)")
                if number == 28 {
                    item.intent.record.visibility = .public
                } else {
                    item.intent.record.minDiskGiB = 8
                }
                return item
            } + [Sample.item("new")])
        let error = try #require(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error.message.contains("visibility: private -> public"), "\(error)")
        #expect(error.message.contains("image:29 (sample) -> beta: create -> not planned"))
        #expect(error.message.contains("image:new (sample) -> beta: not planned -> create"))
        #expect(error.message.contains("min_disk: 0 -> 8"))
        #expect(error.message.hasSuffix("and 21 more, which -v lists"))
    }

    @Test func `Another action is drift as well`() async throws {
        let before = try await plan("1", [Sample.item("a")])
        var after = before
        after.entries[0].action = .conflict
        let error = #expect(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error?.code == .planDrifted)
        #expect(
            error?.message.hasSuffix("image:a (sample) -> beta: action: create -> conflict") == true
        )
    }

    @Test func `A changed line of the table is one difference, and no image repeats it`()
        async throws
    {
        func plan(_ name: String, _ table: [String: String], _ ids: [String: String]) async throws
            -> SavedPlan
        {
            let items = (0..<30).map { number in
                var item = Sample.item("\(number)")
                item.intent.record.members = .map(ids)
                return item
            }
            var plan = try await self.plan(name, items)
            plan.projects = table
            return plan
        }
        let before = try await plan("1", ["a": "b", "c": "d"], ["ida": "idb"])
        #expect(before.entries.allSatisfy { $0.fields["members"] == "map" })
        #expect(before.members == ["beta": ["ida": "idb"]])
        #expect(
            before.text.contains("members at beta, by their projects at the sources\n  ida: idb"))
        let after = try await plan("2", ["a": "e", "c": "d"], ["ida": "ide"])
        #expect(before.differenceLines(from: after) == ["projects: a: b -> e"])
        #expect(before.digest != after.digest)
        // The line is the same, but its name has another project.
        let other = try await plan("3", ["a": "b", "c": "d"], ["ida": "ide"])
        #expect(before.differenceLines(from: other) == ["members at beta: ida: idb -> ide"])
        try before.write(to: folder.file("plan.json"))
        #expect(try SavedPlan.read(from: folder.file("plan.json")) == before)
    }

    @Test func `A long value is cut around what differs`() async throws {
        var item = Sample.item("a")
        item.intent.record.tags = (100..<228).map { "t\($0)" }
        let before = try await plan("1", [item])
        item.intent.record.tags[100] = "t199-x"
        let after = try await plan("2", [item])
        let line = try #require(before.differenceLines(from: after).first)
        let values = line.split(separator: " -> ").suffix(2)
        #expect(values.first?.contains("t200, ") == true && values.last?.contains("t199-x") == true)
        #expect(values.allSatisfy { $0.contains("…") }, "\(line)")
    }

    @Test func `The text names projects, and plans do not differ by names`() async throws {
        var item = Sample.item("a")
        item.intent.record.ownerID = "p2"
        item.intent.source.ownerID = "p1"
        let before = try await plan("1", [item])
        var after = before
        after.projectNames = ["p1": "pay", "p2": "payroll"]
        #expect(after.text.contains("\n  owner: payroll (p2)\n"))
        #expect(after.text.contains("\n  source project: pay (p1)\n"))
        #expect(before.text.contains("\n  owner: p2\n"))
        #expect(before.differenceLines(from: after).isEmpty)
    }

    @Test func `A plan of another pipeline is not a plan for this one`() async throws {
        let before = try await plan("1", [])
        var after = before
        after.pipeline = "q"
        let error = #expect(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error?.code == .usage)
    }

    @Test func `The text beside the plan has its digests, and what each image becomes`()
        async throws
    {
        let plan = try await plan("1", [Sample.item("a")])
        try plan.write(to: folder.file("plan.json"))
        let text = try String(contentsOfFile: folder.file("plan.txt"), encoding: .utf8)
        #expect(text.contains("digest \(plan.digest)\n"))
        #expect(text.contains("create image:a -> beta\n  digest: \(plan.entries[0].digest)\n"))
        #expect(text.contains("\n  name: sample\n"))
        var other = plan
        other.entries[0].fields["name"] = "other"
        #expect(other.digest != plan.digest)
    }

    @Test func `A file whose entry was edited is refused`() async throws {
        let plan = try await plan("1", [Sample.item("a")])
        let path = folder.file("plan.json")
        try plan.write(to: path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try folder.write(
            Array(text.replacing("\"sample\"", with: "\"other\"").utf8), to: "plan.json")
        let error = #expect(throws: TranshipError.self) { try SavedPlan.read(from: path) }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("image:a at beta was changed after the plan") == true)
    }

    @Test func `What is at the target already is compared as well`() async throws {
        var item = Sample.item("a")
        item.action = .skip
        item.reason = .alreadyAtTarget(imageID: "i")
        let before = SavedPlan.Entry(item)
        item.intent.record.visibility = .public
        let after = SavedPlan.Entry(item)
        #expect(before.fields["visibility"] == "private" && after.fields["visibility"] == "public")
        #expect(before.digest != after.digest)
    }

    @Test func `A plan of an earlier format is refused with its number`() throws {
        let old = #"{"version":1,"pipeline":"p","entries":[]}"#
        try folder.write(Array(old.utf8), to: "plan.json")
        let error = #expect(throws: TranshipError.self) {
            try SavedPlan.read(from: folder.file("plan.json"))
        }
        #expect(error?.code == .usage)
        #expect(
            error?.message.contains("format 1, and this version of tranship reads format 4") == true
        )
        #expect(error?.hint?.contains("--save") == true)
    }

    @Test(arguments: [
        ("", "it is not JSON"), ("[]", "it is JSON of another kind"),
        ("{}", "it has no `version`"), ("{\"version\":\"3\"}", "its `version` has another type"),
    ])
    func `A file that is not a saved plan is refused, with how to make one`(
        text: String, words: String
    ) throws {
        try folder.write(Array(text.utf8), to: "plan.json")
        let error = #expect(throws: TranshipError.self) {
            try SavedPlan.read(from: folder.file("plan.json"))
        }
        #expect(error?.code == .usage)
        #expect(error?.message == "\(folder.file("plan.json")) is not a saved plan: \(words)")
        #expect(error?.hint?.contains("--save") == true)
    }

    @Test func `A plan that cannot be written is told`() async throws {
        let plan = try await plan("1", [])
        let error = #expect(throws: TranshipError.self) {
            try plan.write(to: folder.file("none/plan.json"))
        }
        #expect(error?.message.contains("none/plan.json") == true)
    }
}
