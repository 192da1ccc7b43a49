// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import GlanceServer
import MigrationModel
import OpenStackImage
import TestSupport
import Testing

@testable import ImageUploaders

/// The rules for cleaning; `CloudUploaderTests` has those for discarding.
@Suite struct RemovalTests {
    private let target: Target
    /// 2027-01-15T08:00:00Z.
    private static let now: Int64 = 1_800_000_000

    init() throws { target = try Target() }

    private func listed(generation: Int = 0, _ status: ImageStatus = .queued) -> TargetImage {
        let id = target.id(generation)
        var image = Sample.target(
            id, status: status, marker: Sample.origin(of: "a").propertyValue)
        image.ownerID = target.glance.image(id)?["owner"]?.string
        return image
    }

    private func clean(
        _ deletesLeft: inout Int, _ image: TargetImage
    ) async throws(TranshipError) -> Removal.Outcome {
        try await Removal.remove(
            under: .clean(image, sizeBytes: nil), at: target.glance.service,
            deletesLeft: &deletesLeft,
            nowUnixSeconds: Self.now)
    }

    private var deletions: Int {
        target.glance.server.requests.count { $0.method == "DELETE" }
    }

    @Test func `What is as it was listed is deleted, up to the limit`() async throws {
        var deletesLeft = 0
        target.putOurs(["status": "queued", "visibility": "private"])
        guard case .removable = try await clean(&deletesLeft, listed()) else {
            Issue.record("a dry run only asks")
            return
        }
        #expect(deletions == 0)
        deletesLeft = 1
        guard case .removed = try await clean(&deletesLeft, listed()) else {
            Issue.record("it was not deleted")
            return
        }
        #expect(deletions == 1)
        target.putOurs(["status": "queued", "visibility": "private"], generation: 1)
        guard case .removable = try await clean(&deletesLeft, listed(generation: 1)) else {
            Issue.record("the limit did not hold")
            return
        }
        #expect(deletions == 1)
    }

    @Test func `What is gone is told apart, and a refusal is not the end`() async throws {
        var deletesLeft = 1
        guard case .gone = try await clean(&deletesLeft, listed()) else {
            Issue.record("there was nothing")
            return
        }
        target.putOurs(["status": "queued", "visibility": "private"])
        target.glance.refuse("DELETE", "/v2/images/\(target.id())", status: 409, text: "in use")
        guard case .failed(let error) = try await clean(&deletesLeft, listed()) else {
            Issue.record("the service refused")
            return
        }
        #expect(error.code == .conflict)
    }

    @Test func `A deletion whose answer is lost counts as one`() async throws {
        var deletesLeft = 1
        target.putOurs(["status": "queued", "visibility": "private"])
        // The client repeats the request after a lost answer, and those answers are lost as well.
        target.glance.loseAnswer("DELETE", "/v2/images/\(target.id())", times: .max)
        guard case .removed = try await clean(&deletesLeft, listed()) else {
            Issue.record("the image is gone")
            return
        }
        #expect(deletesLeft == 0 && target.glance.image(target.id()) == nil)
    }

    /// A missing field must not count as its harmless value.
    @Test(arguments: ["visibility", "protected"])
    func `What does not say who sees it stays`(field: String) async throws {
        var deletesLeft = 1
        target.putOurs(["status": "queued", "visibility": "private"])
        var record = try #require(target.glance.image(target.id()))
        record[field] = nil
        let body = try JSONEncoder().encode(JSONValue.object(record))
        target.glance.answer(
            "GET", "/v2/images/\(target.id())", with: .status(200, body: [UInt8](body)))
        guard case .failed(let error) = try await clean(&deletesLeft, listed()) else {
            Issue.record("it was not refused")
            return
        }
        #expect(error.code == .invalidAnswer && error.message.contains(target.id()))
        #expect(deletions == 0)
    }

