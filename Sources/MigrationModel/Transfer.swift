// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The transfer of one image to one target: a row of the journal.
///
/// A value. Stages receive it, change their copy and return that; the pipeline commits it. Within
/// a run, only ``move(to:)`` changes the state. Planning sets the first state of a run by named
/// functions, such as ``fresh(_:promised:generation:)`` and ``republished(as:)``.
public struct Transfer: Codable, Hashable, Sendable, Identifiable {
    /// The id of the journal's row; 0 until the transfer is stored.
    public var id: Int64 = 0
    public var intent: Intent
    public private(set) var state: TransferState
    public var placement: Placement
    public var proof: Proof
    public var wait = Wait()
    public var tries = Tries()
    /// The counts of bytes that were read from the source so far; nil before the first byte.
    public var reading: SourceReading?
    /// The ids of the projects that the image is shared with at the source.
    public var members: [String] = []
    /// The answers of the members at the source, by project id: `accepted`, `rejected`.
    public var memberAnswers: [String: String]?
    /// Remarks for the report beside the state: conversions, stores that failed.
    public var remarks: [Note] = []
    /// The copy as a refused publication left it; nil in every other state, and if the publication
    /// was not refused but given up.
    public private(set) var left: LeftCopy?
    /// The known version that turned out to have the same data, so that this copy was discarded;
    /// nil in every other case.
    public private(set) var sameData: CurrentVersion?

    /// Adds a remark, unless the transfer has the same one.
    public mutating func remark(_ note: Note) {
        if !remarks.contains(note) { remarks.append(note) }
    }

    /// Adds a remark in place of earlier ones with the same code, so that they do not accumulate
    /// over the runs.
    public mutating func remarkAnew(_ note: Note) {
        forgetRemarks(like: note)
        remarks.append(note)
    }

    /// Removes the remarks with the same code.
    public mutating func forgetRemarks(like note: Note) {
        remarks.removeAll { $0.code == note.code }
    }

    /// Makes a transfer in any state, for tests and the journal.
    package init(
        _ intent: Intent, state: TransferState, placement: Placement = Placement(),
        proof: Proof = Proof()
    ) {
        self.intent = intent
        self.state = state
        self.placement = placement
        self.proof = proof
    }

    public var targetKey: String { intent.targetKey }

    /// Returns the key of the target with the copy of a kernel or ramdisk that the record names.
    ///
    /// - Parameter key: the source key of the kernel or ramdisk.
    public func targetKey(ofReference key: String) -> String {
        record.referenceTargets?[key] ?? targetKey
    }

    public var source: SourceImage { _read { yield intent.source } }
    public var record: PlannedRecord { _read { yield intent.record } }
    public var method: UploadMethod { intent.method }
    public var origin: Origin { intent.origin }
    /// The project that owns the copy; nil without Keystone.
    public var ownerID: String? { record.ownerID ?? intent.projectID }
    public var imageID: String? { placement.imageID }
    public var failure: Failure? { tries.failure }

    /// Returns the id of the record at the target.
    ///
    /// - Throws: ``TranshipError/Code/unexpectedState`` if the transfer has none.
    public func recordID() throws(TranshipError) -> String {
        guard let imageID else {
            throw TranshipError(
                .unexpectedState, "\(source.displayName) has no record at the target")
        }
        return imageID
    }

    /// False if the row is damaged: it has numbers that no step of ours writes. ``OutsideNumber``
    /// allows all of ours, except ``Wait/dueAt``, which a run corrects when it starts.
    package var isPlausible: Bool {
        let counts: [Int?] = [
            placement.generation, tries.attempts, tries.surprises, tries.importFailures,
            wait.busy?.looks, wait.lostLooks, reading?.reopenings, reading?.restarts,
            source.minDiskGiB, source.minRAMMiB, record.minDiskGiB, record.minRAMMiB,
        ]
        let numbers: [Int64?] = [
            proof.sizeBytes, source.sizeBytes, reading?.readBytes, reading?.againBytes,
            reading?.savedBytes, reading?.furthestBytes, wait.busy?.since, wait.importSince,
            wait.importRequestedAt,
        ]
        return (counts.map { $0.map { Int64($0) } } + numbers)
            .allSatisfy { $0.map(OutsideNumber.range.contains) ?? true }
    }

