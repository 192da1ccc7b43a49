// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

extension CloudUploader {
    /// The maximum number of looks at a broken body of ours. For a body of another process, see
    /// ``Transfer/othersPatienceSeconds(sizeBytes:)``.
    static let busyLooksMax = WaitReason.brokenBodyLooksMax
    /// The shortest and the longest time between two looks at a record that another host fills, in
    /// seconds.
    static let othersLookSeconds = 1.0...60.0

    /// Decides by the state of the record:
    ///
    /// | the image is | next step |
    /// |---|---|
    /// | in another project, and not filled by us | leave it alone: the copy takes the next id |
    /// | missing, or being deleted | its id may be burned: create it again, or under the next id |
    /// | `queued`, without data | send the body into the same record |
    /// | `queued`, with a checksum or stores, or refused twice as taken | discard it, next id |
    /// | `uploading`, with all our bytes staged | only the answer was lost: import and compare it |
    /// | `saving`, `uploading` | a body is arriving: look again, and give up sooner if it is ours |
    /// | `importing` | the service works on it: wait |
    /// | `active`, `deactivated` | all data is there: compare it, and adopt it unless it is ours |
    /// | `killed`, … | discard it, next id |
    ///
    /// A record under a kept id is never discarded. In place of that, the transfer ends as
    /// ``TranshipError/Code/idBlocked``, or goes on under a derived id (`keep_id: prefer`).
    public func reconcile(
        _ given: Transfer
    ) async throws(TranshipError) -> Outcome {
        guard let image = try await service.imageIfPresent(try given.recordID()) else {
            if let objection = objection(to: given) { throw objection }
            var transfer = given
            // The record was never created, or was deleted since. The create call shows which is
            // true, because the service refuses a deleted id forever.
            transfer.register()
            transfer.placement.clearContents()
            return .send(transfer)
        }
        return try await reconcile(given, with: image)
    }

    public func objection(to transfer: Transfer) -> TranshipError? {
        rights.withLock { $0.objection(to: transfer.record) } ?? lessons.objection(to: transfer)
    }

    /// Decides for a record that was found.
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
            // With a kept id, the transfer has its id before its work begins, or begins again.
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
            // The state does not show which process requested the import.
            if transfer.state != .importing { transfer.move(to: .importing) }
            return .advance(transfer)
        case .active, .deactivated:
            // The next step compares the data at the target with the sent data, if that is known.
            transfer.proof.sizeBytes = transfer.proof.sizeBytes ?? image.sizeBytes
            return .advance(transfer.foundWhole())
        default:
            return .send(
                try await startOver(transfer, "its record is \(image.status.rawValue)"))
        }
    }

    /// Returns the reason why an empty record takes no data any more; nil if there is no sign of
    /// this.
    ///
    /// A body that the service refused can leave something behind: its checksum and its stores on
    /// the record and, if two hosts are at work, a file in the staging area, which nothing shows.
    private static func spoiled(_ image: Image, _ transfer: Transfer) -> String? {
        if image.isSpoiled {
            return "the service keeps what it knows of a body that it refused on its record, "
                + "and takes no other"
        }
        return transfer.tries.surprises >= RetryPolicy.surprisesMax
            ? "the service refuses data for its record, although that is empty" : nil
    }

    /// True if the service has all bytes that this process staged, and only its answer was lost.
    /// The service writes the size when the last byte has arrived; if a service never writes the
    /// size, we wait as after a broken body. The imported data is compared, so a digest to compare
    /// it with is required.
    private static func isStaged(_ image: Image, _ transfer: Transfer) -> Bool {
        guard transfer.method == .glanceDirect, transfer.state == .sending,
            transfer.placement.isFilledByUs,
            let sizeBytes = transfer.proof.sizeBytes ?? transfer.source.sizeBytes
        else { return false }
        return image.sizeBytes == sizeBytes
            && (!transfer.proof.computed.isEmpty || transfer.proof.promised != nil)
    }

    /// Handles a body that is still arriving. A broken body of ours ends soon. A body of another
    /// host may really be arriving, and killing it would only make both hosts start again.
    private func busy(
        _ given: Transfer, _ image: Image
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        let status = image.status
        let now = now()
        // During staging the service writes the record as well, so its time shows nothing.
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

    /// Handles a body that no process sends any more.
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

    /// Discards the record and takes the next id, since a service never gives out an id twice.
    private func startOver(
        _ given: Transfer, _ reason: String
    ) async throws(TranshipError) -> Transfer {
        if given.holdsKeptID { return try given.withoutKeptID(reason) }
        var transfer = given
        try await discard(transfer)
        transfer.abandonRecord()
        return transfer
    }

    /// Returns words about the image that has the id, for messages.
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
