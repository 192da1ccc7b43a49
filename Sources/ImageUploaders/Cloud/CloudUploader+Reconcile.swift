// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

extension CloudUploader {
    /// For a body that is not ours, see ``Transfer/othersPatienceSeconds(sizeBytes:)``.
    static let busyLooksMax = WaitReason.brokenBodyLooksMax
    /// The shortest and the longest time between two looks at a record that
    /// another host fills, in seconds.
    static let othersLookSeconds = 1.0...60.0

    /// One rule for each state in which the record can be found.
    ///
    /// | the image is | what follows |
    /// |---|---|
    /// | in another project, and not filled by us | left alone: the copy takes the next id |
    /// | not there, or being deleted | its id may be burned; it is created again or under the next id |
    /// | `queued`, without data | the body is sent into the same record |
    /// | `queued`, with a checksum or stores, or refused twice as taken | spoiled by another body: discarded, next id |
    /// | `uploading`, with all bytes of ours staged | only the answer was lost: imported, and compared |
    /// | `saving`, `uploading` | a body that still arrives: looked at again, and given up sooner if it is ours |
    /// | `importing` | the service works on it: waited for |
    /// | `active`, `deactivated` | all data is there: compared, and adopted unless it is ours |
    /// | `killed`, … | discarded, next id |
    ///
    /// A record under a kept id is never discarded: what would be ends as
    /// ``TranshipError/Code/idBlocked``, or goes on under a derived id
    /// (`keep_id: prefer`).
    public func reconcile(
        _ given: Transfer
    ) async throws(TranshipError) -> Outcome {
        guard let image = try await service.imageIfPresent(try given.recordID()) else {
            if let objection = objection(to: given) { throw objection }
            var transfer = given
            // The record was never created, or was deleted since. The create call shows which,
            // because a deleted id is refused forever.
            transfer.register()
            transfer.placement.clearContents()
            return .send(transfer)
        }
        return try await reconcile(given, with: image)
    }

    public func objection(to transfer: Transfer) -> TranshipError? {
        rights.withLock { $0.objection(to: transfer.record) } ?? lessons.objection(to: transfer)
    }

    /// The same for a record that was found.
    func reconcile(
        _ given: Transfer, with image: Image
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        if transfer.holdsKeptID, !ownership(image, transfer).isOurs {
            return .send(try transfer.withoutKeptID("it is \(Self.words(image))"))
        }
        if ownership(image, transfer) == .planted {
            transfer.remark(.idPlanted(imageID: image.id, ownerID: image.ownerID))
            transfer.abandonRecord()
            return .send(transfer)
        }
        try checkOurs(image, transfer)
        if transfer.state.isBeforeRecord {
            // A kept id is known before anything is begun, or begun again.
            transfer.move(to: .registered)
        }
        switch image.status {
        case .queued:
            if let reason = Self.spoiled(image, transfer) {
                return .send(try await startOver(transfer, reason))
            }
            _ = try await madePrivate(image)
            transfer.register()
            transfer.placement.clearContents()
            return .send(transfer)
        case .uploading where Self.isStaged(image, transfer):
            transfer.move(to: .importing)
            return .advance(transfer)
        case .saving, .uploading:
            return try await busy(transfer, image)
        case .importing:
            // Whose import it is does not follow from its state.
            if transfer.state != .importing { transfer.move(to: .importing) }
            return .advance(transfer)
        case .active, .deactivated:
            // What was sent, if it is known, is compared with what is there.
            transfer.proof.sizeBytes = transfer.proof.sizeBytes ?? image.sizeBytes
            return .advance(transfer.foundWhole())
        default:
            return .send(
                try await startOver(transfer, "its record is \(image.status.rawValue)"))
        }
    }

    /// Why an empty record takes no data any more; nil if nothing says so.
    ///
    /// Of a body that the service refused, something can stay behind: its checksum and its stores
    /// on the record, and with two hosts at work a file in the staging area, which nothing shows.
    private static func spoiled(_ image: Image, _ transfer: Transfer) -> String? {
        if image.isSpoiled {
            return "the service keeps what it knows of a body that it refused on its record, "
                + "and takes no other"
        }
        return transfer.tries.surprises >= RetryPolicy.surprisesMax
            ? "the service refuses data for its record, although that is empty" : nil
    }

