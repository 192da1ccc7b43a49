// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import MigrationJournal
@testable import Planning

/// The changes to the versions 1, 2, … of a series, the last of which is current.
@Suite struct RetirementTests {
    private static let daySeconds: Int64 = 86_400

    private func origin(_ version: Int) -> Origin {
        Origin(lineageID: "lineage", versionID: "v\(version)")
    }

    /// Returns a copy that was done on that day, as it was published.
    private func copy(
        _ version: Int, _ edit: (inout TargetImage) -> Void = { _ in },
        transfer: ((inout Transfer) -> Void)? = { _ in }, changes: [Change.Action] = []
    ) -> SeriesCopy {
        var image = Sample.target(
            "image-\(version)", name: "Ubuntu", marker: origin(version).propertyValue)
        image.createdAtUnixSeconds = Int64(version) * Self.daySeconds
        edit(&image)
        var row = Sample.transfer("s\(version)", state: .done, imageID: "image-\(version)")
        row.intent.origin = origin(version)
        row.intent.record.name = "Ubuntu"
        row.placement = Placement(imageID: "image-\(version)", contents: .ours)
        transfer?(&row)
        return SeriesCopy(
            image, transfer: transfer == nil ? nil : row,
            currentSince: Int64(version) * Self.daySeconds * 1000, changes: changes)
    }

    private func item(_ version: Int, _ action: PlanAction = .skip) -> PlanItem {
        var item = Sample.item("s\(version)")
        item.intent.origin = origin(version)
        item.action = action
        return item
    }

    /// Returns `1 hide` for a planned change, `1 left protected-by-hand` for one that is left.
    private func changes(
        _ rules: String, on day: Int64 = 10, current: PlanItem..., copies: [SeriesCopy],
        rollbackTo: String? = nil, sources: Retirement.Sources = .init()
    ) throws -> [String] {
        var retirement = Retirement(
            try targetRules(rules), projectID: nil, nowUnixSeconds: day * Self.daySeconds)
        retirement.rollbackTo = rollbackTo
        retirement.sources = sources
        return words(retirement.changes(besides: current, copies))
    }

    private func words(_ changes: [Change]) -> [String] {
        changes.map { change in
            "\(change.image.id.dropFirst("image-".count)) "
                + (change.state == .planned
                    ? change.action.rawValue : "\(change.state.rawValue) \(change.reason.code)")
        }
    }

    @Test(
        arguments: [
            // The rules, the version that the source has, and the changes on day 10.
            ("previous: hide", 3, ["1 hide", "2 hide"]),
            ("previous: rename", 3, ["1 rename", "2 rename"]),
            ("previous: leave", 3, []),
            ("keep: 1", 3, []),
            ("keep: 1\nexpired: { action: delete, after: 0s }", 3, ["1 delete"]),
            (
                "keep: 1\nprevious: hide\nexpired: { action: delete, after: 0s }", 3,
                ["1 delete", "2 hide"]
            ),
            ("keep: 0\nexpired: { action: delete, after: 0s }", 3, ["1 delete", "2 delete"]),
            // Version 1 was replaced on day 2, version 2 on day 3.
            ("keep: 0\nexpired: { action: delete, after: 8d }", 3, ["1 delete"]),
            (
                "keep: 0\nprevious: hide\nexpired: { action: delete, after: 8d }", 3,
                ["1 delete", "2 hide"]
            ),
            // With a new version, the current one is not replaced yet.
            (
                "keep: 0\nprevious: hide\nexpired: { action: delete, after: 1d }", 4,
                ["1 delete", "2 delete", "3 hide"]
            ),
            ("keep: 2\nexpired: { action: delete, after: 0s }", 4, ["1 delete"]),
            // The first version is current again, so nothing shows when the others were replaced.
            (
                "keep: 0\nprevious: hide\nexpired: { action: delete, after: 1d }", 1,
                ["2 delete", "3 hide"]
            ),
        ] as [(String, Int, [String])])
    func `Rules decide by rank and by when a version was replaced`(
        rules: String, current: Int, expected: [String]
    ) throws {
        let copies = (1...3).map { copy($0) }
        let found = try changes(
            rules, current: item(current, current > 3 ? .create : .skip), copies: copies)
        #expect(found == expected)
    }

