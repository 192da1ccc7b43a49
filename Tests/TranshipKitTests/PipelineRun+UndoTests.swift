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
}
