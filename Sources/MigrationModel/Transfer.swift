// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One image on its way to one target: a row of the journal.
///
/// A value. Stages receive it, change their copy and return it; the pipeline
/// commits it. Within a run ``move(to:)`` is the only way to another state.
/// Planning enters the machine by the named entries, such as
/// ``fresh(_:promised:generation:)`` and ``republished(as:)``.
public struct Transfer: Codable, Hashable, Sendable, Identifiable {
    /// The journal's row; 0 until it is stored.
    public var id: Int64 = 0
    public var intent: Intent
    public private(set) var state: TransferState
    public var placement: Placement
    public var proof: Proof
    public var wait = Wait()
    public var tries = Tries()
    /// What was read from the source so far; nil before the first byte.
    public var reading: SourceReading?
    /// Project ids that the image is shared with at the source.
    public var members: [String] = []
    /// How members answered the offer at the source, by project id: `accepted`, `rejected`.
    public var memberAnswers: [String: String]?
    /// What the report says beside the state: conversions, stores that failed.
    public var remarks: [Note] = []
    /// How a refused publication left the copy; nil in every other state, and if publishing was not
    /// refused but given up.
    public private(set) var left: LeftCopy?
    /// The version whose data this one turned out to have, so that no copy was left of it; nil in
    /// every other case.
    public private(set) var sameData: CurrentVersion?

    /// Adds a remark, unless it is there.
    public mutating func remark(_ note: Note) {
        if !remarks.contains(note) { remarks.append(note) }
    }

    /// Adds a remark instead of the earlier one on the same matter, so that they do not pile up
    /// over the runs.
    public mutating func remarkAnew(_ note: Note) {
        forgetRemarks(like: note)
        remarks.append(note)
    }

    /// Removes the remarks on the same matter.
    public mutating func forgetRemarks(like note: Note) {
        remarks.removeAll { $0.code == note.code }
    }

    /// A transfer in any state, as tests and the journal need it.
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

    /// The target that has the copy of an image which the record names, by that image's source key.
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

    /// - Throws: ``TranshipError/Code/unexpectedState`` without a record.
    public func recordID() throws(TranshipError) -> String {
        guard let imageID else {
            throw TranshipError(
                .unexpectedState, "\(source.displayName) has no record at the target")
        }
        return imageID
    }