    /// Versions 1 and 2 were done, version 1 became current again on day 5, and version 3 is new.
    @Test(arguments: [
        ("keep: 1", "0s", ["2 delete", "1 hide"]), ("keep: 0", "3d", ["2 delete", "1 hide"]),
        ("keep: 0", "6d", ["2 hide", "1 hide"]), ("keep: 0", "0s", ["2 delete", "1 delete"]),
    ])
    func `A version that came back counts from then`(
        keep: String, after: String, expected: [String]
    ) throws {
        var back = copy(1)
        back.currentSince = 5 * Self.daySeconds * 1000
        let rules = "\(keep)\nprevious: hide\nexpired: { action: delete, after: \(after) }"
        let found = try changes(rules, current: item(3, .create), copies: [back, copy(2)])
        #expect(found == expected)
    }

    @Test(
        arguments: [
            // The clock of the second night was fast, but its version is still the second one.
            ([1, 40, 3], 4, "keep: 1", "0s", ["1 delete", "2 delete", "3 hide"]),
            ([1, 40, 3], 80, "keep: 1", "30d", ["1 delete", "2 delete", "3 hide"]),
            // A time after now does not show an age.
            ([1, 40, 3], 4, "keep: 0", "1d", ["1 hide", "2 hide", "3 hide"]),
            ([1, 40, 3, 41], 4, "keep: 0", "1d", ["1 hide", "2 hide", "3 hide", "4 hide"]),
            // The clock was slow: no version was replaced before it was made.
            ([30, 31, 1], 40, "keep: 0", "10d", ["1 hide", "2 hide", "3 hide"]),
            ([30, 31, 1], 41, "keep: 0", "10d", ["1 delete", "2 delete", "3 hide"]),
            // The version before was current until this run.
            ([1, 2, 3], 80, "keep: 0", "30d", ["1 delete", "2 delete", "3 hide"]),
        ] as [([Int64], Int64, String, String, [String])])
    func `The order of runs counts, and a wrong clock makes no version old`(
        days: [Int64], now: Int64, keep: String, after: String, expected: [String]
    ) throws {
        let copies = days.enumerated().map { index, day in
            var copy = copy(index + 1)
            copy.currentSince = day * Self.daySeconds * 1000
            copy.currentSinceRun = Int64(index + 1)
            return copy
        }
        let rules = "\(keep)\nprevious: hide\nexpired: { action: delete, after: \(after) }"
        let found = try changes(
            rules, on: now, current: item(days.count + 1, .create), copies: copies.reversed())
        #expect(found == expected)
    }

