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

/// A copy whose run died before it was current, and whose source has another version in the next
/// night.
@Suite(.timeLimit(.minutes(5))) struct NeverCurrentTests {
    private static let expired = "keep: 1, expired: { action: delete, after: 0s }"

    private func versions(_ nights: Nights) async throws -> [SeriesStatus.Version] {
        var found: [SeriesStatus.Version] = []
        try await SeriesStatus.read(nights.journal) { series throws(TranshipError) in
            found += series.versions
        }
        return found
    }

    private func version(
        _ number: UInt64, _ nights: Nights
    ) async throws -> SeriesStatus.Version? {
        let id = nights.id(number)
        return try await versions(nights).first { $0.transfer.imageID == id && id != nil }
    }

    /// Makes version 1 current. Then the run that makes version 2 dies.
    ///
    /// - Returns: nil if the run ended before that write.
    private func nights(
        _ rules: String, deathAt number: Int, before: Bool = false
    ) async throws -> Nights? {
        let nights = try Nights("beta")
        try await nights.night(1, rules: rules)
        let death = Death(at: number, before: before)
        _ = try? await nights.night(2, rules: rules, passage: death.passage)
        return death.isReached ? nights : nil
    }

    @Test(
        arguments: ["previous: hide", "previous: rename", "previous: leave"],
        [(3, true), (3, false), (1, true), (1, false)] as [(UInt64, Bool)])
    func `It takes no place of a version that was current, wherever the run died`(
        previous: String, then: (version: UInt64, before: Bool)
    ) async throws {
        let (next, before) = then
        let rules = "\(previous), \(Self.expired)"
        var deaths = 0
        for number in 1... {
            guard let nights = try await nights(rules, deathAt: number, before: before) else {
                break
            }
            deaths += 1
            let second = try await version(2, nights)
            let isDone = second.map { [.done, .skipped].contains($0.transfer.state) } ?? false
            let wasCurrent = isDone && nights.standing(2) == "a"
            for _ in 1...2 { try await nights.night(next, rules: rules) }
            let words = "died at \(number)"
            #expect(nights.standing(next) == "a", "\(words)")
            #expect((nights.standing(2) != nil) == wasCurrent, "\(words)")
            guard next == 3 else { continue }
            #expect((nights.standing(1) == nil) == wasCurrent, "\(words)")
            let found = try await versions(nights)
            let shown = found.filter { $0.standing == .current }
            #expect(shown.map(\.transfer.imageID) == [nights.id(next)], "\(words)")
            #expect(found.allSatisfy { $0.standing != .unfinished }, "\(words)")
        }
        #expect(deaths > 10)
    }
}

extension NeverCurrentTests {
    /// Makes the run for version 2 die while it publishes that version.
    private func nightsUntilPublishing(_ rules: String) async throws -> Nights {
        for number in 1... {
            guard let nights = try await nights(rules, deathAt: number) else { break }
            if try await version(2, nights)?.transfer.state == .publishing { return nights }
        }
        throw TranshipError(.unexpectedState, "no run died while it published")
    }

    @Test(arguments: ["previous: hide", "previous: rename, \(NeverCurrentTests.expired)"])
    func `A record without its data is named each night, with the command that deletes it`(
        rules: String
    ) async throws {
        var found: Nights?
        for number in 1... {
            found = try await nights(rules, deathAt: number)
            guard let beta = found?.clouds["beta"] else { break }
            if beta.ids.contains(where: { beta.image($0)?["status"] == "queued" }) { break }
        }
        let nights = try #require(found)
        let beta = try #require(nights.clouds["beta"])
        let left = try #require(beta.ids.first { beta.image($0)?["status"] == "queued" })
        for version in [3, 3, 4] as [UInt64] {
            let told = Guarded<[Warning]>([])
            let run = try nights.run(
                ["a": noise(5000, seed: version)], rules: rules,
                tell: { event in
                    if case .warning(let warning) = event { told.withLock { $0.append(warning) } }
                })
            _ = try await nights.night(run)
            let named = told.withLock(\.self).compactMap { warning -> FirstNames? in
                guard case .unfinishedVersionsStay("beta", let names) = warning else { return nil }
                return names
            }
            #expect(named.map(\.count) == [1])
            #expect(named.first?.names.first?.hasSuffix("(\(left))") == true)
        }
        #expect(beta.image(left) != nil)
        let run = try nights.run(["a": noise(5000, seed: 4)], rules: rules)
        let tally = try await run.clean(removes: true) { _ in }
        #expect(tally[.removed] == 1 && beta.image(left) == nil)
    }

