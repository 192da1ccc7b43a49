// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import OpenStackImage

/// The removal of records for a pipeline: only this code sends DELETE.
///
/// A removal acts under a named ``Right``. It reads the record again right before it deletes the
/// record, and leaves it alone if the right no longer holds. A test keeps every other DELETE out of
/// the pipeline's modules.
public enum Removal {
    /// The reason for which a record may be deleted. Each right has its own conditions; see
    /// `docs/journal.md`.
    public enum Right: Sendable {
        /// A transfer gives up the record that it made. The number is not limited, since the
        /// transfer cannot go on otherwise.
        case discard(Transfer)
        /// The service made this record a moment ago, but not as we asked, and nothing was sent.
        /// The number is not limited.
        case unmake(Transfer)
        /// `clean` found a record that no transfer needs. The image is as the listing showed it.
        ///
        /// `sizeBytes` is the size of the source image; nil if unknown.
        case clean(TargetImage, sizeBytes: Int64?)
        /// An earlier version of a series has expired, according to the plan. The plan counts these
        /// against `limits.deletes`.
        case expire(Change)
        /// `rollback` removes a copy that a run made. It counts these against `limits.deletes`.
        ///
        /// `references` are the ids at the target of the images that the record names, by property.
        case undo(Transfer, references: [String: String])

        var imageID: String? {
            switch self {
            case .discard(let transfer), .unmake(let transfer): transfer.imageID
            case .clean(let image, _): image.id
            case .expire(let change): change.image.id
            case .undo(let transfer, _): transfer.imageID
            }
        }
    }

    public enum Outcome: Sendable {
        /// The record is deleted.
        case removed
        /// The record did not exist.
        case gone
        /// The record may be deleted, but was not: no DELETE is left.
        case removable
        /// The record stays, since the right does not hold.
        case refused(TranshipError)
        /// The record stays, since it is not as the listing showed it.
        case changed(PlanReason)
        /// The record stays under its kept id, and will be filled again.
        case toBeFilledAgain
        /// The service did not delete the record.
        case failed(TranshipError)
    }

    /// Reads the record, and deletes it if the right holds for its present state.
    ///
    /// - Parameters:
    ///   - deletesLeft: the number of DELETE requests that may be sent: the rest of
    ///     `limits.deletes` for rights that it limits. With 0, nothing is deleted.
    ///   - nowUnixSeconds: the present time.
    /// - Throws: the error that kept the record from being read.
    public static func remove(
        under right: Right, at service: ImageService, deletesLeft: inout Int,
        nowUnixSeconds: Int64
    ) async throws(TranshipError) -> Outcome {
        guard let id = right.imageID else { return .gone }
        guard let image = try await service.imageIfPresent(id) else { return .gone }
        guard image.saysWhoSeesIt else {
            return .failed(
                TranshipError(
                    .invalidAnswer,
                    "the service does not say of image \(id) who sees it and whether it is "
                        + "protected",
                    hint: "look at it with `openstack image show \(id)`; Tranship leaves it alone"))
        }
        var found = TargetRecord(image, targetKey: "")
        if case .undo = right { found = try await record(image, at: service) }
        let objection = objection(
            under: right, to: found, updatedAt: image.updatedAt, nowUnixSeconds: nowUnixSeconds)
        if let objection { return objection }
        if deletesLeft == 0 { return .removable }
        // We protected the record, as planned: with other rights, a protected record is not
        // removable.
        let wasProtected = image.isProtected
        do {
            if wasProtected { _ = try await service.unprotect(id) }
            try await service.delete(id)
        } catch {
            guard await isGone(id, after: error, at: service) else {
                if wasProtected { _ = try? await service.protect(id) }
                return .failed(error)
            }
        }
        deletesLeft -= 1
        return .removed
    }

    /// True if the image is gone after an error. A 404 means that someone deleted the image since
    /// it was read. If the answer to a DELETE was lost, another look shows the result.
    private static func isGone(
        _ id: String, after error: TranshipError, at service: ImageService
    ) async -> Bool {
        guard error.isTransient else { return error.code == .notFound }
        do {
            return try await service.imageIfPresent(id) == nil
        } catch {
            return false
        }
    }

    // MARK: The rights