    /// True if the service has all bytes that this process staged, and only its answer was lost. It
    /// writes the size when the last byte is there; a service that never writes it is waited for as
    /// after a broken body. What is imported is compared, so there has to be something to compare
    /// with.
    private static func isStaged(_ image: Image, _ transfer: Transfer) -> Bool {
        guard transfer.method == .glanceDirect, transfer.state == .sending,
            transfer.placement.isFilledByUs,
            let sizeBytes = transfer.proof.sizeBytes ?? transfer.source.sizeBytes
        else { return false }
        return image.sizeBytes == sizeBytes
            && (!transfer.proof.computed.isEmpty || transfer.proof.promised != nil)
    }

    /// A body of ours that broke off ends soon. A body of another host may still
    /// be arriving, and killing it would only make both hosts start again.
    private func busy(
        _ given: Transfer, _ image: Image
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        let status = image.status
        let now = now()
        // While data is staged the service writes the record as well.
        if transfer.wait.noteBusy(status == .saving ? image.updatedAt : nil, now: now)
            || !transfer.placement.isFilledByUs
        {
            transfer.placement.yieldContents()
        }
        if transfer.placement.isFilledByUs {
            let looks = transfer.wait.busy?.looks ?? 0
            guard looks <= Self.busyLooksMax else {
                return try await dead(transfer, status, "for more than \(Self.busyLooksMax) s")
            }
            return .snooze(
                transfer, seconds: looks < 5 ? 0.3 : 1, reason: .brokenBody(status: status))
        }
        let waited = max(0, now - (transfer.wait.busy?.since ?? now)) / 1000
        let patience = Transfer.othersPatienceSeconds(sizeBytes: transfer.proof.sizeBytes)
        guard waited <= patience else {
            return try await dead(transfer, status, "for \(TimeSpan.format(waited))")
        }
        let pause = Double(waited) / 10
        return .snooze(
            transfer,
            seconds: min(
                max(pause, Self.othersLookSeconds.lowerBound), Self.othersLookSeconds.upperBound),
            reason: .otherProcessSends(
                status: status, .init(waitedSeconds: waited, mostSeconds: patience)))
    }

    /// No process sends that body any more.
    private func dead(
        _ given: Transfer, _ status: ImageStatus, _ time: String
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        if status == .uploading, transfer.holdsKeptID {
            // An earlier process staged the data and died before it requested the
            // import. The record cannot be made again, so the staged data is
            // imported, and then compared like any other.
            transfer.move(to: .importing)
            transfer.placement.claimContents()
            return .advance(transfer)
        }
        transfer.placement.claimContents()
        return .send(try await startOver(transfer, "its record has been \(status) \(time)"))
    }

    /// Discards the record and takes the next id, since a service never gives out
    /// an id twice.
    private func startOver(
        _ given: Transfer, _ reason: String
    ) async throws(TranshipError) -> Transfer {
        if given.holdsKeptID { return try given.withoutKeptID(reason) }
        var transfer = given
        try await discard(transfer)
        transfer.abandonRecord()
        return transfer
    }

    /// Names the image that has the id, for messages.
    static func words(_ image: Image) -> String {
        "the id of another image, \"\(image.name ?? "")\""
            + (image.ownerID.map { " of project \($0)" } ?? "")
    }

    func ownership(_ image: Image, _ transfer: Transfer) -> Ownership {
        Ownership(of: TargetImage(image, targetKey: transfer.targetKey), transfer)
    }

    func checkOurs(_ image: Image, _ transfer: Transfer) throws(TranshipError) {
        let ownership = ownership(image, transfer)
        guard ownership.isOurs else {
            if [.otherProject, .planted].contains(ownership) {
                throw TranshipError(
                    .targetConflict,
                    "image \(image.id) at the target belongs to project \(image.ownerID ?? "?"), and "
                        + "the copy to \(transfer.ownerID ?? "?")",
                    hint: "look at it with `openstack image show \(image.id)`; it was not touched")
            }
            let marker = image.properties[Origin.propertyName]?.string
            throw TranshipError(
                .targetConflict,
                "image \(image.id) at the target is not ours: its \(Origin.propertyName) is "
                    + (marker.map { "\"\($0)\"" } ?? "missing"),
                hint: "look at it with `openstack image show \(image.id)`; it was not touched")
        }
    }
}