    /// Goes to another state.
    ///
    /// - Precondition: ``TransferState/successors`` allows it. A wrong state is always an error in
    ///   our code, never caused by a service.
    public mutating func move(to next: TransferState) {
        precondition(
            next == state || state.successors.contains(next),
            "a transfer cannot go from \(state.rawValue) to \(next.rawValue)")
        enter(next)
    }

    /// Returns the transfer after ``move(to:)``.
    public func moved(to next: TransferState) -> Transfer {
        var copy = self
        copy.move(to: next)
        return copy
    }

    private mutating func enter(_ next: TransferState) {
        state = next
        wait.end(keepsImport: next == .importing)
        if next != .failed { tries.failure = nil }
        left = nil
        sameData = nil
    }

    /// Ends the transfer with an error.
    ///
    /// - Precondition: the state is not final.
    public mutating func fail(_ error: TranshipError) {
        move(to: .failed)
        tries.failure = Failure(error)
        // The image was not copied, so the remark would be false.
        remarks.removeAll { if case .copiedAsIs = $0 { true } else { false } }
    }

    /// Ends the transfer with a proved copy that could not be published as planned.
    ///
    /// - Parameter copy: the fields of the copy that others see now; nil if no answer shows them.
    /// - Precondition: the copy is being published or copied into further stores.
    public mutating func leaveUnpublished(_ error: TranshipError, as copy: LeftCopy? = nil) {
        move(to: .unpublished)
        tries.failure = Failure(error)
        left = copy
    }

    /// Ends the transfer without a copy, because the target already has a version with this data.
    ///
    /// - Parameter proof: the proof of the copy that was made and discarded.
    /// - Precondition: the transfer starts over, because its record is gone.
    public mutating func end(asSameDataAs version: CurrentVersion, proof: Proof) {
        self.proof = proof
        move(to: .skipped)
        sameData = version
        remark(.nothingNew(imageID: version.imageID))
    }

    /// The size of the data, as far as the source has reported it; nil if it has not.
    public var sizeBytes: Int64? { proof.sizeBytes ?? source.sizeBytes }

    /// True when the source broke twice and could not go on where it broke.
    public var isSourceFlaky: Bool { reading?.restarts ?? 0 >= 2 }

    /// True when the transfer's record has the source image's own id. Tranship never deletes such a
    /// record, since the id would be lost: it fills the record again.
    public var holdsKeptID: Bool {
        record.keptID != nil && imageID != nil && imageID == source.imageID
    }

    /// Moves to `registered`, so that the data is sent into the record that the transfer has. Does
    /// nothing in that state.
    public mutating func register() {
        if state != .registered { move(to: .registered) }
    }

    /// Forgets the target's record, whose id can never be used again, and starts over under the
    /// next derived id. A kept id stays.
    ///
    /// - Parameter wasThere: false if there was no record. The id may be unused, so it is tried
    ///   again: otherwise two hosts could end with one copy under that id and one under the next
    ///   id. The service refuses an id that was deleted.
    public mutating func abandonRecord(wasThere: Bool = true) {
        if !holdsKeptID {
            if wasThere { placement.generation += 1 }
            placement.imageID = nil
        }
        startOver()
    }

    /// Starts over under a derived id, since the source's id is not available.
    ///
    /// - Parameter reason: the reason for the report.
    public mutating func giveUpKeptID(_ reason: String) {
        if let id = imageID { remark(.keptIDGivenUp(imageID: id, reason: reason)) }
        placement.takeNextID()
        startOver()
    }

    /// Goes on after the source's id turned out to be unavailable at the target. The record that
    /// has the id stays: deleting it would lose the id for ever.
    ///
    /// - Parameter reason: the reason for the report or the error.
    /// - Returns: the transfer under the next derived id, if the id is only preferred.
    /// - Throws: ``TranshipError/Code/idBlocked`` if it is required.
    public func withoutKeptID(_ reason: String) throws(TranshipError) -> Transfer {
        guard record.keptID == .preferred else {
            throw TranshipError(
                .idBlocked, "id \(imageID ?? "?") cannot be had at the target: \(reason)",
                hint: "set keep_id: prefer, then the copy gets another id; nothing was deleted")
        }
        var transfer = self
        transfer.giveUpKeptID(reason)
        return transfer
    }

