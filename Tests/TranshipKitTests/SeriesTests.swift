// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Changes of nights and operators to the versions of a series.
@Suite(.timeLimit(.minutes(3))) struct SeriesTests {
    /// The number of images with the name of the series, after each request.
    private final class Named: Sendable {
        let counts = Guarded<[(request: String, count: Int)]>([])

        func watch(_ glance: GlanceServer) {
            glance.afterEachRequest { request, images in
                let count = images.count { image in
                    image["name"] == "a" && image["os_hidden"] != true
                        && image["status"] == "active"
                }
                self.counts.withLock { $0.append((request, count)) }
            }
        }

        /// Checks the counts after the first night.
        func check() {
            let counts = counts.withLock { $0 }
            #expect(counts.allSatisfy { (1...2).contains($0.count) }, "\(counts)")
            // There are two such images only from one PATCH to the next request that changes
            // something.
            let changes = counts.filter { !$0.request.hasPrefix("GET") }
            for (one, next) in zip(changes, changes.dropFirst()) where one.count == 2 {
                #expect(one.request.hasPrefix("PATCH"), "\(changes)")
                #expect(next.request.hasPrefix("PATCH") && next.count == 1, "\(changes)")
            }
        }
    }

    // MARK: Names

    @Test func `The name goes from one version to the next with two requests in a row`()
        async throws
    {
        let nights = try Nights("beta")
        try await nights.night(1, rules: "previous: rename")
        #expect(nights.standing(1) == "a")
        let named = Named()
        named.watch(try #require(nights.clouds["beta"]))
        for version in 2...4 as ClosedRange<UInt64> {
            let night = try await nights.night(version, rules: "previous: rename")
            #expect(night.words == ["rename done", "promote done"])
            #expect(nights.standing(version) == "a" && nights.standing(version - 1) == "a (…)")
        }
        // A version comes back.
        try await nights.night(2, rules: "previous: rename")
        #expect(nights.standing(2) == "a" && nights.standing(4) == "a (…)")
        named.check()
        #expect(named.counts.withLock { $0.count { $0.count == 2 } } > 0)
        let again = try await nights.night(2, rules: "previous: rename")
        #expect(again.summary.isNothingToDo && again.words.isEmpty)
    }

    @Test func `A name that is too long for an earlier version is refused before the first one`()
        async throws
    {
        let nights = try Nights("beta")
        let image = "image: { name: \(String(repeating: "n", count: 240)) }"
        let night = try await nights.night(1, rules: "previous: rename, \(image)")
        #expect(night.items.map(\.action) == [.refuse])
        #expect(night.summary.exitStatus == .someFailed && nights.id(1) == nil)
        let other = try await nights.night(1, rules: "previous: hide, \(image)")
        #expect(other.summary.exitStatus == .done && nights.id(1) != nil)
    }

    @Test(arguments: [true, false], [true, false])
    func `A process that dies at any commit leaves one name, or two until the next run`(
        before: Bool, isProtected: Bool
    ) async throws {
        var number = 1
        let sources = Nights.memory.replacing(
            "name: a,", with: "name: a, protected: \(isProtected),")
        while true {
            let nights = try Nights("beta")
            let rules = "previous: rename"
            func night(_ version: UInt64, passage: Journal.Passage? = nil) async throws {
                let images = ["a": noise(5000, seed: version)]
                _ = try await nights.night(
                    try nights.run(images, rules: rules, sources: sources, passage: passage))
            }
            try await night(1)
            let named = Named()
            named.watch(try #require(nights.clouds["beta"]))
            let death = Death(at: number, before: before)
            try? await night(2, passage: death.passage)
            if !death.isReached { break }
            try await night(2)
            #expect(nights.standing(2) == "a" && nights.standing(1) == "a (…)", "at \(number)")
            named.check()
            number += 1
        }
        #expect(number > 8)
    }

    @Test func `A new version that cannot be named leaves the name where it is`() async throws {
        let nights = try Nights("beta")
        let beta = try #require(nights.clouds["beta"])
        try await nights.night(1, rules: "previous: rename")
        beta.answer(times: 1, with: .status(403, text: "no")) { $0.method == "PATCH" }
        let night = try await nights.night(2, rules: "previous: rename")
        #expect(night.words == ["rename left", "promote failed"])
        #expect(nights.standing(1) == "a" && nights.standing(2) == "a (…)")
        let next = try await nights.night(2, rules: "previous: rename")
        #expect(next.words == ["rename done", "promote done"])
        #expect(nights.standing(2) == "a" && nights.standing(1) == "a (…)")
    }

    @Test func `A plan says that an earlier version stays active, unless a rule is about it`()
        async throws
    {
        let nights = try Nights("beta")
        let first = try await nights.night(1, rules: "method: upload")
        #expect(first.items.map { $0.reason?.code } == ["not-at-target"])
        let second = try await nights.night(2, rules: "method: upload")
        #expect(second.items.map { $0.reason?.code } == ["earlier-version-stays"])
        #expect(second.items.first?.reason?.words.contains(nights.id(1) ?? "?") == true)
        let third = try await nights.night(3, rules: "previous: leave")
        #expect(third.items.map { $0.reason?.code } == ["not-at-target"])
    }

    // MARK: Rollback

    @Test(arguments: [
        ("previous: hide", "a hidden"), ("previous: rename", "a (…)"),
        ("previous: deactivate", "a deactivated"),
    ])
    func `A rollback makes the version before current, and runs stay with it`(
        rules: String, earlier: String
    ) async throws {
        let nights = try Nights("beta", "gamma")
        for version in 1...3 as ClosedRange<UInt64> {
            try await nights.night(version, rules: rules)
        }
        let run = try nights.run(rules: rules)
        let changes = nights.clouds["beta"]?.changes.count
        let rollback = try await run.rollback(series: "memory:a", to: nil)
        #expect(nights.clouds["beta"]?.changes.count == changes)
        #expect(rollback.changes.count == 4 && rollback.missingAt.isEmpty)
        #expect(try await run.carryOut(rollback).exitStatus == .done)
        for cloud in ["beta", "gamma"] {
            #expect(nights.standing(2, at: cloud) == "a")
            #expect(nights.standing(3, at: cloud) == earlier)
            #expect(nights.standing(1, at: cloud) == earlier)
        }
        // The source still has version 3.
        let same = try await nights.night(3, rules: rules)
        #expect(same.items.allSatisfy { $0.action == .skip && $0.reason?.code == "rolled-back" })
        #expect(same.words.isEmpty && nights.standing(2) == "a")
        #expect(nights.standing(3) == earlier)

        try await nights.night(4, rules: rules)
        #expect(nights.standing(4) == "a" && nights.standing(2) == earlier)
        // The rollback is over: the source goes back to 3, and so do the targets.
        let back = try await nights.night(3, rules: rules)
        #expect(back.items.allSatisfy { $0.reason?.code == "already-at-target" })
        #expect(nights.standing(3) == "a" && nights.standing(4) == earlier)
    }

    @Test func `A second rollback goes further back, and one to the newest ends it`() async throws {
        let nights = try Nights("beta")
        for version in 1...3 as ClosedRange<UInt64> { try await nights.night(version, rules: "") }
        for _ in 1...2 {
            let run = try nights.run(rules: "")
            _ = try await run.carryOut(try await run.rollback(series: "memory:a", to: nil))
        }
        // No rule concerns earlier versions, so a rollback hides newer ones.
        #expect((1...3).map { nights.standing($0) } == ["a", "a hidden", "a hidden"])
        try await nights.night(3, rules: "")
        #expect((1...3).map { nights.standing($0) } == ["a", "a hidden", "a hidden"])
        let run = try nights.run(rules: "")
        let newest = try #require(nights.id(3))
        let forward = try await run.rollback(series: "memory:a", to: newest)
        #expect(forward.heldCount == 1)
        _ = try await run.carryOut(forward)
        #expect(nights.standing(3) == "a")
        let night = try await nights.night(3, rules: "")
        #expect(night.items.map(\.reason?.code) == ["already-at-target"])
    }

    @Test func `What an operator protected or edited is left, and foreign images are not seen`()
        async throws
    {
        let nights = try Nights("beta")
        let beta = try #require(nights.clouds["beta"])
        beta.put("f0000000-0000-4000-8000-000000000000", data: [1], ["name": "a"])
        for version in 1...3 as ClosedRange<UInt64> {
            try await nights.night(version, rules: "previous: hide, on_conflict: keep-both")
        }
        beta.put(try #require(nights.id(3)), ["protected": true])
        let run = try nights.run(rules: "previous: hide, on_conflict: keep-both")
        let rollback = try await run.rollback(series: "memory:a", to: nil)
        #expect(
            rollback.changes.map { "\($0.action.rawValue) \($0.state.rawValue) \($0.reason.code)" }
                == ["hide left protected-by-hand", "restore planned rollback"])
        _ = try await run.carryOut(rollback)
        #expect(nights.standing(2) == "a" && nights.standing(3) == "a")
        #expect(beta.image("f0000000-0000-4000-8000-000000000000")?["os_hidden"] != true)

        for name in ["memory:b", "memory:a"] {
            let error = await failure {
                _ = try await nights.run(rules: "").rollback(series: name, to: "00000000")
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `A target that lost the version is named and stays as it is`() async throws {
        let nights = try Nights("beta", "gamma")
        for version in 1...2 as ClosedRange<UInt64> {
            try await nights.night(version, rules: "previous: hide")
        }
        nights.clouds["gamma"]?.burn(try #require(nights.id(1, at: "gamma")))
        let run = try nights.run(rules: "previous: hide")
        let rollback = try await run.rollback(series: "memory:a", to: nil)
        #expect(rollback.missingAt == ["gamma"] && rollback.changes.count == 2)
        _ = try await run.carryOut(rollback)
        #expect(nights.standing(1) == "a" && nights.standing(2) == "a hidden")
        #expect(nights.standing(2, at: "gamma") == "a")
        let night = try await nights.night(2, rules: "previous: hide")
        #expect(Set(night.items.map(\.reason?.code)) == ["rolled-back", "already-at-target"])
    }

    @Test func `A rollback that dies at any commit is finished by the next run`() async throws {
        for number in 1...12 {
            for before in [true, false] {
                let nights = try Nights("beta")
                for version in 1...2 as ClosedRange<UInt64> {
                    try await nights.night(version, rules: "previous: rename")
                }
                let named = Named()
                named.watch(try #require(nights.clouds["beta"]))
                let death = Death(at: number, before: before)
                let run = try nights.run(rules: "previous: rename", passage: death.passage)
                _ = try? await run.carryOut(try await run.rollback(series: "memory:a", to: nil))
                let isHeld = try await !nights.journal.heldVersions().isEmpty
                try await nights.night(2, rules: "previous: rename")
                // The journal has the rollback completely, or not at all.
                #expect(nights.standing(isHeld ? 1 : 2) == "a", "at \(number)")
                #expect(nights.standing(isHeld ? 2 : 1) == "a (…)", "at \(number)")
                named.check()
                if !death.isReached { return }
            }
        }
        Issue.record("the rollback has more commits than this test expects")
    }

    // MARK: Prune, list

    @Test func `Prune deletes what has expired, up to the limit, and takes no for an answer`()
        async throws
    {
        let nights = try Nights("beta")
        let beta = try #require(nights.clouds["beta"])
        let rules = "keep: 1, expired: { action: delete, after: 0s }"
        for version in 1...5 as ClosedRange<UInt64> {
            try await nights.night(version, rules: rules, settings: "limits: { deletes: 0 }")
        }
        #expect(beta.ids.count == 5)
        func prune(_ deletes: Int) async throws -> (found: [String], done: [String]) {
            let run = try nights.run(
                ["a": noise(5000, seed: 5)], rules: rules,
                settings: "limits: { deletes: \(deletes) }")
            let found = try await run.prunable()
            let summary = try await run.prune(found)
            #expect(summary.exitStatus == .done)
            return (
                found.map { $0.state == .planned ? "delete" : $0.reason.code },
                summary.changes.map { $0.state == .done ? "done" : $0.reason.code }
            )
        }
        let inUse = try #require(nights.id(1))
        beta.refuse("DELETE", "/v2/images/\(inUse)", status: 409, text: "in use", times: 1)
        let first = try await prune(2)
        #expect(first.found == ["delete", "delete", "deletes-limit", "among-kept", "is-current"])
        #expect(first.done == ["in-use", "done"])
        #expect(nights.standing(1) != nil && nights.standing(2) == nil)
        let second = try await prune(2)
        #expect(second.found == ["delete", "delete", "among-kept", "is-current"])
        #expect(second.done == ["done", "done"] && beta.ids.count == 2)
    }

    @Test func `The journal lists each series, its versions and what became of them`() async throws
    {
        let nights = try Nights("beta", "gamma")
        let rules = "keep: 1, previous: hide, expired: { action: delete, after: 0s }"
        for version in 1...3 as ClosedRange<UInt64> {
            try await nights.night(version, rules: rules)
        }
        func read() async throws -> [String] {
            var lines: [String] = []
            try await SeriesStatus.read(nights.journal) { series throws(TranshipError) in
                #expect(series.name == "memory:a")
                for version in series.versions where version.transfer.targetKey == "gamma" {
                    lines.append("\(version.standing)" + (version.isHeld ? " held" : ""))
                }
            }
            return lines
        }
        #expect(try await read() == ["current", "hidden", "deleted"])
        let run = try nights.run(rules: rules)
        _ = try await run.carryOut(try await run.rollback(series: "memory:a", to: nil))
        #expect(try await read() == ["hidden held", "current", "deleted"])
        let error = await failure {
            try await SeriesStatus.read(nights.journal, series: "b") { _ in }
        }
        #expect(error?.code == .notFound && error?.hint == "it has: memory:a")
    }

    /// Returns the versions of the series at beta, the newest first.
    private func standings(_ nights: Nights) async throws -> [(word: String, standing: String)] {
        var found: [(String, String)] = []
        try await SeriesStatus.read(nights.journal) { series throws(TranshipError) in
            found += series.versions.map { ($0.word, $0.standing.rawValue) }
        }
        return found
    }

    @Test(arguments: [("previous: hide", "hidden"), ("previous: rename", "renamed")])
    func `A version that someone deleted is gone, and a rollback names those that are there`(
        rules: String, earlier: String
    ) async throws {
        let nights = try Nights("beta")
        for version in 1...3 as ClosedRange<UInt64> {
            try await nights.night(version, rules: rules)
        }
        #expect(try await standings(nights).map(\.standing) == ["current", earlier, earlier])
        nights.clouds["beta"]?.burn(try #require(nights.id(1)))
        try await nights.night(3, rules: rules)
        let found = try await standings(nights)
        #expect(found.map(\.standing) == ["current", earlier, "gone"])
        let error = await failure {
            _ = try await nights.run(rules: rules).rollback(series: "memory:a", to: found[2].word)
        }
        #expect(error?.code == .notFound)
        #expect(
            error?.hint == "name one that the targets have: \(found[0].word), \(found[1].word)")
        // The source offers the version again, so it is copied again.
        try await nights.night(1, rules: rules)
        try await nights.night(1, rules: rules)
        #expect(try await standings(nights).map(\.standing) == ["current", earlier, earlier])
    }

    @Test(arguments: [true, false])
    func `A run that dies around a deletion leaves no version behind that is not there`(
        before: Bool
    ) async throws {
        let rules = "keep: 0, previous: hide, expired: { action: delete, after: 0s }"
        for number in 1... {
            let nights = try Nights("beta")
            try await nights.night(1, rules: rules)
            let death = Death(at: number, before: before)
            _ = try? await nights.night(2, rules: rules, passage: death.passage)
            try await nights.night(2, rules: rules)
            try await nights.night(2, rules: rules)
            let last = try await standings(nights).last?.standing
            #expect(
                nights.standing(1) == nil && ["gone", "deleted"].contains(last), "at \(number)")
            if !death.isReached { return }
        }
    }

    @Test func `Several sources of one series keep what each of them has`() async throws {
        let nights = try Nights("beta")
        let sources = """
            sources:
              - file: ./*.img
                series: { name: s, several: true }
                image: { name: "{stem}", disk_format: raw, container_format: bare }
            """
        func night(_ files: [String: UInt64]) async throws -> [String] {
            for (name, version) in files {
                try nights.folder.write(noise(5000, seed: version), to: name)
            }
            return try await nights.night(
                try nights.run(rules: "previous: hide", sources: sources)
            ).words
        }
        #expect(try await night(["a.img": 1, "b.img": 2]).isEmpty)
        #expect(try await night(["a.img": 3]) == ["hide done"])
        #expect(nights.standing(1) == "a hidden" && nights.standing(2) == "b")
        #expect(nights.standing(3) == "a")
        try FileManager.default.removeItem(atPath: nights.folder.file("a.img"))
        #expect(try await night([:]) == ["hide done"])
        #expect(nights.standing(3) == "a hidden" && nights.standing(2) == "b")
    }

    @Test(arguments: ["previous: hide", "previous: leave", "previous: rename"])
    func `A rollback of a series with several sources is about one of them`(
        rules: String
    ) async throws {
        let nights = try Nights("beta", "gamma")
        let sources = """
            sources:
              - file: ./*.img
                series: { name: s, several: true }
                image: { name: "{stem}", disk_format: raw, container_format: bare }
            """
        func night(_ files: [String: UInt64]) async throws {
            for (name, version) in files {
                try nights.folder.write(noise(5000, seed: version), to: name)
            }
            _ = try await nights.night(try nights.run(rules: rules, sources: sources))
        }
        func rollback(to version: String?) async throws -> PipelineRun.Rollback {
            let run = try nights.run(rules: rules, sources: sources)
            let rollback = try await run.rollback(series: "s", to: version)
            #expect(try await run.carryOut(rollback).exitStatus == .done)
            return rollback
        }
        /// Returns the versions from 1 to 5 that others see under the name of the series.
        func shown(_ cloud: String = "beta") -> [UInt64] {
            (1...5).filter { ["a", "b"].contains(nights.standing($0, at: cloud)) }
        }
        try await night(["a.img": 1, "b.img": 2])
        try await night(["b.img": 3])
        try await night(["a.img": 4])
        let left: [UInt64] = rules == "previous: leave" ? [1, 2] : []
        #expect(shown() == (left + [3, 4]).sorted())

        // The newest version is one of a.
        let first = try await rollback(to: nil)
        #expect(first.place?.hasSuffix("/a.img") == true && first.heldCount == 2)
        for cloud in ["beta", "gamma"] {
            #expect(shown(cloud) == (Set(left).union([1, 3])).sorted(), "\(cloud)")
        }
        // The source b goes back too, by the id of an image, and a does not change.
        let second = try await rollback(to: nights.id(2))
        #expect(second.place?.hasSuffix("/b.img") == true)
        #expect(shown() == [1, 2] && shown("gamma") == [1, 2])
        try await night([:])
        #expect(shown() == [1, 2])
        // A new version of b ends only the rollback of b.
        try await night(["b.img": 5])
        #expect(shown() == (Set(left).union([1, 5])).sorted())
        let held = try await nights.journal.heldVersions()
        #expect(held.count == 2 && held.allSatisfy { $0.place?.hasSuffix("/a.img") == true })
    }
}
