// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalRunPlacesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func place(_ name: String, _ project: String?) -> RunPlace {
        RunPlace(
            .target, name, keystoneURL: project.map { _ in "http://k" }, endpoint: "http://i",
            projectID: project)
    }

    /// Plays a run without images, whose clouds lead to these places.
    private func run(_ places: [RunPlace], _ journal: Journal) async throws -> Run {
        let run = try await journal.beginRun(
            pipelineName: "tests", pipelineFile: "tests.yaml", pipelineText: "version: 1")
        try await journal.takeOver(
            .finished(beside: journal), run: run, order: .listed, places: places)
        try await journal.endRun(run, outcome: .done)
        return run
    }

    @Test func `The last place of each name outlives its run`() async throws {
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        let first = try await run([place("a", "p"), place("gone", nil)], journal)
        let second = try await run([place("a", "p"), place("b", "p")], journal)
        _ = try await run([place("a", "q"), place("b", "p")], journal)
        func words(_ found: [(runID: Int64, place: RunPlace)]) -> [String] {
            found.map { "\($0.runID) \($0.place.name) \($0.place.projectID ?? "none")" }
        }
        let since = try await journal.places(since: first)
        #expect(words(since) == ["1 a p", "1 gone none", "2 b p", "3 a q"])
        #expect(since.first?.place == place("a", "p"))
        #expect(words(try await journal.places(since: second)) == ["2 a p", "2 b p", "3 a q"])
        let last = ["3 a q", "3 b p", "1 gone none"]
        #expect(words(try await journal.lastPlaces()) == last)
        #expect(try await journal.prune(before: .max) == 2)
        #expect(words(try await journal.lastPlaces()) == last)
        #expect(words(try await journal.places(since: first)) == ["1 gone none", "3 a q", "3 b p"])
    }
}
