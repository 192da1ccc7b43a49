// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// A new version upstream, after the journal with the version before was lost or belonged to
/// another pipeline.
@Suite(.timeLimit(.minutes(2))) struct LostJournalTests {
    private func lost(_ rules: String) async throws -> Nights {
        let nights = try Nights("beta")
        try await nights.night(1, rules: rules)
        return try nights.withoutJournal()
    }

    @Test func `A name that an unknown image keeps has its cause, and another name for that helps`()
        async throws
    {
        let rules = "previous: rename, keep: 1"
        let nights = try await lost(rules)
        let holder = try #require(nights.id(1))
        for version in 2...3 as ClosedRange<UInt64> {
            let night = try await nights.night(version, rules: rules)
            #expect(night.summary.exitStatus == .someFailed)
            let waiting = night.summary.changes.filter(\.waitsForOperator)
            #expect(waiting.map(\.reason) == [.nameHeldByUnknown(imageID: holder)])
        }
        #expect(nights.standing(1) == "a" && nights.standing(3) == "a (…)")
        try #require(nights.clouds["beta"]).put(holder, ["name": "old"])
        #expect(try await nights.night(3, rules: rules).summary.exitStatus == .done)
        #expect(nights.standing(1) == "old" && nights.standing(3) == "a")
    }

    private func warnings(
        _ nights: Nights, _ version: UInt64, rules: String
    ) async throws -> [String] {
        let found = Guarded<[String]>([])
        let run = try nights.run(
            ["a": noise(5000, seed: version)], rules: rules,
            tell: { event in
                guard case .warning(let warning) = event else { return }
                found.withLock { $0.append(warning.words) }
            })
        _ = try await nights.night(run)
        return found.withLock { $0 }
    }

    @Test(arguments: ["previous: hide", "previous: deactivate", "method: upload"])
    func `A version before that no rule reaches is a warning, and no hint names a rule`(
        rules: String
    ) async throws {
        let nights = try await lost(rules)
        let warnings = try await warnings(nights, 2, rules: rules)
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("another pipeline or journal made it") == true)
        #expect(warnings.first?.contains("`previous: hide`") == false)
        #expect(nights.standing(1) == "a" && nights.standing(2) == "a")
    }

    @Test func `The rule that a hint names reaches the version before`() async throws {
        let nights = try Nights("beta")
        try await nights.night(1, rules: "method: upload")
        let words = try await warnings(nights, 2, rules: "method: upload")
        #expect(words.count == 1 && words.first?.contains("`previous: hide`") == true)
        #expect(try await warnings(nights, 2, rules: "previous: hide").isEmpty)
        #expect(nights.standing(1) == "a hidden" && nights.standing(2) == "a")
    }
}
