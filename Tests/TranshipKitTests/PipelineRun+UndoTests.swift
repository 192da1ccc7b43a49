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

/// The images that `rollback` removes, and its output.
@Suite(.timeLimit(.minutes(2))) struct PipelineRunUndoTests {
    @Test(arguments: [false, true])
    func `After a kill, only a copy that got data counts as removed by someone`(
        hasSent: Bool
    ) async throws {
        let scene = try CloudScene()
        scene.put()
        let transfer = try #require(try await scene.run(to: "{ cloud: beta }").transfer)
        // A kill leaves such a transfer, with an id that the target does not have.
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

    /// The state is that of a killed run that had sent the data. Then another run follows.
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

    /// An operator filled the record that a killed run had left, and the next run discarded the
    /// record.
    @Test func `Data of others stays, and what a later run discarded counts as that`()
        async throws
    {
        let scene = try CloudScene()
        scene.put()
        let first = try #require(try await scene.run(to: "{ cloud: beta }").transfer)
        let id = try #require(first.imageID)
        let promise = try #require(first.proof.promised)
        var killed = Transfer(
            first.intent, state: .sending, placement: first.placement,
            proof: Proof(promised: promise, sizeBytes: first.proof.sizeBytes))
        killed.id = first.id
        try await scene.start().journal.commit(killed)
        scene.beta.put(id, data: noise(1000, seed: 8), ["visibility": "private"])

        var reasons: [PlanReason] = []
        func undo() async throws -> [Leftover.Fate: Int] {
            try await scene.start().undo(run: 1, removes: true) { copy in
                reasons.append(copy.reason)
            }
        }
        #expect(try await undo() == [.keep: 1])
        #expect(reasons.map(\.code) == ["copy-has-other-data"])
        #expect(scene.beta.image(id) != nil)
        let second = try #require(try await scene.run(to: "{ cloud: beta }").transfer)
        #expect(second.failure?.code == .verificationMismatch && second.imageID == nil)
        // The rule is the default, `verify: proof`.
        #expect(
            second.failure?.hint?.contains("; the next run hashes the data") == true,
            "\(second.failure?.hint ?? "")")
        #expect(scene.beta.image(id) == nil)
        #expect(try await undo() == [.gone: 1])
        #expect(reasons.last == .givenUpByLaterRun(newImageID: nil))
    }

    private static let updating = "{ cloud: beta, on_conflict: update }"

    /// Returns the reasons that a rollback of the first run gives.
    private func reasons(_ scene: CloudScene) async throws -> [PlanReason] {
        var reasons: [PlanReason] = []
        let run = try await scene.start(to: Self.updating)
        _ = try await run.undo(run: 1, removes: true) { copy in reasons.append(copy.reason) }
        return reasons
    }

    @Test func `What a later run updated is not said to be changed by someone`() async throws {
        let scene = try CloudScene()
        scene.put()
        let first = try #require(try await scene.run(to: Self.updating).transfer)
        let id = try #require(first.imageID)
        scene.put(["min_disk": 4, "tags": ["b"]])
        let second = try await scene.run(to: Self.updating)
        #expect(second.item.action == .update && second.transfer?.state == .done)
        #expect(
            try await reasons(scene)
                == [.updatedByRun(2, field: FieldNames(["min_disk", "tags"]))])
        // A run without work does not count as the one that updated the copy.
        _ = try await scene.run(to: Self.updating)
        #expect(try await reasons(scene).first?.code == "updated-by-run")

        // If a run and an operator changed fields, the reason names only the operator's.
        scene.beta.put(id, ["min_ram": 64])
        #expect(try await reasons(scene) == [.editedByHand(field: "min_ram")])
        #expect(scene.beta.image(id) != nil)
    }

    /// Makes a scene whose first run copies the given number of images.
    private func scene(ofImages count: Int) async throws -> CloudScene {
        let scene = try CloudScene()
        for number in 0..<count {
            scene.alpha.put(
                "s\(number)", data: noise(100, seed: UInt64(number)),
                [
                    "name": .string("web\(number)"), "disk_format": "raw",
                    "container_format": "bare",
                ])
        }
        _ = try await scene.run(to: "{ cloud: beta }")
        #expect(scene.beta.active.count == count)
        return scene
    }

    @Test func `Several copies are removed at a time, as a service takes long for each`()
        async throws
    {
        let scene = try await scene(ofImages: 3)
        let waiting = Guarded((now: 0, most: 0))
        scene.beta.afterEachRequest { request, _ in
            guard request.hasPrefix("DELETE") else { return }
            waiting.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            let end = ContinuousClock.now + .seconds(3)
            while waiting.withLock({ $0.most }) < 2, ContinuousClock.now < end {
                Thread.sleep(forTimeInterval: 0.01)
            }
            waiting.withLock { $0.now -= 1 }
        }
        let tally = try await scene.start().undo(run: 1, removes: true) { _ in }
        #expect(tally == [.removed: 3])
        #expect(waiting.withLock { $0.most } > 1)
    }

    @Test func `Copies that stay take nothing from the limit, and no more than it allows go`()
        async throws
    {
        let scene = try await scene(ofImages: 16)
        for image in scene.beta.active where image.fields["name"]?.string?.hasPrefix("web1") == true
        {
            scene.beta.put(image.id, ["min_ram": 64])
        }
        // The images web1 and web10 to web15 stay.
        let run = try await scene.start(to: "{ cloud: beta }", limits: "deletes: 4")
        var names: [String?] = []
        let tally = try await run.undo(run: 1, removes: true) { copy in
            names.append(copy.transfer.source.displayName)
        }
        #expect(tally == [.keep: 7, .removed: 4, .remove: 5])
        #expect(Set(names).count == 16)
        #expect(scene.beta.active.count == 12)
    }

    @Test func `If one copy cannot be looked at, the others of its moment are written down`()
        async throws
    {
        let scene = try await scene(ofImages: 3)
        let id = try #require(scene.beta.active.map(\.id).max())
        scene.beta.refuse("GET", "/v2/images/\(id)", status: 418)
        let run = try await scene.start()
        await #expect(throws: TranshipError.self) {
            _ = try await run.undo(run: 1, removes: true) { _ in }
        }
        #expect(scene.beta.active.map(\.id) == [id])
        let first = try #require(try await run.journal.run(1))
        #expect(try await run.journal.removals(of: first).count == 2)
    }
}
