// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Operators' changes to the versions of a series, beside the runs.
@Suite(.timeLimit(.minutes(3))) struct SeriesByHandTests {
    private func nights(_ count: UInt64, _ rules: String = "previous: hide") async throws -> Nights
    {
        let nights = try Nights("beta")
        for version in 1...count { try await nights.night(version, rules: rules) }
        return nights
    }

    @Test func `A version that an operator deactivated stays so if its source has it again`()
        async throws
    {
        let nights = try await nights(2)
        let beta = try #require(nights.clouds["beta"])
        beta.put(try #require(nights.id(1)), ["status": "deactivated"])
        for _ in 1...2 {
            let back = try await nights.night(1, rules: "previous: hide")
            #expect(back.words == ["hide left", "restore left"])
            #expect(
                back.summary.changes.last?.reason == .editedByHand(field: "status"))
            #expect(back.summary.exitStatus == .done)
            #expect(nights.standing(1) == "a hidden deactivated" && nights.standing(2) == "a")
        }
        // The operator activates the version.
        beta.put(try #require(nights.id(1)), ["status": "active"])
        let back = try await nights.night(1, rules: "previous: hide")
        #expect(back.words == ["hide done", "restore done"])
        #expect(back.planned.map(\.reason.code) == ["replaced", "current-again"])
        #expect(nights.standing(1) == "a" && nights.standing(2) == "a hidden")
    }

    @Test(arguments: ["before the plan", "after the plan"])
    func `An earlier version keeps the name while someone has renamed the current one`(
        when: String
    ) async throws {
        let rules = "previous: rename"
        let nights = try await nights(2, rules)
        let beta = try #require(nights.clouds["beta"])
        let (first, second) = (try #require(nights.id(1)), try #require(nights.id(2)))
        // An operator goes back by hand.
        beta.put(first, ["name": "a"])
        if when == "before the plan" { beta.put(second, ["name": "mine"]) }
        for _ in 1...2 {
            let run = try nights.run(["a": noise(5000, seed: 2)], rules: rules)
            let plan = try await run.plan()
            beta.put(second, ["name": "mine"])
            let summary = try await run.carryOut(plan)
            #expect(summary.exitStatus == .done)
            #expect(
                summary.changes.first { $0.image.id == first }?.reason == .currentNotShown)
            #expect(nights.standing(1) == "a" && nights.standing(2) == "mine")
        }
        // The series continues with the next version.
        try await nights.night(3, rules: rules)
        #expect((1...3).map { nights.standing($0) } == ["a (…)", "mine", "a"])
    }

    @Test func `A promoted version needs no update, and gets the new name of the pipeline file`()
        async throws
    {
        let rules = "previous: rename, on_conflict: update"
        let nights = try await nights(2, rules)
        #expect(nights.standing(2) == "a")
        for sameRules in [rules, "previous: rename, on_conflict: keep-both"] {
            let night = try await nights.night(2, rules: sameRules)
            #expect(night.items.map(\.action) == [.skip] && night.summary.isNothingToDo)
            #expect(night.items.flatMap(\.notes).isEmpty)
        }
        let renamed = "\(rules), image: { name: new }"
        let change = try await nights.night(2, rules: renamed)
        #expect(change.items.map(\.reason?.code) == ["fields-changed"])
        let done = try await change.summary.status.transfers(in: [.done], limit: 9)
        #expect(done.map(\.remarks) == [[]])
        #expect(nights.standing(1) == "a (…)" && nights.standing(2) == "new")
        let after = try await nights.night(2, rules: renamed)
        #expect(after.items.map(\.action) == [.skip] && after.items.flatMap(\.notes).isEmpty)
        // Later nights do the same: the name goes to the next version.
        try await nights.night(3, rules: renamed)
        #expect(nights.standing(3) == "new")
        #expect(nights.standing(2)?.hasPrefix("new (") == true)
    }

    @Test func `A version that waits for a name needs an operator, and nothing piles up`()
        async throws
    {
        let rules = "previous: rename, keep: 1, expired: { action: delete, after: 0s }"
        let nights = try await nights(2, rules)
        let beta = try #require(nights.clouds["beta"])
        let holder = try #require(nights.id(2))
        beta.put(holder, ["protected": true])
        for version in 3...7 as ClosedRange<UInt64> {
            let night = try await nights.night(version, rules: rules)
            #expect(night.summary.exitStatus == .someFailed && !night.summary.isNothingToDo)
            let waiting = night.summary.changes.filter(\.waitsForOperator)
            #expect(
                waiting.map(\.reason) == [.nameHeld(imageID: holder, edited: "protection")])
        }
        // Three versions stay: the one that users get, the one they had before, and the newest of
        // those that wait.
        let standing = (1...7).map { nights.standing($0) }
        #expect(standing == ["a (…)", "a", nil, nil, nil, nil, "a (…)"])
        let images = ["a": noise(5000, seed: 7)]
        let kept = try await nights.run(images, rules: rules).prunable()
        let reasons = Dictionary(kept.map { ($0.image.id, $0.reason.code) }) { first, _ in first }
        #expect(reasons[holder] == "is-current")
        #expect(reasons[try #require(nights.id(7))] == "name-held")
        var checked: [CheckedImage] = []
        _ = try await nights.run(images, rules: rules).check(downloads: false) {
            checked.append($0)
        }
        #expect(checked.map(\.verdict) == [.differs])
        #expect(checked.first?.note?.contains(holder) == true)

        beta.put(holder, ["protected": false])
        let night = try await nights.night(7, rules: rules)
        #expect(night.summary.exitStatus == .done)
        // The version that users had becomes the one before, and replaces that one.
        #expect(nights.standing(7) == "a" && nights.standing(2) == "a (…)")
        #expect(nights.standing(1) == nil)
        // Then the series continues as usual.
        try await nights.night(8, rules: rules)
        #expect((1...8).compactMap { nights.standing($0) } == ["a (…)", "a"])
        #expect(nights.standing(7) == "a (…)" && nights.standing(8) == "a")
    }

    @Test(arguments: ["protected", "foreign"])
    func `An image that keeps the name since the plan lets the new version wait`(
        what: String
    ) async throws {
        let rules = "previous: rename, keep: 1, expired: { action: delete, after: 0s }"
        let nights = try await nights(2, rules)
        let beta = try #require(nights.clouds["beta"])
        let current = try #require(nights.id(2))
        let other = "11111111-2222-3333-4444-555555555555"
        let run = try nights.run(["a": noise(5000, seed: 3)], rules: rules)
        let plan = try await run.plan()
        #expect(plan.changes.map(\.action) == [.delete, .rename, .promote])
        #expect(plan.changes.allSatisfy { $0.state == .planned })
        if what == "protected" {
            beta.put(current, ["protected": true])
        } else {
            beta.put(other, data: [1, 2, 3], ["name": "a", "owner": "project"])
        }
        let expected: PlanReason =
            what == "protected"
            ? .nameHeld(imageID: current, edited: "protection")
            : .nameHeldByUnknown(imageID: other)
        var summary = try await run.carryOut(plan)
        for _ in 1...3 {
            #expect(summary.exitStatus == .someFailed && !summary.isNothingToDo)
            #expect(summary.changes.filter(\.waitsForOperator).map(\.reason) == [expected])
            #expect(
                [1, 2, 3].map { nights.standing($0) } == ["a (…)", "a", "a (…)"])
            summary = try await nights.night(3, rules: rules).summary
        }
        // The operator undoes the change.
        if what == "protected" {
            beta.put(current, ["protected": false])
        } else {
            beta.put(other, ["name": "mine"])
        }
        summary = try await nights.night(3, rules: rules).summary
        #expect(summary.exitStatus == .done)
        #expect([2, 3].map { nights.standing($0) } == ["a (…)", "a"])
    }

    @Test func `Another visibility of the current version is told before it is in the way`()
        async throws
    {
        let rules = "previous: rename, keep: 1"
        let nights = try await nights(1, rules)
        let beta = try #require(nights.clouds["beta"])
        let id = try #require(nights.id(1))
        let note = Note.changedByHand(imageID: id, fields: ["visibility"])
        #expect(try await !nights.night(1, rules: rules).items.flatMap(\.notes).contains(note))
        beta.put(id, ["visibility": "community"])
        #expect(try await nights.night(1, rules: rules).items.flatMap(\.notes).contains(note))
        // The reason names at once everything that has to be undone.
        beta.put(id, ["protected": true])
        let next = try await nights.night(2, rules: rules)
        #expect(
            next.summary.changes.filter(\.waitsForOperator).map(\.reason)
                == [.nameHeld(imageID: id, edited: FieldNames(["protection", "visibility"]))])
    }

    /// An event at a waiting version, and true if the version goes when the next one comes.
    @Test(
        arguments: [
            ("nothing", true), ("protected", false), ("name", false), ("visibility", false),
            ("os_hidden", false), ("tags", false), ("min_disk", false), ("property", false),
            ("in use", false), ("no rule", false), ("young", false), ("next one fails", false),
            ("own name again", false),
        ])
    func `Of versions that wait, an older one goes only if it is as it was made`(
        happens: String, goes: Bool
    ) async throws {
        let rules =
            switch happens {
            case "no rule": "previous: rename, keep: 1"
            case "young": "previous: rename, keep: 1, expired: { action: delete, after: 1d }"
            default: "previous: rename, keep: 1, expired: { action: delete, after: 0s }"
            }
        let nights = try await nights(2, rules)
        let beta = try #require(nights.clouds["beta"])
        let holder = try #require(nights.id(2))
        beta.put(holder, ["protected": true])
        try await nights.night(3, rules: rules)
        let waiting = try #require(nights.id(3))
        switch happens {
        case "protected", "os_hidden": beta.put(waiting, [happens: true])
        case "name", "property": beta.put(waiting, [happens: "mine"])
        case "visibility": beta.put(waiting, [happens: "community"])
        case "tags": beta.put(waiting, [happens: ["mine"]])
        case "min_disk": beta.put(waiting, [happens: 7])
        case "in use":
            beta.answer(with: .status(409, text: "in use")) {
                $0.method == "DELETE" && $0.path.hasSuffix(waiting)
            }
        case "next one fails":
            beta.answer(with: .status(403, text: "no")) {
                $0.method == "PUT" && $0.path.hasSuffix("/file")
            }
        case "own name again":
            // The waiting version was the current one for a while.
            beta.put(holder, ["protected": false])
            try await nights.night(3, rules: rules)
            #expect(nights.standing(3) == "a")
            beta.put(waiting, ["protected": true])
        default: break
        }
        let night = try await nights.night(4, rules: rules)
        #expect((nights.standing(3) == nil) == goes, "\(night.words)")
        #expect(
            nights.standing(2) != nil
                && (nights.standing(4) == nil) == (happens == "next one fails"))
        if goes {
            let deletions = night.summary.changes.filter {
                $0.action == .delete && $0.state == .done
            }
            #expect(deletions.map(\.image.id) == [waiting])
            #expect(deletions.map(\.reason) == [.neverCurrent(afterSeconds: 0)])
        }
    }

    @Test func `A new version that someone edited before it got its name needs an operator`()
        async throws
    {
        let rules = "previous: rename"
        let nights = try await nights(1, rules)
        let beta = try #require(nights.clouds["beta"])
        beta.answer(times: 1, with: .status(403, text: "no")) { $0.method == "PATCH" }
        try await nights.night(2, rules: rules)
        beta.put(try #require(nights.id(2)), ["visibility": "community"])
        for _ in 1...2 {
            let night = try await nights.night(2, rules: rules)
            #expect(night.summary.exitStatus == .someFailed)
            #expect(
                night.summary.changes.filter(\.waitsForOperator).map(\.reason.code)
                    == ["edited-by-hand"])
            #expect(nights.standing(1) == "a" && nights.standing(2) == "a (…)")
        }
    }

    @Test(arguments: [("os_hidden", true), ("name", "mine")] as [(String, JSONValue)])
    func `A word is said of a current version that someone hid or renamed`(
        field: String, value: JSONValue
    ) async throws {
        let nights = try await nights(2)
        nights.clouds["beta"]?.put(try #require(nights.id(2)), [field: value])
        let night = try await nights.night(2, rules: "previous: hide")
        #expect(
            night.items.flatMap(\.notes) == [
                .changedByHand(imageID: try #require(nights.id(2)), fields: [field])
            ])
    }

    @Test func `What a run deactivated and restores is not called someone's work`() async throws {
        let nights = try await nights(2, "previous: deactivate")
        #expect(nights.standing(1) == "a deactivated")
        let back = try await nights.night(1, rules: "previous: deactivate")
        #expect(back.items.flatMap(\.notes).isEmpty)
        #expect(nights.standing(1) == "a" && nights.standing(2) == "a deactivated")
    }

    @Test func `A rollback is whole though an operator has renamed a version from before`()
        async throws
    {
        let nights = try await nights(3, "previous: rename")
        let beta = try #require(nights.clouds["beta"])
        beta.put(try #require(nights.id(1)), ["name": "mine"])
        let run = try nights.run(rules: "previous: rename")
        let rollback = try await run.rollback(series: "memory:a", to: nil)
        let summary = try await run.carryOut(rollback)
        #expect(summary.changes.contains { $0.state == .left })
        #expect(rollback.isWhole(after: summary.changes))
        #expect(nights.standing(1) == "mine" && nights.standing(2) == "a")
        #expect(nights.standing(3) == "a (…)")

        // The version from which the rollback goes back stays visible.
        beta.put(try #require(nights.id(2)), ["protected": true])
        let next = try nights.run(rules: "previous: rename")
        let newest = try #require(nights.id(3))
        let forward = try await next.rollback(series: "memory:a", to: newest)
        #expect(forward.goesBackAt == [] && !forward.isWhole(after: []))
        #expect(
            Set(forward.changes.map(\.reason.code)) == [
                "edited-by-hand", "name-held", "protected-by-hand",
            ])
        #expect(nights.standing(2) == "a")
    }

    @Test(arguments: ["name", "protected", "os_hidden"])
    func `A rollback to a version that someone has edited changes nothing and remembers nothing`(
        field: String
    ) async throws {
        let nights = try await nights(2, "previous: rename")
        let beta = try #require(nights.clouds["beta"])
        let goal = try #require(nights.id(1))
        beta.put(goal, [field: field == "name" ? "mine" : true])
        let before = (nights.standing(1), nights.standing(2))
        let rollback = try await nights.run(rules: "previous: rename").rollback(
            series: "memory:a", to: goal)
        #expect(rollback.changes.map(\.image.id) == [goal])
        #expect(rollback.changes.map(\.state) == [.left])
        #expect(rollback.goesBackAt == [] && rollback.stuckAt == ["beta"])
        #expect(rollback.heldCount == 0 && !rollback.isWhole(after: []))
        #expect((nights.standing(1), nights.standing(2)) == before)
        let night = try await nights.night(2, rules: "previous: rename")
        #expect(
            night.items.map(\.reason) == [.alreadyAtTarget(imageID: try #require(nights.id(2)))])
    }

    @Test func `A version that someone edits after the list was made is not remembered`()
        async throws
    {
        let nights = try await nights(2)
        let run = try nights.run(rules: "previous: hide")
        let rollback = try await run.rollback(series: "memory:a", to: nil)
        nights.clouds["beta"]?.put(try #require(nights.id(1)), ["name": "mine"])
        let summary = try await run.carryOut(rollback)
        #expect(!rollback.isWhole(after: summary.changes))
        #expect(nights.standing(1) == "mine hidden" && nights.standing(2) == "a")
        #expect(try await nights.journal.heldVersions().isEmpty)
    }

    @Test func `A rollback of a run names the run that deleted its copy`() async throws {
        let rules = "previous: hide, keep: 0, expired: { action: delete, after: 0s }"
        let nights = try await nights(2, rules)
        #expect(nights.standing(1) == nil)
        var found: [PlanReason] = []
        let tally = try await nights.run(rules: rules).undo(run: 1, removes: true) {
            found.append($0.reason)
        }
        #expect(tally == [.gone: 1] && found == [.deletedByRun(2)], "\(found)")
    }

    @Test(arguments: [
        ("previous: hide", "hidden"), ("previous: rename", "name"),
        ("previous: deactivate", "deactivated"),
    ])
    func `A rollback of a run names the run that made its copy an earlier version`(
        rules: String, field: String
    ) async throws {
        let nights = try await nights(2, rules)
        func reasons() async throws -> [PlanReason] {
            var found: [PlanReason] = []
            _ = try await nights.run(rules: rules).undo(run: 1, removes: true) {
                found.append($0.reason)
            }
            return found
        }
        #expect(try await reasons() == [.changedByRun(2, field: FieldNames([field]))])
        // An operator also edits the version.
        nights.clouds["beta"]?.put(try #require(nights.id(1)), ["tags": ["mine"]])
        let fields = FieldNames([field, "tags"].sorted())
        #expect(try await reasons() == [.editedByHand(field: fields)])
        #expect(nights.standing(1) != nil)
    }
}
