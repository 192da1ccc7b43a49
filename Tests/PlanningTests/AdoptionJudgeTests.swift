// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import MigrationJournal
@testable import Planning

@Suite struct AdoptionJudgeTests {
    private static let marker = Sample.origin(of: "s").propertyValue
    private let right: Checksum
    private let wrong: Checksum

    init() throws {
        right = try Sample.checksum(.md5, "a")
        wrong = try Sample.checksum(.md5, "b")
    }

    /// Judges like ``Planner/adopt(each:)``: after the decision of a plan.
    private func adopt(
        known: Transfer? = nil, _ ours: [TargetImage], isPromised: Bool = true,
        visibility: ImageVisibility = .private
    ) -> Adoption? {
        let source = Sample.source("s", checksums: isPromised ? [right] : [])
        var wanted = Sample.item("s", source: source)
        wanted.intent.record.visibility = visibility
        let item = Decision(onConflict: .keepBoth).decide(
            PlanComparison(
                position: 1, item: wanted, transfer: known, ours: ours, namesakes: []))
        return AdoptionJudge(item: item, known: known, ours: ours).judge()
    }

    private func target(_ checksums: [Checksum], status: ImageStatus = .active) -> TargetImage {
        Sample.target("s-0", status: status, checksums: checksums, marker: Self.marker)
    }

    @Test func `A whole and published copy is done`() throws {
        let adoption = try #require(adopt([target([right])]))
        #expect(adoption.verdict == .done && adoption.proofs == [right])
        let transfer = try #require(adoption.transfer)
        #expect(transfer.state == .skipped && transfer.imageID == "s-0")
        #expect(transfer.placement.isAdopted && transfer.proof.reported == [right])
    }

    @Test func `A copy that is not published yet has work left`() throws {
        let adoption = try #require(adopt([target([right])], visibility: .public))
        #expect(adoption.verdict == .work && adoption.transfer?.state == .verifying)
        #expect(adoption.proof == .provedBy(.md5))
    }

    @Test func `What nothing proves is said to be unverifiable`() throws {
        let adoption = try #require(adopt([target([right])], isPromised: false))
        #expect(adoption.verdict == .work && adoption.transfer?.state == .verifying)
        #expect(adoption.proof == .nothingPromised)
        let other = try Sample.checksum(.sha512, "c")
        #expect(
            try #require(adopt([target([other])])).proof == .notProvedYet)
    }

    @Test func `Other data is left alone`() throws {
        let adoption = try #require(adopt([target([wrong])]))
        #expect(adoption.verdict == .left && adoption.transfer == nil)
        #expect(adoption.reason == .copyHasOtherData(imageID: "s-0", wrong))
    }

    @Test(arguments: [ImageStatus.queued, .saving, .uploading, .importing])
    func `An unfinished record has work left`(status: ImageStatus) throws {
        let adoption = try #require(adopt([target([], status: status)]))
        #expect(adoption.verdict == .work)
        #expect(adoption.transfer?.imageID == "s-0" && adoption.transfer?.state == .registered)
    }

    @Test(arguments: [TransferState.registered, .sending, .importing, .verifying, .publishing])
    func `A journal that is behind the target catches up`(state: TransferState) throws {
        let known = Sample.transfer("s", state: state, imageID: "s-0")
        let adoption = try #require(adopt(known: known, [target([right])]))
        #expect(adoption.verdict == .done)
        #expect(adoption.reason == .journalBehind(state: state, status: .active))
        #expect(adoption.transfer?.state == .done && adoption.transfer?.proof.reported == [right])
        #expect(adoption.transfer?.placement.isAdopted == true)
        let unproved = try #require(
            adopt(known: known, [target([])], isPromised: false))
        guard ![.verifying, .publishing].contains(state) else {
            #expect(unproved.verdict == .known && unproved.transfer == nil)
            return
        }
        #expect(unproved.verdict == .work && unproved.transfer?.state == .verifying)
        // A run that this journal does not know may have published it.
        #expect(unproved.transfer?.placement.isAdopted == true)
    }

    @Test func `What the journal knows already is not written again`() throws {
        let done = Sample.transfer("s", state: .done, imageID: "s-0")
        #expect(try #require(adopt(known: done, [target([right])])).verdict == .known)
        let sending = Sample.transfer("s", state: .sending, imageID: "s-0")
        let adoption = try #require(adopt(known: sending, [target([], status: .queued)]))
        #expect(adoption.verdict == .known && adoption.transfer == nil)
    }

    @Test func `A copy that is gone is to be made again`() throws {
        let done = Sample.transfer("s", state: .done, imageID: "s-0")
        let adoption = try #require(adopt(known: done, []))
        #expect(adoption.verdict == .work && adoption.imageID == nil)
        #expect(adoption.transfer?.placement.generation == 1 && adoption.transfer?.imageID == nil)
        let sending = Sample.transfer("s", state: .sending, imageID: "s-0")
        #expect(try #require(adopt(known: sending, [])).verdict == .known)
    }

    @Test func `If nothing of ours is at the target, there is nothing to adopt`() {
        #expect(adopt([]) == nil)
    }

    @Test func `Marked images without a source, or under a wrong id, are told`() {
        let image = target([right])
        #expect(Adoption.stray(MarkedImage(image: image)).verdict == .left)
        let known = MarkedImage(
            image: image, transfer: Sample.transfer("s", state: .done, imageID: "s-0"))
        #expect(
            Adoption.stray(known).reason == .sourceNotSelected(state: .done))
        #expect(
            Adoption.stray(known, isSelected: true).reason == .otherVersion(state: .done))
        let forged = Adoption.forged(MarkedImage(image: image, item: Sample.item("s")))
        #expect(forged.verdict == .left && forged.reason == .markerUnderForeignID)
    }
}