    @Test func `Each of several sources keeps as many earlier versions`() throws {
        let rules = "keep: 1\nprevious: hide\nexpired: { action: delete, after: 0s }"
        let copies = [
            copy(1, at: "x"), copy(2, at: "y"), copy(3, at: "x"), copy(4, at: "y"),
            copy(5, at: "y"),
        ]
        #expect(
            try changes(
                rules, current: item(6, at: "x", .create), item(7, at: "y", .create),
                copies: copies, sources: .init(areSeveral: true))
                == ["1 delete", "2 delete", "3 hide", "4 delete", "5 hide"])
    }

    @Test func `A version was replaced by the next one of its own source`() throws {
        // y 2 became current long ago, and x 1 was current until this run.
        let rules = "keep: 0\nprevious: hide\nexpired: { action: delete, after: 1d }"
        #expect(
            try changes(
                rules, current: item(3, at: "x", .create), item(2, at: "y"),
                copies: [copy(1, at: "x"), copy(2, at: "y")], sources: .init(areSeveral: true))
                == ["1 hide"])
        // The pipeline no longer has x. That its version is not current is new as well, and counts
        // from the run that found it.
        var lost = copy(1, at: "x")
        for (retiredOn, found) in [(nil, "1 hide"), (10, "1 hide"), (9, "1 delete")]
            as [(Int64?, String)]
        {
            lost.retiredAt = retiredOn.map { $0 * Self.daySeconds * 1000 }
            #expect(
                try changes(
                    rules, current: item(2, at: "y"), copies: [lost, copy(2, at: "y")],
                    sources: .init(areSeveral: true)) == [found])
        }
    }

    @Test func `A source that goes back is not a newer version`() throws {
        let retirement = Retirement(
            try targetRules("previous: hide"), projectID: nil, nowUnixSeconds: 5 * Self.daySeconds)
        let hidden = copy(1, { $0.isHidden = true }, changes: [.hide])
        func reasons(_ current: Int) -> [PlanReason] {
            retirement.changes(besides: [item(current)], [hidden, copy(2), copy(3)]).map(\.reason)
        }
        #expect(reasons(3) == [.replaced(byVersion: "v3")])
        #expect(
            reasons(1) == [
                .replacedByEarlier(version: "v1"), .replacedByEarlier(version: "v1"), .currentAgain,
            ])
    }

    @Test func `A target that says nothing about versions has no changes`() throws {
        #expect(try changes("method: upload", current: item(2), copies: [copy(1), copy(2)]) == [])
    }

    @Test(arguments: ["hide", "delete"])
    func `What is not ours or was edited is left alone`(action: String) throws {
        let rules = "keep: 0\nprevious: hide\nexpired: { action: \(action), after: 0s }"
        func one(_ copy: SeriesCopy) throws -> [String] {
            try changes(rules, current: item(2), copies: [copy, self.copy(2)])
        }
        #expect(try one(copy(1)) == ["1 \(action)"])
        #expect(try one(copy(1, transfer: nil)) == ["1 left journal-does-not-know"])
        #expect(try one(copy(1, { $0.isProtected = true })) == ["1 left protected-by-hand"])
        #expect(try one(copy(1, { $0.name = "mine" })) == ["1 left edited-by-hand"])
        #expect(try one(copy(1, { $0.visibility = .public })) == ["1 left edited-by-hand"])
        #expect(try one(copy(1, { $0.ownerID = "another" })) == ["1 left not-ours"])
        let other = copy(
            1, transfer: { $0.placement = Placement(imageID: "image-9", contents: .ours) })
        #expect(try one(other) == ["1 left not-ours"])
        // A protection by our own plan is ours to undo.
        let planned = copy(
            1, { $0.isProtected = true }, transfer: { $0.intent.record.isProtected = true })
        #expect(try one(planned) == ["1 \(action)"])
    }

    @Test func `What the journal does not know pushes no version out`() throws {
        let rules = "keep: 1\nexpired: { action: delete, after: 0s }"
        let unknown = copy(3, transfer: nil)
        #expect(
            try changes(rules, current: item(4), copies: [copy(2), unknown, copy(4)]) == [])
        #expect(
            try changes(rules, current: item(4), copies: [copy(1), copy(2), unknown, copy(4)])
                == ["1 delete"])
    }

    @Test func `Versions of one second keep their order`() throws {
        var (first, second) = (copy(2), copy(1))
        (first.currentSince, second.currentSince) = (5000, 5001)
        #expect(
            try changes(
                "keep: 1\nexpired: { action: delete, after: 0s }", current: item(3, .create),
                copies: [second, first]) == ["2 delete"])
    }

    @Test func `What is hidden already needs no change, and may still expire`() throws {
        let copies = [copy(1, { $0.isHidden = true }), copy(2)]
        #expect(try changes("previous: hide", current: item(2), copies: copies) == [])
        #expect(
            try changes(
                "keep: 0\nexpired: { action: delete, after: 0s }", current: item(2), copies: copies)
                == ["1 delete"])
    }

    @Test func `Only what an earlier change hid is shown again`() throws {
        let byUs = copy(1, { $0.isHidden = true }, changes: [.hide])
        #expect(try changes("previous: leave", current: item(1), copies: [byUs]) == ["1 restore"])
        let byHand = copy(1, { $0.isHidden = true })
        #expect(try changes("previous: leave", current: item(1), copies: [byHand]) == [])
        // The same in every night.
        let other = copy(2, { $0.isHidden = true }, changes: [.hide])
        #expect(try changes("previous: hide", current: item(1), copies: [byHand, other]) == [])
    }

    @Test(arguments: ["rename", "hide", "deactivate"])
    func `A version that others see stays while someone has renamed the current one`(
        previous: String
    ) throws {
        let rules = "keep: 0\nprevious: \(previous)\nexpired: { action: delete, after: 0s }"
        func found(_ other: SeriesCopy) throws -> [String] {
            let renamed = copy(2, { $0.name = "mine" }, changes: [.promote])
            return try changes(rules, current: item(2), copies: [other, renamed])
        }
        // The operator gave the name back to the version before.
        let left = ["1 left current-not-shown", "2 left edited-by-hand"]
        #expect(try found(copy(1, changes: [.rename])) == left)
        // Changes to copies that others do not see continue, and are not reported every night.
        #expect(try found(staged(1) { $0.isHidden = true }) == ["1 delete"])
    }

    @Test(arguments: [nil, "v1"])
    func `A version that comes back keeps what someone else did to it`(rollbackTo: String?) throws {
        func back(
            _ changes: [Change.Action], _ edit: (inout TargetImage) -> Void
        ) throws -> [String] {
            try self.changes(
                "previous: hide", current: item(1),
                copies: [copy(1, edit, changes: changes), copy(2)],
                rollbackTo: rollbackTo)
        }
        let left = ["2 left current-not-shown", "1 left edited-by-hand"]
        // A run hid the version, and an operator deactivated it.
        #expect(
            try back([.hide]) {
                ($0.isHidden, $0.status) = (true, .deactivated)
            } == left)
        #expect(try back([.rename]) { $0.isHidden = true } == left)
        // Runs did both, one after the other.
        #expect(
            try back([.deactivate, .hide]) {
                ($0.isHidden, $0.status) = (true, .deactivated)
            } == ["2 hide", "1 restore"])
        // The version came back once before, and an operator deactivated it at that time.
        #expect(try back([.restore, .hide]) { $0.status = .deactivated } == left)
        // The version was hidden before a run hid it. The other one stays visible.
        #expect(try back([]) { $0.isHidden = true } == left)
    }

    @Test func `Versions that several sources have now are all current`() throws {
        let copies = (1...4).map { copy($0) }
        #expect(
            try changes("previous: hide", current: item(4), item(2), copies: copies)
                == ["1 hide", "3 hide"])
    }

    /// Returns a version of one of several sources, with the source's letter in its key.
    private func copy(_ version: Int, at letter: String, template: Bool = true) -> SeriesCopy {
        copy(
            version,
            transfer: {
                $0.intent.source.key = "url:http://h/\(letter)1/disk-\(version)"
                $0.intent.source.version = "\(version)"
                if template {
                    $0.intent.source.placeTemplate = "url:http://h/\(letter)1/disk-{version}"
                }
            })
    }

    private func item(
        _ version: Int, at letter: String, _ action: PlanAction = .skip
    ) -> PlanItem {
        var item = item(version, action)
        item.intent.source = copy(version, at: letter).transfer?.source ?? item.source
        return item
    }

    @Test(arguments: [true, false], ["0s", "1d"])
    func `A source that was not planned keeps its version`(template: Bool, after: String) throws {
        // Indexes of Simplestreams have no templates.
        let copies = [
            copy(1, at: "x", template: template), copy(2, at: "y", template: template),
            copy(3, at: "x", template: template), copy(4, at: "y", template: template),
        ]
        let rules = "keep: 0\nprevious: hide\nexpired: { action: delete, after: \(after) }"
        let hidden = after == "0s" ? "delete" : "hide"
        func found(_ sources: Retirement.Sources) throws -> [String] {
            try changes(rules, current: item(5, at: "y", .create), copies: copies, sources: sources)
        }
        // x is refused, in conflict, or has no image.
        let gap = try found(.init(areSeveral: true, areWhole: false))
        #expect(gap == ["2 delete", "4 \(hidden)"])
        // The pipeline no longer has x.
        let all = try found(.init(areSeveral: true))
        #expect(all.count == 4)
        // A series with one source that moved.
        #expect(try found(.init(areWhole: false)).count == 4)
    }

    @Test func `A version of a source that was not planned keeps no name from others`() throws {
        #expect(
            try changes(
                "previous: rename", current: item(2), copies: [copy(1, at: "x"), staged(2)],
                sources: .init(areSeveral: true, areWhole: false)) == ["2 promote"])
    }

    @Test func `Prune keeps the versions of a source that was not planned`() throws {
        var retirement = Retirement(
            try targetRules("keep: 0\nexpired: { action: delete, after: 0s }"), projectID: nil,
            nowUnixSeconds: 10 * Self.daySeconds)
        retirement.sources = .init(areSeveral: true, areWhole: false)
        let copies = [copy(1, at: "x"), copy(2, at: "y"), copy(3, at: "y")]
        #expect(
            words(retirement.review(besides: [item(3, at: "y")], copies))
                == ["1 left current-not-done", "2 delete", "3 left is-current"])
    }

    // MARK: Names

    /// Returns a version that was made under the name of an earlier version.
    private func staged(_ version: Int, _ edit: (inout TargetImage) -> Void = { _ in })
        -> SeriesCopy
    {
        copy(
            version,
            {
                $0.name = "Ubuntu (staged)"
                edit(&$0)
            },
            transfer: {
                $0.intent.record.name = "Ubuntu (staged)"
                $0.intent.record.currentName = "Ubuntu"
            })
    }

    @Test func `A new version takes the name before the other one loses it`() throws {
        #expect(
            try changes("previous: rename", current: item(2), copies: [copy(1), staged(2)])
                == ["1 rename", "2 promote"])
        // An earlier run died between the two requests.
        let named = staged(2) { $0.name = "Ubuntu" }
        #expect(
            try changes("previous: rename", current: item(2), copies: [copy(1), named])
                == ["1 rename"])
    }

    @Test func `If an operator keeps the name at the other version, the new one waits`() throws {
        let kept = copy(1, { $0.isProtected = true })
        #expect(
            try changes(
                "previous: rename", current: item(3), copies: [kept, copy(2), staged(3)])
                == ["1 left protected-by-hand", "2 left current-not-shown", "3 left name-held"])
    }

    @Test func `What no run finished or named takes no place of what was current`() throws {
        let rules = "keep: 2\nprevious: rename\nexpired: { action: delete, after: 0s }"
        var copies = (1...4).map { staged($0) }
        // Versions 1 and 4 once had the name.
        copies[0].changes = [.rename, .promote]
        copies[3].changes = [.rename]
        copies[1].wasDone = false
        copies[2].isUnnamed = true
        #expect(
            try changes(rules, current: item(5), copies: copies + [copy(5)])
                == ["2 delete", "3 delete"])
        // Version 3 waited for a name that an operator kept.
        copies[2].isUnnamed = false
        #expect(
            try changes(rules, current: item(5), copies: copies + [copy(5)])
                == ["2 delete", "3 delete"])
        // Version 3 was given the name since then.
        copies[2].changes = [.rename, .promote]
        #expect(
            try changes(rules, current: item(5), copies: copies + [copy(5)])
                == ["1 delete", "2 delete"])
    }

    @Test func `A version gives the name back before it is deleted`() throws {
        let rules = "keep: 0\nprevious: rename\nexpired: { action: delete, after: 0s }"
        #expect(
            try changes(rules, current: item(2), copies: [copy(1), copy(2)]) == ["1 rename"])
        let renamed = staged(1)
        #expect(
            try changes(rules, current: item(2), copies: [renamed, copy(2)]) == ["1 delete"])
    }

    // MARK: By hand

    @Test func `A rollback does with the newer version what the rules say, and deletes nothing`()
        throws
    {
        let copies = [copy(1), copy(2, { $0.isHidden = true }, changes: [.hide]), copy(3)]
        func back(_ rules: String) throws -> [String] {
            try changes(rules, current: item(2), copies: copies, rollbackTo: "v2")
        }
        #expect(try back("previous: hide") == ["1 hide", "3 hide", "2 restore"])
        #expect(try back("previous: leave") == ["3 hide", "2 restore"])
        #expect(
            try back("keep: 0\nprevious: deactivate\nexpired: { action: delete, after: 0s }")
                == ["1 deactivate", "3 deactivate", "2 restore"])
    }

    @Test func `A version that someone hid stops its rollback`() throws {
        let copies = [copy(1, { $0.isHidden = true }), copy(2)]
        #expect(
            try changes("previous: hide", current: item(1), copies: copies, rollbackTo: "v1")
                == ["2 left current-not-shown", "1 left edited-by-hand"])
    }

    @Test func `Prune says of every version why it is kept`() throws {
        let rules = "keep: 1\nexpired: { action: delete, after: 7d }"
        let retirement = Retirement(
            try targetRules(rules), projectID: nil, nowUnixSeconds: 10 * Self.daySeconds)
        let copies = [copy(1), copy(2, transfer: nil), copy(3), copy(4), copy(5)]
        #expect(
            words(retirement.review(besides: [item(5)], copies)) == [
                "1 delete", "2 left journal-does-not-know", "3 left not-expired",
                "4 left among-kept", "5 left is-current",
            ])
        // A run copies the new version first.
        #expect(
            words(retirement.review(besides: [item(6, .create)], copies)).first
                == "1 left current-not-done")
        var offered = item(6, .create)
        offered.intent.known = [
            CurrentVersion(versionID: "v5", fingerprint: "f", imageID: "image-5", digests: [])
        ]
        let expiring = Retirement(
            try targetRules("keep: 1\nexpired: { action: delete, after: 0s }"), projectID: nil,
            nowUnixSeconds: 10 * Self.daySeconds)
        let found = expiring.review(besides: [offered], [copy(3), copy(4), copy(5)])
        #expect(words(found) == ["3 delete", "4 left new-data-unread", "5 left is-current"])
        #expect(found.first?.currentVersionID == "v5")
        offered.intent.source.checksums = [try Sample.checksum(.sha256, "b")]
        let promised = expiring.review(besides: [offered], [copy(3), copy(4), copy(5)])
        #expect(words(promised)[1] == "4 left current-not-done")
        let unruled = Retirement(
            try targetRules("keep: 1"), projectID: nil, nowUnixSeconds: 10 * Self.daySeconds)
        #expect(
            words(unruled.review(besides: [item(2)], [copy(1), copy(2)]))
                == ["1 left never-deleted", "2 left is-current"])
    }
}