    /// Returns the transfer in `verifying`, because the target holds all data. If this journal did
    /// not send that data, the image counts as adopted.
    public func foundWhole() -> Transfer {
        var copy = self
        if !copy.placement.isFilledByUs { copy.placement.adoptContents() }
        if copy.state != .verifying { copy.move(to: .verifying) }
        return copy
    }

    /// Returns the seconds for which a record may be busy with a body or an import of another host
    /// before that host counts as dead: an hour, and the time that the image takes at 1 MiB/s. The
    /// service does not report the progress of a body.
    ///
    /// - Parameter sizeBytes: the size of the image; nil if it is unknown.
    public static func othersPatienceSeconds(sizeBytes: Int64?) -> Int64 {
        3600 + max(0, sizeBytes ?? 0) / (1 << 20)
    }

    private mutating func startOver() {
        placement.clearContents()
        placement.isCopying = false
        placement.heldStores = []
        proof.computed = []
        proof.reported = []
        // The next record gets its fields when it is created, so it has no earlier ones.
        intent.record.updatedFrom = nil
        enter(.planned)
    }
}

// MARK: Entries

/// The functions by which planning sets the first state of a run.
extension Transfer {
    /// Starts without a record at the target.
    ///
    /// - Parameter generation: the generation of the first derived id that is not known to be
    ///   burned.
    public static func fresh(
        _ intent: Intent, promised: Checksum?, generation: Int = 0
    ) -> Transfer {
        Transfer(
            intent, state: .planned, placement: Placement(generation: generation),
            proof: Proof(promised: promised, sizeBytes: intent.source.sizeBytes))
    }

    /// Continues with an unfinished record that this journal does not know.
    public static func continued(
        _ intent: Intent, promised: Checksum?, imageID: String
    ) -> Transfer {
        var transfer = fresh(intent, promised: promised)
        transfer.placement.imageID = imageID
        transfer.enter(.registered)
        return transfer
    }

    /// Skips an image that was at the target before this journal knew of it.
    ///
    /// - Parameter sizeBytes: the size that the target reports; with nil, the source's size stays.
    public static func alreadyThere(
        _ intent: Intent, promised: Checksum?, imageID: String, generation: Int = 0,
        sizeBytes: Int64? = nil
    ) -> Transfer {
        var transfer = fresh(intent, promised: promised)
        transfer.placement = Placement(
            generation: generation, imageID: imageID, contents: .adopted)
        transfer.proof.sizeBytes = sizeBytes ?? transfer.proof.sizeBytes
        transfer.enter(.skipped)
        return transfer
    }

    /// Proves and publishes a complete copy that this journal does not know.
    ///
    /// - Parameter sizeBytes: the size that the target reports.
    public static func adopted(
        _ intent: Intent, promised: Checksum?, imageID: String, generation: Int,
        sizeBytes: Int64?
    ) -> Transfer {
        var transfer = alreadyThere(
            intent, promised: promised, imageID: imageID, generation: generation)
        transfer.proof.sizeBytes = sizeBytes
        transfer.enter(.verifying)
        return transfer
    }

    /// Publishes a proved copy with the record of the new plan.
    public func republished(as record: PlannedRecord) -> Transfer {
        var copy = self
        copy.enter(.publishing)
        copy.intent.record = afterRefusal(record)
        return copy.renewed()
    }

    /// Returns the record of a plan. If the copy was left unpublished, the record also has the
    /// fields that we gave the copy, so that these do not count as edits, and the images that are
    /// still to be hidden.
    private func afterRefusal(_ record: PlannedRecord) -> PlannedRecord {
        guard state == .unpublished else { return record }
        var next = record
        next.replaces = record.replaces ?? self.record.replaces
        next.updatedFrom = self.record.updatedFrom
        if next.updatedFrom == nil, next.fields != self.record.fields {
            next.updatedFrom = fields(before: next)
        }
        return next
    }

    /// Returns the fields that we gave the copy. In a series, they have the name with which the
    /// copy was made only if the pipeline now gives another name.
    private func fields(before next: PlannedRecord) -> RecordFields {
        var fields = record.fields
        if record.currentName != nil, next.shownName != record.currentName {
            fields.name = record.name
        }
        return fields
    }

