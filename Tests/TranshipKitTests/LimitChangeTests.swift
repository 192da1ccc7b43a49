// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct LimitChangeTests {
    private let folder: TemporaryFolder
    private var environment: [String: String] { ["XDG_STATE_HOME": folder.path] }

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String {
        JournalPlace.path(pipelineName: name, environment: environment)
    }

    private func begin(_ name: String) async throws -> (Journal, Run) {
        let journal = try await Journal.open(path: path(name))
        let run = try await journal.beginRun(
            pipelineName: name, pipelineFile: "\(name).yaml", pipelineText: "")
        return (journal, run)
    }

    private func find(_ name: String?) async throws(TranshipError) -> String {
        try await LimitChange.journal(of: name, environment: environment)
    }

    private func change(_ name: String) async throws(TranshipError) -> LimitChange {
        try await LimitChange.make(
            journalPath: path(name), bandwidth: .atMost(1000), images: .atMost(2))
    }

    @Test func `A run under way is changed`() async throws {
        let (journal, run) = try await begin("nightly")
        #expect(try await find("nightly") == path("nightly"))
        #expect(try await find(nil) == path("nightly"))
        #expect(try await find("/other/p.sqlite") == "/other/p.sqlite")
        let change = try await change("nightly")
        #expect(change.run.id == run.id)
        #expect(change.limits.bandwidth == .atMost(1000) && change.limits.images == .atMost(2))
        #expect(try await journal.limitOverride(of: run) == change.limits)
        let status = try await RunStatus.read(journal)
        #expect(status?.limits == change.limits)
    }

    @Test func `Without a run under way, the error says what became of it`() async throws {
        do {
            let (journal, run) = try await begin("ended")
            try await journal.endRun(run, outcome: .done)
            let error = await failure { _ = try await change("ended") }
            #expect(error?.code == .notFound)
            #expect(error?.message == "no run is active: run 1 of ended has ended")
        }
        do { _ = try await begin("killed") }
        let path = path("killed")
        #expect(await eventually { Journal.holder(path: path) == nil })
        let error = await failure { _ = try await change("killed") }
        #expect(
            error?.message
                == "no run is active: run 1 of killed was interrupted, and no process works on it")
        let none = await failure { _ = try await find(nil) }
        #expect(none?.code == .notFound)
        #expect(none?.message == "no run is active")
    }

    @Test func `A pipeline that never ran is named, and a mistyped one guessed`() async throws {
        let (journal, _) = try await begin("nightly")
        let error = await failure { _ = try await find("nighty") }
        #expect(error?.code == .journalMissing)
        #expect(error?.message.contains("no pipeline nighty has run here") == true)
        #expect(error?.hint == "did you mean nightly?")
        withExtendedLifetime(journal) {}
    }

    @Test func `Of several runs under way, one has to be named`() async throws {
        let both = (try await begin("a"), try await begin("b"))
        let error = await failure { _ = try await find(nil) }
        #expect(error?.code == .ambiguous)
        #expect(error?.message == "2 pipelines are running: a, b")
        withExtendedLifetime(both) {}
    }
}