    @Test func `It is shown as what it is, and a rollback does not offer it`() async throws {
        let rules = "previous: hide"
        let nights = try await nightsUntilPublishing(rules)
        try await nights.night(3, rules: rules)
        let two = try #require(try await version(2, nights))
        #expect(two.standing == .neverCurrent && nights.standing(2) == "a hidden")
        let run = try nights.run(rules: rules)
        let error = await failure { _ = try await run.rollback(series: "memory:a", to: two.word) }
        let one = try #require(try await version(1, nights)).word
        let three = try #require(try await version(3, nights)).word
        #expect(error?.code == .notFound)
        #expect(
            error?.message
                == "no run finished a copy of version \(two.word) of \"memory:a\", so it cannot become "
                + "current")
        #expect(error?.hint == "name one that the targets have: \(three), \(one)")
        #expect(try await run.rollback(series: "memory:a", to: nil).version == one)
    }

    /// Runs with a plain file as the source, which has no version of its own.
    private func file(
        _ version: UInt64, _ nights: Nights, passage: Journal.Passage? = nil
    ) async throws {
        let path = nights.folder.file("a.raw")
        try Data(noise(5000, seed: version)).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(version) * 1000)],
            ofItemAtPath: path)
        let run = try nights.run(
            rules: "previous: leave", sources: "sources: [{ file: ./a.raw }]", passage: passage)
        _ = try await nights.night(run)
    }

    @Test func `A file that goes back to its earlier bytes has left its half-made copy`()
        async throws
    {
        for number in 1... {
            let nights = try Nights("beta")
            try await file(1, nights)
            let death = Death(at: number, before: false)
            _ = try? await file(2, nights, passage: death.passage)
            try #require(death.isReached, "no run died while it published")
            guard try await version(2, nights)?.transfer.state == .publishing else { continue }
            #expect(try await version(2, nights)?.standing == .unfinished)
            try await file(1, nights)
            #expect(try await version(2, nights)?.standing == .neverCurrent)
            #expect(try await version(1, nights)?.standing == .current)
            return
        }
    }

    @Test func `It waits as long as others before it is deleted, and stays if someone edited it`()
        async throws
    {
        let day = "previous: hide, keep: 1, expired: { action: delete, after: 1d }"
        let nights = try await nightsUntilPublishing(day)
        for _ in 1...2 { try await nights.night(3, rules: day) }
        #expect(nights.standing(2) == "a hidden" && nights.standing(1) == "a hidden")
        let kept = try await nights.run(["a": noise(5000, seed: 3)], rules: day)
            .prunable()
        #expect(kept.map(\.reason.code) == ["among-kept", "never-current", "is-current"])
        nights.clouds["beta"]?.put(try #require(nights.id(2)), ["protected": true])
        let rules = "previous: hide, \(Self.expired)"
        let night = try await nights.night(3, rules: rules)
        #expect(night.summary.changes.map(\.reason) == [.protectedByHand])
        #expect(nights.standing(2) != nil)
        nights.clouds["beta"]?.put(try #require(nights.id(2)), ["protected": false])
        let next = try await nights.night(3, rules: rules)
        #expect(next.words == ["delete done"])
        #expect(next.summary.changes.first?.reason == .neverCurrent(afterSeconds: 0))
        #expect(nights.standing(2) == nil && nights.standing(1) == "a hidden")
    }
}