    /// Gives a published copy the fields that its source has now. A name that the series gave it
    /// stays if the pipeline still gives the current version the same name.
    ///
    /// - Parameter name: the present name of the image at the target.
    public func updated(to record: PlannedRecord, named name: String? = nil) -> Transfer {
        var next = record
        var former = self.record.fields
        if next.currentName == nil, let current = self.record.currentName {
            if next.name == current {
                (next.name, next.currentName) = (self.record.name, current)
            } else {
                former.name = name == self.record.name ? name : current
            }
        }
        var copy = republished(as: next)
        former.wasPublished = state != .unpublished
        copy.intent.record.updatedFrom = self.record.updatedFrom ?? former
        return copy
    }

    /// Continues an unfinished transfer with the fields that the pipeline and the source give now:
    /// they may have changed since. If the transfer has a record, the fields that only a new record
    /// can get stay as they were.
    ///
    /// - Parameter datesCount: as for ``RecordFields/differing(from:datesCount:)``.
    public func continued(as record: PlannedRecord, datesCount: Bool) -> Transfer {
        var copy = renewed()
        var next = record
        let former = self.record
        if !next.fields.differing(from: former.fields, datesCount: datesCount).contains("name") {
            next.name = former.name
        }
        if imageID != nil {
            next.diskFormat = former.diskFormat
            next.containerFormat = former.containerFormat
            next.keptID = former.keptID
            next.ownerID = former.ownerID
            next.stores = former.stores
            next.replaces = former.replaces
            next.updatedFrom = former.updatedFrom
            if next.fields != former.fields, next.updatedFrom == nil {
                next.updatedFrom = fields(before: next)
            }
        }
        copy.intent.record = next
        return copy
    }

    /// Compares a proved copy once more, after which it is copied into the stores that the plan
    /// wants now. The copy stays even if the comparison fails.
    public func spread(as record: PlannedRecord, imageID: String) -> Transfer {
        var copy = self
        copy.placement.imageID = imageID
        copy.placement.adoptContents()
        copy.intent.record = afterRefusal(record)
        copy.enter(.verifying)
        return copy.renewed()
    }

    /// Takes the method of a new plan if the pipeline names that method, or named the old one. A
    /// method that Tranship chose stays: others may have failed before it.
    public mutating func takeMethod(of planned: Intent) {
        guard [planned, intent].contains(where: { $0.methodReason?.isNamedByPipeline == true })
        else { return }
        intent.method = planned.method
        intent.methodReason = planned.methodReason
        intent.fallbacks = planned.fallbacks
    }

    /// Tries a failed transfer again. If it has a record, it looks at the record first.
    public func retried() -> Transfer {
        var copy = self
        copy.enter(imageID == nil ? .planned : .registered)
        return copy.renewed()
    }

    /// Compares a complete image at the target that is unfinished according to the journal. A run
    /// that this journal lost may have published it, so it counts as adopted. A transfer in
    /// `publishing` goes on publishing.
    public func takenUp(sizeBytes: Int64?) -> Transfer {
        var copy = self
        copy.proof.sizeBytes = proof.sizeBytes ?? sizeBytes
        copy.placement.adoptContents()
        if state != .publishing { copy.enter(.verifying) }
        return copy
    }

    /// Ends the transfer as done: the target reports the promised data, published as planned.
    public func foundDone(_ proofs: [Checksum], heldStores: [String]) -> Transfer {
        var copy = self
        copy.proof.reported = proofs
        copy.noteUnconverted()
        copy.placement.heldStores = heldStores
        copy.enter(.done)
        return copy
    }

    /// Returns the transfer with all tries of a new run.
    public func renewed() -> Transfer {
        var copy = self
        copy.tries.attempts = 0
        copy.tries.surprises = 0
        copy.tries.importFailures = 0
        copy.wait.dueAt = nil
        return copy
    }

    /// As ``renewed()``, for a copy that is not at the target any more. Reading the data once more
    /// then does not count as reading bytes again.
    public func madeAgain() -> Transfer {
        var copy = renewed()
        copy.reading?.furthestBytes = 0
        return copy
    }
}
