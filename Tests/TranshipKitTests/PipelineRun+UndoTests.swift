// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// What `rollback` says of copies that the target does not have.
@Suite(.timeLimit(.minutes(2))) struct PipelineRunUndoTests {
    @Test(arguments: [false, true])
    func `After a kill, only a copy that got data counts as removed by someone`(
        hasSent: Bool
    ) async throws {
        let scene = try CloudScene()
        scene.put()
        let transfer = try #require(try await scene.run(to: "{ cloud: beta }").transfer)
        // As a kill leaves it, with an id that the target does not have.
        var placement = Placement(imageID: "0f0e0d0c-0000-4000-8000-000000000001")
        if hasSent { placement.claimContents() }
        var killed = Transfer(
            transfer.intent, state: hasSent ? .sending : .registered, placement: placement,
            proof: transfer.proof)
        killed.id = transfer.id
        let run = try await scene.start()
        try await run.journal.commit(killed)
        var reasons: [PlanReason] = []
        let tally = try await run.undo(run: 1, removes: true) { copy in
            reasons.append(copy.reason)
        }
        #expect(tally == [.gone: 1])
        #expect(reasons == [hasSent ? .goneMeanwhile : .neverMade])
    }

    /// As a kill leaves a run that had sent the data, and the next run.
    @Test(arguments: [TransferState.sending, .verifying])
    func `What a later run finished is removed with that run, and not with the first`(
        state: TransferState
    ) async throws {
        let scene = try CloudScene()
        scene.put()
        let first = try #require(try await scene.run(to: "{ cloud: beta }").transfer)
        let id = try #require(first.imageID)
        var killed = Transfer(
            first.intent, state: state, placement: first.placement, proof: first.proof)
        killed.id = first.id
        try await scene.start().journal.commit(killed)
        let finished = try #require(try await scene.run(to: "{ cloud: beta }").transfer)
        #expect(finished.state == .done && finished.imageID == id)

        let run = try await scene.start()
        var reasons: [PlanReason] = []
        func undo(_ number: Int64) async throws -> [Leftover.Fate: Int] {
            try await run.undo(run: number, removes: true) { copy in reasons.append(copy.reason) }
        }
        #expect(try await undo(1) == [.keep: 1])
        #expect(scene.beta.image(id) != nil)
        #expect(try await undo(2) == [.removed: 1])
        #expect(scene.beta.image(id) == nil)
        #expect(try await undo(1) == [.gone: 1])
        #expect(reasons.prefix(2) == [.finishedByLaterRun, .madeByRun(2)])
    }
}