    /// Returns the reason why the right does not hold for the record's present state; nil if it
    /// holds. All kinds of targets use this.
    ///
    /// - Parameters:
    ///   - found: the record; with its members, to undo a copy.
    ///   - updatedAt: the time in the record.
    static func objection(
        under right: Right, to found: TargetRecord, updatedAt: String?, nowUnixSeconds: Int64
    ) -> Outcome? {
        switch right {
        case .discard(let transfer): objection(to: transfer, discarding: found.image)
        case .unmake(let transfer): objection(to: transfer, unmaking: found.image)
        case .clean(let listed, let sizeBytes):
            objection(
                toCleaning: listed, found.image, updatedAt: updatedAt, sizeBytes: sizeBytes,
                nowUnixSeconds: nowUnixSeconds)
        case .expire(let change): change.difference(of: found.image).map(Outcome.changed)
        case .undo(let transfer, let references):
            objection(to: transfer, undoing: found, references: references)
        }
    }

    /// Checks the right to discard. The journal's row gives the right. The marker proves that the
    /// row is still about this image.
    static func objection(to transfer: Transfer, discarding image: TargetImage) -> Outcome? {
        let ownership = Ownership(of: image, transfer)
        guard ownership.isOurs else {
            return .refused(
                TranshipError(
                    .targetConflict,
                    "image \(image.id) at the target does not carry our marker "
                        + Origin.propertyName,
                    hint: "remove it by hand if it is an unfinished copy; Tranship leaves it "
                        + "alone"))
        }
        // Another host may have proved and published data that it put into our record.
        if ownership == .keptID, image.isAsMade {
            guard image.status == .active else { return .toBeFilledAgain }
            return .refused(
                TranshipError(
                    .idBlocked,
                    "image \(image.id) at the target holds data that is not proved, and deleting "
                        + "it would burn the id that is to be kept",
                    hint: "delete it by hand to give the id up; Tranship leaves it alone, private"))
        }
        guard ownership != .adopted, image.isAsMade else {
            return .refused(
                TranshipError(
                    .targetConflict,
                    "image \(image.id) at the target is \(image.visibility)"
                        + (image.isProtected ? ", protected" : "")
                        + (image.isHidden ? ", hidden" : "")
                        + ": it may have been published and is not discarded",
                    hint: "remove it by hand if it is an unfinished copy; Tranship leaves it "
                        + "alone"))
        }
        guard ownership.mayBeDiscarded else {
            return .refused(
                TranshipError(
                    .targetConflict,
                    "image \(image.id) at the target is \(image.status), and this journal did not "
                        + "send it",
                    hint: "wait for the process that sends it; if there is none, `tranship "
                        + "clean` lists the image"))
        }
        return nil
    }

    /// Checks the right to remove a record that was just made. Only we use its id, and the service
    /// has just answered that it made the record for us. So the record may be deleted without a
    /// marker, and even if others see it, but not if it has data.
    static func objection(to transfer: Transfer, unmaking image: TargetImage) -> Outcome? {
        if transfer.holdsKeptID { return .toBeFilledAgain }
        let isEmpty = image.status == .queued && !image.isProtected
        return isEmpty && image.id == transfer.imageID
            ? nil : .changed(.changedMeanwhile(status: image.status))
    }

    /// Reads the members of a record: someone may have shared it since.
    private static func record(
        _ image: Image, at service: ImageService
    ) async throws(TranshipError) -> TargetRecord {
        var record = TargetRecord(image, targetKey: "")
        if image.visibility == .shared {
            let members = try await service.members(of: image.id)
            record.members = members.map(\.memberID)
            for member in members where member.status != .pending {
                record.memberAnswers[member.memberID] = member.status.rawValue
            }
        }
        return record
    }

    /// Checks the right to undo. The journal's row gives the right, as long as the record is as the
    /// run left it.
    static func objection(
        to transfer: Transfer, undoing found: TargetRecord, references: [String: String]
    ) -> Outcome? {
        let image = found.image
        let ownership = Ownership(of: image, transfer)
        if ownership == .otherProject { return .changed(.editedByHand(field: "owner")) }
        guard ownership.mayBeUndone,
            transfer.placement.isFilledByUs || !image.holdsData
        else { return .changed(.notOurs) }
        guard image.isWhole || !image.holdsData else {
            return .changed(.changedMeanwhile(status: image.status))
        }
        if image.holdsData, let reason = transfer.doubt(aboutDataOf: image) {
            return .changed(reason)
        }
        var wanted = transfer.leftRecord
        var members: [String]? = wanted.sharedProjects(
            for: transfer.members, owner: transfer.ownerID)
        let answers = transfer.leftAnswers
        var accepted = answers.accepted
        var references = references.mapValues(String?.some)
        if transfer.state != .done {
            // Publishing had not begun or had not ended, so a field that is not set yet was not
            // edited.
            if image.visibility == .private { wanted.visibility = .private }
            if !image.isHidden { wanted.isHidden = false }
            if !image.isProtected { wanted.isProtected = false }
            if image.status != .deactivated { wanted.isDeactivated = false }
            if found.members?.isEmpty != false { members = nil }
            accepted.removeAll { found.answer(of: $0) == "pending" }
            for property in references.keys {
                wanted.properties[property] = found.properties[property]
            }
            references = [:]
        }
        var comparison = RecordComparison(
            wanted: wanted, otherNames: [wanted.name], references: references, members: members)
        (comparison.accepted, comparison.pending) = (accepted, answers.pending)
        let differences = comparison.differences(found)
        return differences.isEmpty
            ? nil : .changed(.editedByHand(field: FieldNames(of: differences)))
    }

