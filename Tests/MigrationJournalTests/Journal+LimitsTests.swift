// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalLimitsTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private func begin(_ journal: Journal) async throws -> Run {
        try await journal.beginRun(pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "")
    }

    @Test func `Another process changes the limits of a run that has the journal`() async throws {
        let journal = try await Journal.open(path: path)
        let run = try await begin(journal)
        #expect(try await journal.limitOverride(of: run) == nil)

        let beside = try Journal.openBesideRun(path: path)
        let first = try await beside.override(
            bandwidth: .atMost(5000), images: nil, of: run, at: 1)
        #expect(first == LimitOverride(bandwidth: .atMost(5000), images: .asInFile, changedAt: 1))
        #expect(try await journal.limitOverride(of: run) == first)

        let second = try await beside.override(bandwidth: nil, images: .atMost(8), of: run, at: 2)
        #expect(second == LimitOverride(bandwidth: .atMost(5000), images: .atMost(8), changedAt: 2))
        let third = try await beside.override(
            bandwidth: .unlimited, images: .asInFile, of: run, at: 3)
        #expect(third == LimitOverride(bandwidth: .unlimited, images: .asInFile, changedAt: 3))
        #expect(try await journal.limitOverride(of: run) == third)
        let last = try await beside.override(bandwidth: .asInFile, images: nil, of: run, at: 4)
        #expect(last.isAsInFile)
    }

    @Test func `The next run has its own limits, and pruning forgets old ones`() async throws {
        let journal = try await Journal.open(path: path)
        let run = try await begin(journal)
        _ = try await journal.override(bandwidth: .unlimited, images: nil, of: run, at: 1)
        try await journal.endRun(run, outcome: .failed)
        let next = try await begin(journal)
        #expect(try await journal.limitOverride(of: next) == nil)
        #expect(try await journal.limitOverride(of: run) != nil)
        try await journal.prune(before: .max)
        #expect(try await journal.limitOverride(of: run) == nil)
    }

    @Test func `No journal is made for a change`() async throws {
        let error = await failure { _ = try Journal.openBesideRun(path: path) }
        #expect(error?.code == .journalMissing)
    }
}