    /// A value of another type does not count as missing, which happens at old services.
    @Test(
        arguments: [
            ("os_hidden", "true"), ("os_hidden", 0), ("protected", "false"), ("visibility", 0),
            ("owner", ["x"]), ("status", ["queued"]), ("name", 5), ("tags", "t"),
        ] as [(String, JSONValue)])
    func `What says it with a value of another type stays`(
        field: String, value: JSONValue
    ) async throws {
        target.putOurs(["status": "queued", "visibility": "private"])
        var record = try #require(target.glance.image(target.id()))
        record[field] = value
        let body = try JSONEncoder().encode(JSONValue.object(record))
        target.glance.answer(
            "GET", "/v2/images/\(target.id())", with: .status(200, body: [UInt8](body)))
        let error = await #expect(throws: TranshipError.self) {
            var deletesLeft = 1
            _ = try await clean(&deletesLeft, listed())
        }
        #expect(error?.code == .invalidAnswer && error?.message.contains("\"\(field)\"") == true)
        #expect(deletions == 0)
    }

    @Test func `The record of another image gives no right`() async throws {
        target.putOurs(["status": "queued", "visibility": "private"])
        target.putOurs(["status": "queued", "visibility": "private"], generation: 1)
        let other = try JSONEncoder().encode(
            JSONValue.object(try #require(target.glance.image(target.id(1)))))
        target.glance.answer(
            "GET", "/v2/images/\(target.id())", with: .status(200, body: [UInt8](other)))
        let error = await #expect(throws: TranshipError.self) {
            var deletesLeft = 1
            _ = try await clean(&deletesLeft, listed())
        }
        #expect(error?.code == .invalidAnswer && error?.message.contains(target.id(1)) == true)
        #expect(deletions == 0)
    }

    /// Changes that another process may make between the listing and the removal.
    private static let changes: [@Sendable (inout TargetImage) -> Void] = [
        { $0.status = .active }, { $0.originValue = nil }, { $0.originValue = "l/x" },
        { $0.visibility = .public }, { $0.visibility = .shared }, { $0.isProtected = true },
        { $0.ownerID = "another" },
    ]

    @Test(arguments: changes.indices)
    func `What changed since it was listed stays`(index: Int) {
        var found = listed()
        Self.changes[index](&found)
        let objection = Removal.objection(
            toCleaning: listed(), found, updatedAt: nil, sizeBytes: nil, nowUnixSeconds: Self.now)
        guard case .changed(.changedMeanwhile(let status)) = objection else {
            Issue.record("\(String(describing: objection))")
            return
        }
        #expect(status == found.status)
    }

    @Test(arguments: [ImageStatus.saving, .uploading, .importing])
    func `What another process may be sending has to be quiet for an hour`(
        status: ImageStatus
    ) {
        func objection(_ updatedAt: String?, sizeBytes: Int64? = nil) -> PlanReason? {
            let outcome = Removal.objection(
                toCleaning: listed(status), listed(status), updatedAt: updatedAt,
                sizeBytes: sizeBytes, nowUnixSeconds: Self.now)
            if case .changed(let reason) = outcome { return reason }
            return nil
        }
        #expect(objection("2027-01-15T06:59:59Z") == nil)
        let hour = "2027-01-15T07:00:00Z"
        #expect(
            objection(hour) == .busySince(status: status, time: hour, quietSeconds: 3600))
        // The time is a second longer for each MiB.
        #expect(
            objection("2027-01-15T06:59:59Z", sizeBytes: 1 << 20)
                == .busySince(
                    status: status, time: "2027-01-15T06:59:59Z", quietSeconds: 3601))
        #expect(objection(nil) == .busySinceUnknown(status: status))
        #expect(objection("yesterday") == .busySinceUnknown(status: status))
    }

    // MARK: What a run made

    /// Returns a copy that this journal filled, and its record as the run left it.
    private func undone(
        _ state: TransferState = .done, filledByUs: Bool = true
    ) -> (Transfer, TargetRecord) {
        var transfer = Sample.transfer(
            "a", record: Sample.record(visibility: .shared), state: state, imageID: target.id())
        if filledByUs { transfer.placement.claimContents() }
        transfer.intent.record.members = .map(["m": "team"])
        transfer.members = ["m", "stranger"]
        var image = listed(.active)
        image.visibility = .shared
        let record = TargetRecord(
            image, diskFormat: "raw", containerFormat: "bare",
            properties: [Origin.propertyName: Sample.origin(of: "a").propertyValue],
            members: ["team"])
        return (transfer, record)
    }

    private func reason(
        _ transfer: Transfer, _ record: TargetRecord, references: [String: String] = [:]
    ) -> PlanReason? {
        let outcome = Removal.objection(to: transfer, undoing: record, references: references)
        if case .changed(let reason) = outcome { return reason }
        return nil
    }

    @Test func `A copy that is as the run left it may go`() {
        let (transfer, record) = undone()
        #expect(reason(transfer, record) == nil)
    }

    /// Changes that an operator may make to a copy, and the fields in the reason.
    private static let edits: [([String], @Sendable (inout TargetRecord) -> Void)] = [
        (["name"], { $0.image.name = "mine" }), (["tags"], { $0.tags = ["keep"] }),
        (["members"], { $0.members = ["team", "other"] }),
        (["protected"], { $0.image.isProtected = true }),
        (["visibility"], { $0.image.visibility = .public }), (["min_disk"], { $0.minDiskGiB = 5 }),
        (
            ["min_ram", "properties.os_command_line"],
            {
                $0.minRAMMiB = 1
                $0.properties["os_command_line"] = "x"
            }
        ),
        (["deactivated"], { $0.image.status = .deactivated }),
    ]

    @Test func `A copy whose member has answered since stays`() {
        var (transfer, record) = undone()
        transfer.memberAnswers = ["m": "accepted"]
        record.memberAnswers = ["team": "accepted"]
        #expect(reason(transfer, record) == nil)
        record.memberAnswers = ["team": "rejected"]
        #expect(reason(transfer, record) == .editedByHand(field: "members.team"))
        // A member that had not answered now has the copy in its list.
        transfer.remark(.membersWaiting(["team"], imageID: target.id()))
        record.memberAnswers = [:]
        #expect(reason(transfer, record) == nil)
        record.memberAnswers = ["team": "accepted"]
        #expect(reason(transfer, record) == .editedByHand(field: "members.team"))
    }

    @Test func `An answer that the run had not given yet does not keep its copy`() {
        var (transfer, record) = undone(.publishing)
        transfer.memberAnswers = ["m": "accepted"]
        record.memberAnswers = [:]
        #expect(reason(transfer, record) == nil)
    }

    @Test(arguments: edits.indices)
    func `A copy that someone has edited stays, and its fields are named`(index: Int) {
        let (fields, edit) = Self.edits[index]
        var (transfer, record) = undone()
        edit(&record)
        #expect(reason(transfer, record) == .editedByHand(field: FieldNames(fields)))
        // The same before publication, except for the fields that publishing sets.
        transfer = undone(.publishing).0
        #expect(reason(transfer, record) == .editedByHand(field: FieldNames(fields)))
    }

    /// The run could not publish the copy, or ended before it began to.
    @Test(arguments: [TransferState.unpublished, .sending, .verifying])
    func `A copy that someone published as planned stays`(state: TransferState) throws {
        var (transfer, record) = undone(.publishing)
        transfer.intent.record.visibility = .public
        (transfer.intent.record.isHidden, transfer.intent.record.isProtected) = (true, true)
        record.members = nil
        record.image.visibility = .private
        if state == .unpublished {
            transfer.leaveUnpublished(
                TranshipError(.forbidden, "no"),
                as: LeftCopy(visibility: .private, isHidden: false, isProtected: false))
        } else {
            let digest = try Sample.checksum(.sha512, "a")
            (transfer.proof.computed, record.image.checksums) = ([digest], [digest])
            transfer = Transfer(
                transfer.intent, state: state, placement: transfer.placement,
                proof: transfer.proof)
        }
        #expect(reason(transfer, record) == nil)
        for (field, edit) in [
            ("visibility", { $0.image.visibility = .public }),
            ("hidden", { $0.image.isHidden = true }),
            ("protected", { $0.image.isProtected = true }),
        ] as [(String, (inout TargetRecord) -> Void)] {
            var edited = record
            edit(&edited)
            #expect(reason(transfer, edited) == .editedByHand(field: FieldNames([field])))
        }
    }

    @Test func `A copy that someone has given to another project stays, and the owner is named`() {
        var (transfer, record) = undone()
        transfer.intent.projectID = "ours"
        record.image.ownerID = "ours"
        #expect(reason(transfer, record) == nil)
        record.image.ownerID = "theirs"
        #expect(reason(transfer, record) == .editedByHand(field: "owner"))
    }

    @Test func `A copy that the run itself showed before it was refused may go`() {
        var (transfer, record) = undone(.publishing)
        transfer.intent.record.isProtected = true
        transfer.leaveUnpublished(
            TranshipError(.forbidden, "no"),
            as: LeftCopy(visibility: .shared, isHidden: false, isProtected: false))
        #expect(reason(transfer, record) == nil)
        record.image.visibility = .public
        #expect(reason(transfer, record) == .editedByHand(field: "visibility"))
    }

    @Test func `What this journal did not fill, or another process fills, stays`() {
        var (transfer, record) = undone(filledByUs: false)
        #expect(reason(transfer, record) == .notOurs)
        transfer.placement.adoptContents()
        #expect(reason(transfer, record) == .notOurs)
        (transfer, record) = undone()
        record.image.originValue = nil
        #expect(reason(transfer, record) == .notOurs)
        (transfer, record) = undone(.sending)
        record.image.status = .saving
        #expect(reason(transfer, record) == .changedMeanwhile(status: .saving))
        record.image.status = .queued
        record.image.visibility = .private
        record.members = nil
        #expect(reason(transfer, record) == nil)
    }

    /// An operator filled the record that a killed run had left. If the run proved the data itself,
    /// no further fact has to show the owner.
    @Test(arguments: TransferState.allCases)
    func `Data stays unless a digest shows that the run sent it, or the run proved it`(
        state: TransferState
    ) throws {
        let digest = try Sample.checksum(.sha512, "a")
        let other = try Sample.checksum(.sha512, "b")
        var (transfer, record) = undone(state)
        if state != .done { (record.image.visibility, record.members) = (.private, nil) }
        if state == .unpublished {
            transfer = undone(.publishing).0
            transfer.leaveUnpublished(
                TranshipError(.forbidden, "no"),
                as: LeftCopy(visibility: .private, isHidden: false, isProtected: false))
        }
        let isProved = [.publishing, .done, .unpublished, .skipped].contains(state)
        // The source promised nothing, and nothing is known about the sent data; then further
        // combinations.
        for (promised, computed, reported) in [
            (nil, [], []), (digest, [], []), (nil, [digest], []), (nil, [other], [digest]),
        ] as [(Checksum?, [Checksum], [Checksum])] {
            (transfer.proof.promised, transfer.proof.computed) = (promised, computed)
            transfer.proof.reported = reported
            let isKnown = promised != nil || !computed.isEmpty
            record.image.checksums = [digest]
            #expect(reason(transfer, record) == (isKnown || isProved ? nil : .dataUnproved))
            record.image.checksums = [other]
            #expect(
                reason(transfer, record)
                    == (isKnown
                        ? .copyHasOtherData(imageID: target.id(), other)
                        : isProved ? nil : .dataUnproved))
            record.image.checksums = [try Sample.checksum(.md5, "a")]
            #expect(reason(transfer, record) == (isProved ? nil : .dataUnproved))
        }
    }

    @Test func `The image that it names is compared by its id at the target`() {
        var (transfer, record) = undone()
        transfer.intent.record.references = ["kernel_id": "image:k"]
        record.properties["kernel_id"] = "k-copy"
        #expect(reason(transfer, record, references: ["kernel_id": "k-copy"]) == nil)
        #expect(
            reason(transfer, record, references: ["kernel_id": "other"])
                == .editedByHand(field: "properties.kernel_id"))
    }
}