    /// Checks the right to clean. ``Ownership`` gave the right when the target was listed, which
    /// may be long ago, so the record must not have changed since.
    static func objection(
        toCleaning listed: TargetImage, _ image: TargetImage, updatedAt: String?,
        sizeBytes: Int64?, nowUnixSeconds: Int64
    ) -> Outcome? {
        guard image.status == listed.status, image.originValue == listed.originValue,
            image.visibility == .private, !image.isProtected, image.ownerID == listed.ownerID
        else { return .changed(.changedMeanwhile(status: image.status)) }
        guard image.holdsData else { return nil }
        // The service does not show a body that is arriving: neither size nor time change until its
        // end. So the time since the last change decides.
        guard let updatedAt, let time = UTCTime.unixSeconds(updatedAt) else {
            return .changed(.busySinceUnknown(status: image.status))
        }
        let quietSeconds = Transfer.othersPatienceSeconds(sizeBytes: sizeBytes)
        guard nowUnixSeconds - time > quietSeconds else {
            return .changed(
                .busySince(status: image.status, time: updatedAt, quietSeconds: quietSeconds))
        }
        return nil
    }
}

extension Image {
    /// False if the record lacks the fields that show if it was published. A missing field must not
    /// count as private.
    fileprivate var saysWhoSeesIt: Bool {
        record["visibility"]?.string != nil && record["protected"]?.bool != nil
    }
}

extension Transfer {
    /// Returns the reason why the data may be that of another process; nil if it is the data that
    /// the run left.
    ///
    /// Any user with the rights of the project may fill the record of a run that died before it
    /// sent its data. The journal says only that the run was about to send, so a digest has to show
    /// that the data is the run's, unless the run itself has proved the copy.
    fileprivate func doubt(aboutDataOf image: TargetImage) -> PlanReason? {
        // If the target converted the data, its digest differs from the others.
        let known =
            proof.reported.isEmpty
            ? proof.computed + [proof.promised].compactMap { $0 } + source.checksums
            : proof.reported
        switch Checksum.compare(known, with: image.checksums) {
        case .same: return nil
        case .other(_, let reported): return .copyHasOtherData(imageID: image.id, reported)
        case .incomparable: return holdsProvedCopy ? nil : .dataUnproved
        }
    }

    /// True if the run has proved the data, as far as it could be proved.
    private var holdsProvedCopy: Bool {
        switch state {
        case .publishing, .done, .unpublished, .skipped: true
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying, .failed:
            placement.isCopying
        }
    }

    /// The record as the run left it.
    fileprivate var leftRecord: PlannedRecord {
        var record = self.record
        switch state {
        case .done, .skipped, .publishing, .failed: break
        case .unpublished:
            // Publishing was given up: it may have set all planned fields, or stopped at the
            // members.
            record.visibility = left?.visibility ?? (record.takesMembers ? .shared : .private)
            record.isHidden = left?.isHidden ?? record.isHidden
            record.isProtected = left?.isProtected ?? record.isProtected
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying:
            record.visibility = .private
            (record.isHidden, record.isProtected) = (false, false)
        }
        return record
    }

    /// The members at the target whose answers are known from the run: those for which it accepted
    /// the copy, and those that had not answered.
    fileprivate var leftAnswers: (accepted: [String], pending: [String]) {
        let waiting = remarks.reduce(into: Set<String>()) { waiting, note in
            if case .membersWaiting(let projects, _) = note { waiting.formUnion(projects) }
        }
        let accepted = record.projects(for: members, owner: ownerID)
            .filter { memberAnswers?[$0.source] == "accepted" && !waiting.contains($0.target) }
        return (Set(accepted.map(\.target)).sorted(), waiting.sorted())
    }
}