    /// False for numbers that no step of ours writes: a damaged row. All are behind the door of
    /// ``OutsideNumber``, except ``Wait/dueAt``, which a run corrects when it starts.
    package var isPlausible: Bool {
        let counts: [Int?] = [
            placement.generation, tries.attempts, tries.surprises, tries.importFailures,
            wait.busy?.looks, reading?.reopenings, reading?.restarts, source.minDiskGiB,
            source.minRAMMiB, record.minDiskGiB, record.minRAMMiB,
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
    /// - Precondition: ``TransferState/successors`` allows it. A transfer that
    ///   is in the wrong state is our mistake, never the world's.
    public mutating func move(to next: TransferState) {
        precondition(
            next == state || state.successors.contains(next),
            "a transfer cannot go from \(state.rawValue) to \(next.rawValue)")
        enter(next)
    }

    /// The same, as an expression.
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

    /// Ends it with an error.
    ///
    /// - Precondition: the state is not final.
    public mutating func fail(_ error: TranshipError) {
        move(to: .failed)
        tries.failure = Failure(error)
        // Nothing was copied.
        remarks.removeAll { if case .copiedAsIs = $0 { true } else { false } }
    }

    /// Ends it proved and not published as planned: a last step is missing.
    ///
    /// - Parameter copy: what others see of it now; nil if no answer says that.
    /// - Precondition: it is being published or copied into further stores.
    public mutating func leaveUnpublished(_ error: TranshipError, as copy: LeftCopy? = nil) {
        move(to: .unpublished)
        tries.failure = Failure(error)
        left = copy
    }

    /// Ends it without a copy: its data is that of a version that the target has.
    ///
    /// - Parameter proof: of the copy that was made and discarded.
    /// - Precondition: it starts over, because its record is gone.
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

    /// True when its record has the source image's own id. Tranship never deletes
    /// such a record, since its id would be lost with it: it fills it again.
    public var holdsKeptID: Bool {
        record.keptID != nil && imageID != nil && imageID == source.imageID
    }

    /// Sends the data into the record that the transfer has: it moves to
    /// `registered` if it is not there already. What it waited for is over.
    public mutating func register() {
        if state != .registered { move(to: .registered) }
    }

    /// Forgets the target's record, whose id can never be used again, and
    /// starts over under the next one; under the same one if it is a kept id.
    ///
    /// - Parameter wasThere: false if there was no record. Its id may never
    ///   have been given out, so it is tried again: two hosts would otherwise end
    ///   with one copy under that id and one under the next. The service refuses an
    ///   id that was deleted.
    public mutating func abandonRecord(wasThere: Bool = true) {
        if !holdsKeptID {
            if wasThere { placement.generation += 1 }
            placement.imageID = nil
        }
        startOver()
    }

    /// Takes a derived id, since the kept one cannot be had.
    ///
    /// - Parameter reason: goes to the report, beside both ids.
    public mutating func giveUpKeptID(_ reason: String) {
        if let id = imageID { remark(.keptIDGivenUp(imageID: id, reason: reason)) }
        placement.takeNextID()
        startOver()
    }

    /// What follows when the source's id cannot be had at the target. The record
    /// that has the id stays: deleting it would lose the id for ever.
    ///
    /// - Parameter reason: goes to the report or the error, beside the id.
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

    /// The target holds all of it, and it is compared next. What this journal
    /// did not put there is adopted.
    public func foundWhole() -> Transfer {
        var copy = self
        if !copy.placement.isFilledByUs { copy.placement.adoptContents() }
        if copy.state != .verifying { copy.move(to: .verifying) }
        return copy
    }

    /// How long a record may be busy with a body or an import of another host
    /// before that counts as dead, in seconds: an hour, and as long as 1 MiB/s
    /// takes. The service does not report how far a body has come.
    ///
    /// - Parameter sizeBytes: of the image; nil if it is unknown.
    public static func othersPatienceSeconds(sizeBytes: Int64?) -> Int64 {
        3600 + max(0, sizeBytes ?? 0) / (1 << 20)
    }

    private mutating func startOver() {
        placement.clearContents()
        placement.isCopying = false
        placement.heldStores = []
        proof.computed = []
        proof.reported = []
        enter(.planned)
    }
}

// MARK: Entries

/// How planning enters the machine.
extension Transfer {
    /// Starts from nothing.
    ///
    /// - Parameter generation: of the first derived id that is not known to be burned.
    public static func fresh(
        _ intent: Intent, promised: Checksum?, generation: Int = 0
    ) -> Transfer {
        Transfer(
            intent, state: .planned, placement: Placement(generation: generation),
            proof: Proof(promised: promised, sizeBytes: intent.source.sizeBytes))
    }

    /// Goes on with an unfinished record that this journal does not know.
    public static func continued(
        _ intent: Intent, promised: Checksum?, imageID: String
    ) -> Transfer {
        var transfer = fresh(intent, promised: promised)
        transfer.placement.imageID = imageID
        transfer.enter(.registered)
        return transfer
    }

    /// Has nothing to do: the image was at the target before this journal knew of it.
    ///
    /// - Parameter sizeBytes: as the target reports it; nil keeps the source's.
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
    /// - Parameter sizeBytes: as the target reports it.
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

    /// Publishes a proved copy, as the plan wants it now.
    public func republished(as record: PlannedRecord) -> Transfer {
        var copy = self
        copy.enter(.publishing)
        copy.intent.record = afterRefusal(record)
        return copy.renewed()
    }

    /// The record of a plan, for a copy that may have been left unpublished: then it knows the fields
    /// that the copy has of us, so that these do not count as edits.
    private func afterRefusal(_ record: PlannedRecord) -> PlannedRecord {
        guard state == .unpublished else { return record }
        var next = record
        next.updatedFrom = self.record.updatedFrom
        if next.updatedFrom == nil, next.fields != self.record.fields {
            next.updatedFrom = fields(before: next)
        }
        return next
    }

    /// What the copy has of us. Its series gave it the name that it was made under, which counts only
    /// if the pipeline gives another one now.
    private func fields(before next: PlannedRecord) -> RecordFields {
        var fields = record.fields
        if record.currentName != nil, next.shownName != record.currentName {
            fields.name = record.name
        }
        return fields
    }

    /// Gives a published copy the fields that its source has now. A name that the series has given
    /// stays if the pipeline still gives the same one to the current version.
    ///
    /// - Parameter name: what the image at the target is called now.
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

    /// Goes on with what was begun, and ends with the fields that the pipeline and the source give
    /// now: they may have changed since. What only a new record could have stays as it was begun.
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

    /// Compares a proved copy once more, which brings it into the stores that the
    /// plan wants now. Whatever that finds, the copy stays.
    public func spread(as record: PlannedRecord, imageID: String) -> Transfer {
        var copy = self
        copy.placement.imageID = imageID
        copy.placement.adoptContents()
        copy.intent.record = afterRefusal(record)
        copy.enter(.verifying)
        return copy.renewed()
    }

    /// Takes the method of a new plan if the pipeline names one now, or named the one before. A
    /// method that was found by itself stays: it may be what was left after others had failed.
    public mutating func takeMethod(of planned: Intent) {
        guard [planned, intent].contains(where: { $0.methodReason?.isNamedByPipeline == true })
        else { return }
        intent.method = planned.method
        intent.methodReason = planned.methodReason
        intent.fallbacks = planned.fallbacks
    }

    /// Tries again what failed: it looks at the record first, if there is one.
    public func retried() -> Transfer {
        var copy = self
        copy.enter(imageID == nil ? .planned : .registered)
        return copy.renewed()
    }

    /// Compares a complete image at the target that the journal believes to be
    /// unfinished. It may have been published by a run that this journal lost, so
    /// it is adopted. One that is being published goes on with that.
    public func takenUp(sizeBytes: Int64?) -> Transfer {
        var copy = self
        copy.proof.sizeBytes = proof.sizeBytes ?? sizeBytes
        copy.placement.adoptContents()
        if state != .publishing { copy.enter(.verifying) }
        return copy
    }

    /// Needs nothing more: the target reports what was promised, published as planned.
    public func foundDone(_ proofs: [Checksum], heldStores: [String]) -> Transfer {
        var copy = self
        copy.proof.reported = proofs
        copy.noteUnconverted()
        copy.placement.heldStores = heldStores
        copy.enter(.done)
        return copy
    }

    /// The same with the tries of a new run before it.
    public func renewed() -> Transfer {
        var copy = self
        copy.tries.attempts = 0
        copy.tries.surprises = 0
        copy.tries.importFailures = 0
        copy.wait.dueAt = nil
        return copy
    }

    /// As ``renewed()``, for a copy that is not at the target any more: reading the data once more
    /// repeats nothing that failed.
    public func madeAgain() -> Transfer {
        var copy = renewed()
        copy.reading?.furthestBytes = 0
        return copy
    }
}
