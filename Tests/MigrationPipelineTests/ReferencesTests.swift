// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

@Suite(.timeLimit(.minutes(5))) struct ReferencesTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// Returns the references of an image that names kernel `k`, after `k` ended in the given
    /// state.
    private func ids(
        _ state: TransferState, failure: TranshipError? = nil
    ) async throws -> [String: String] {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([
            fixture.item("k"), fixture.item("a", naming: "k"),
        ])
        let all = try await journal.unfinished(run: run, limit: 2)
        let planned = try #require(all.first { $0.source.key == "image:k" })
        let naming = try #require(all.first { $0.source.key == "image:a" })
        var kernel = Transfer(
            planned.intent, state: state, placement: Placement(imageID: "k-at-beta"))
        kernel.id = planned.id
        kernel.tries.failure = failure.map { .init($0) }
        try await journal.commit(kernel)
        return try await References(journal: journal).ids(of: naming)
    }

    @Test(arguments: [TransferState.done, .unpublished, .skipped])
    func `A kernel has the id of its copy`(state: TransferState) async throws {
        #expect(try await ids(state) == ["kernel_id": "k-at-beta"])
    }

    @Test(arguments: [TransferState.failed, .planned, .sending])
    func `Without its kernel an image is not begun`(state: TransferState) async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await ids(state, failure: TranshipError(.quotaExceeded, "no room"))
        }
        #expect(error?.code == .dependencyFailed)
        #expect(error?.message == "its kernel_id image:k could not be copied: no room")
    }
}
