// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal
@testable import Planning

@Suite struct LeftoverJudgementTests {
    private static let marker = Sample.origin(of: "s").propertyValue

    /// Returns a queued record that the journal's failed row names.
    private func marked(
        status: ImageStatus = .queued, state: TransferState? = .failed, imageID: String? = "s-0",
        start: Transfer? = nil, action: PlanAction? = nil
    ) -> MarkedImage {
        var item: PlanItem?
        if let action {
            item = Sample.item("s")
            item?.action = action
            item?.start = start
        }
        return MarkedImage(
            image: Sample.target("s-0", status: status, marker: Self.marker),
            transfer: state.map { Sample.transfer("s", state: $0, imageID: imageID) }, item: item)
    }

    private func judge(
        _ marked: MarkedImage, _ ownership: Ownership? = nil, ownerID: String? = nil
    ) -> Leftover? {
        Leftover(marked, ownership ?? Ownership(of: marked, projectID: ownerID))
    }

    @Test(arguments: [ImageStatus.queued, .saving, .uploading, .importing, .killed])
    func `What is ours, empty and needed by no transfer is removed`(status: ImageStatus) throws {
        let leftover = try #require(judge(marked(status: status)))
        #expect(leftover.fate == .remove)
        #expect(leftover.reason == .unfinished(status: status))
        #expect(leftover.whose == "a copy of name of s, by the journal")
    }

    @Test(arguments: [ImageStatus.active, .deactivated, .pendingDelete, .deleted])
    func `Images with data are never looked at`(status: ImageStatus) {
        #expect(judge(marked(status: status)) == nil)
    }

    @Test func `A marker alone gives no right to remove`() throws {
        let unknown = try #require(judge(marked(state: nil)))
        #expect(unknown.fate == .keep && unknown.whose == "unknown")
        for ownership in Ownership.allCases where !ownership.mayBeCleaned {
            #expect(try #require(judge(marked(), ownership)).fate == .keep, "\(ownership)")
        }
        var other = marked()
        other.image.originValue = "l/other"
        #expect(try #require(judge(other)).fate == .keep)
    }

    @Test func `Its derived id gives the right where the journal has forgotten it`() throws {
        let leftover = try #require(judge(marked(state: nil, action: .skip), .oursByDerivation))
        #expect(leftover.fate == .remove)
        #expect(leftover.whose == "a copy of name of s, by its derived id")
    }

    @Test(arguments: [PlanAction.create, .update])
    func `What the next run goes on with stays`(action: PlanAction) throws {
        let start = Sample.transfer("s", state: .registered, imageID: "s-0")
        let leftover = try #require(judge(marked(start: start, action: action)))
        #expect(leftover.fate == .keep && leftover.reason == .nextRunContinuesIt)
        var next = start
        next.placement.imageID = "s-1"
        #expect(try #require(judge(marked(start: next, action: action))).fate == .remove)
    }

    @Test func `What resume goes on with stays`() throws {
        var given = marked(state: .sending)
        given.isResumable = true
        let leftover = try #require(judge(given))
        #expect(leftover.fate == .keep && leftover.reason == .interruptedRunNeedsIt)
    }

    @Test(arguments: [ImageVisibility.public, .shared, .community])
    func `What others can see stays`(visibility: ImageVisibility) throws {
        var given = marked()
        given.image.visibility = visibility
        let leftover = try #require(judge(given))
        #expect(leftover.fate == .keep && leftover.reason.words.contains("it is \(visibility)"))
    }

    @Test func `A record under a kept id stays, since its id would be lost`() throws {
        var given = marked()
        given.image.id = "s"
        given.transfer?.placement.imageID = "s"
        given.transfer?.intent.record.keptID = .required
        let leftover = try #require(judge(given))
        #expect(leftover.fate == .keep)
        #expect(leftover.reason == .sourceIDWouldBurn)
    }

    @Test func `What is protected or another project's stays`() throws {
        var protected = marked()
        protected.image.isProtected = true
        #expect(
            try #require(judge(protected)).reason
                == .changedByOthers(visibility: .private, isProtected: true))
        var foreign = marked()
        foreign.image.ownerID = "project-2"
        let reason = PlanReason.inOtherProject(projectID: "project-2")
        let planted = try #require(judge(foreign, ownerID: "project-1"))
        #expect(planted.fate == .keep && planted.reason == reason && planted.whose == "unknown")
        foreign.transfer?.placement.claimContents()
        let moved = try #require(judge(foreign, ownerID: "project-1"))
        #expect(moved.fate == .keep && moved.reason == reason && moved.whose != "unknown")
    }
}
