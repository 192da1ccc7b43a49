// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One image on its way to one target: a row of the journal.
///
/// A value. Stages receive it, change their copy and hand it back; the pipeline
/// commits it. ``move(to:)`` is the only way to another state.
public struct Transfer: Codable, Hashable, Sendable, Identifiable {
    /// The journal's row; 0 until it is stored.
    public var id: Int64
    /// The pipeline's target that it goes to: see `targets` in the file.
    public var targetKey: String
    public var source: SourceImage
    public var record: PlannedRecord
    public var method: UploadMethod
    public var origin: Origin

    public private(set) var state: TransferState

    /// Which image id of the derived sequence is in use, from 0. Grows when an
    /// id is burned: the service never gives out an id twice.
    public var generation: Int
    /// The image at the target, from the moment it is intended.
    public var imageID: String?

    /// Bytes, from the moment the source has told them.
    public var sizeBytes: Int64?
    /// What the bytes must hash to. Nil when nobody promised anything.
    public var promise: Checksum?
    /// What the bytes that we sent did hash to.
    public var computed: [Checksum]
    /// What the target reported of them.
    public var reported: [Checksum]
    /// Project ids that the image is shared with at the source.
    public var members: [String]

    /// Failed tries in this run.
    public var attempts: Int
    /// How often in this run the target's record was in an unexpected state, or
    /// spooled data was not as it had been written.
    public var surprises: Int?
    /// When the next try or look is due, in milliseconds since 1970; nil is now.
    public var dueAt: Int64?
    /// Why it waits, or what a person should know of how it ended.
    public var note: String?
    public var failure: Failure?
    /// Why this method.
    public var methodReason: PlanReason?
    /// What to use when the method fails, best first.
    public var fallbacks: [UploadMethod] = []
    /// When the service accepted to import, in milliseconds since 1970.
    public var importAskedAt: Int64?
    /// Imports of this transfer that failed, in all generations.
    public var importFailures = 0
    /// True while a proved image is copied into further stores.
    public var isCopying = false
    /// The stores that hold the data, as the target last told.
    public var heldStores: [String] = []
    /// What the report says beside the state: conversions, stores that failed.
    public var remarks: [String] = []
    /// True when the record's data is, or may be, what this journal sent or asked
    /// the service for: from before the first byte until the record is seen
    /// empty. Another host derives the same id and may fill the same record.
    public var isFilledByUs: Bool?
    /// Looks at a record that was still busy with an earlier, broken body.
    public var busyLooks: Int?
    /// When the record was first seen busy as it is, in milliseconds since 1970.
    public var busySince: Int64?
    /// What the service then told of the record's last change.
    public var busyVersion: String?
    /// When the wait for an import began, in milliseconds since 1970.
    public var waitStartedAt: Int64?
    /// True when the data is read into the spool first and sent from there.
    public var spools: Bool?
    /// Why, or why not.
    public var wayReason: PlanReason?
    /// What was read from the source so far; nil before the first byte.
    public var reading: SourceReading?
    /// True when the image stood at the target with its data before this journal
    /// knew of it. It may have been published long ago, so it is never discarded.
    public var isAdopted: Bool?

    /// An error as the journal keeps it.
    public struct Failure: Codable, Hashable, Sendable {
        public var code: TranshipError.Code
        public var message: String
        public var hint: String?
        public var isTransient: Bool

        public init(_ error: TranshipError) {
            code = error.code
            message = error.message
            hint = error.hint
            isTransient = error.isTransient
        }
    }

    public init(
        id: Int64 = 0, targetKey: String, source: SourceImage, record: PlannedRecord,
        method: UploadMethod, origin: Origin, state: TransferState = .planned, generation: Int = 0,
        imageID: String? = nil, sizeBytes: Int64? = nil, promise: Checksum? = nil,
        computed: [Checksum] = [], reported: [Checksum] = [], members: [String] = [],
        attempts: Int = 0, dueAt: Int64? = nil, note: String? = nil, failure: Failure? = nil
    ) {
        self.id = id
        self.targetKey = targetKey
        self.source = source
        self.record = record
        self.method = method
        self.origin = origin
        self.state = state
        self.generation = generation
        self.imageID = imageID
        self.sizeBytes = sizeBytes
        self.promise = promise
        self.computed = computed
        self.reported = reported
        self.members = members
        self.attempts = attempts
        self.dueAt = dueAt
        self.note = note
        self.failure = failure
        if [.sending, .importing, .verifying, .publishing].contains(state) { isFilledByUs = true }
    }

    /// Goes to another state.
    ///
    /// - Precondition: ``TransferState/successors`` allows it. A transfer that
    ///   is in the wrong state is our mistake, never the world's.
    public mutating func move(to next: TransferState) {
        precondition(
            next == state || state.successors.contains(next),
            "a transfer cannot go from \(state.rawValue) to \(next.rawValue)")
        state = next
        dueAt = nil
        note = nil
        isNotBusy()
        if next == .sending || next == .importing { isFilledByUs = true }
        if next != .importing {
            waitStartedAt = nil
            importAskedAt = nil
        }
        if next != .failed { failure = nil }
    }

    /// True when the source broke twice and could not go on where it broke.
    public var isSourceFlaky: Bool { reading?.restarts ?? 0 >= 2 }

    /// The same, as an expression.
    public func moved(to next: TransferState) -> Transfer {
        var copy = self
        copy.move(to: next)
        return copy
    }

    /// True when its record has the source image's own id. Such a record is
    /// never deleted, since its id would be lost with it: it is filled again.
    public var holdsKeptID: Bool {
        record.keptID != nil && imageID != nil && imageID == source.imageID
    }

    /// Forgets the target's record, whose id can never be used again, and
    /// starts over under the next one; under the same one if it is a kept id.
    ///
    /// - Parameter wasThere: false where there was no record. Its id may never
    ///   have been given out, so it is tried again: whoever leaves a free id to
    ///   others ends with one copy under that and one under the next. An id that
    ///   was deleted is refused.
    public mutating func abandonRecord(wasThere: Bool = true) {
        if !holdsKeptID {
            if wasThere { generation += 1 }
            imageID = nil
        }
        startOver()
    }

    /// Takes a derived id, since the kept one cannot be had.
    ///
    /// - Parameter reason: goes to the report, beside both ids.
    public mutating func giveUpKeptID(_ reason: String) {
        if let id = imageID { remarks.append("id \(id) could not be kept: \(reason)") }
        generation += 1
        imageID = nil
        startOver()
    }

    /// What follows when the source's id cannot be had at the target. Whatever
    /// record has it stays: a deleted one would take the id with it for ever.
    ///
    /// - Parameter reason: goes to the report or the error, beside the id.
    /// - Returns: the transfer under the next derived id, where the id is only preferred.
    /// - Throws: ``TranshipError/Code/idBlocked`` where it is required.
    public func withoutKeptID(_ reason: String) throws(TranshipError) -> Transfer {
        guard record.keptID == .preferred else {
            throw TranshipError(
                .idBlocked, "id \(imageID ?? "?") cannot be had at the target: \(reason)",
                hint: "nothing was deleted; with keep_id: prefer the copy gets another id")
        }
        var transfer = self
        transfer.giveUpKeptID(reason)
        return transfer
    }

    /// Its record is there and empty, or is not there: nobody's data is in it.
    public mutating func isEmptyNow() {
        isFilledByUs = nil
        isAdopted = nil
    }

    /// Its record was found busy.
    ///
    /// - Parameters:
    ///   - version: what the service tells of the record's last change; another
    ///     one than before is another body.
    ///   - now: milliseconds since 1970.
    public mutating func isBusy(_ version: String?, now: Int64) {
        if busySince == nil || busyVersion != version {
            if busySince != nil { isFilledByUs = nil }
            isNotBusy()
            busySince = now
            busyVersion = version
        }
        busyLooks = (busyLooks ?? 0) + 1
    }

    private mutating func isNotBusy() {
        busyLooks = nil
        busySince = nil
        busyVersion = nil
    }

    /// The target holds all of it, and it is compared next. What this journal
    /// did not put there is adopted.
    public func foundWhole() -> Transfer {
        var copy = self
        if copy.isFilledByUs != true { copy.isAdopted = true }
        if copy.state != .verifying { copy.move(to: .verifying) }
        return copy
    }

    /// How long a record may be busy with a body or an import of another host
    /// before that counts as dead, in seconds: an hour, and as long as 1 MiB/s
    /// takes. The service tells nothing of how far a body has come.
    ///
    /// - Parameter sizeBytes: of the image; nil where nobody knows.
    public static func othersPatienceSeconds(sizeBytes: Int64?) -> Int64 {
        3600 + (sizeBytes ?? 0) / (1 << 20)
    }

    private mutating func startOver() {
        isEmptyNow()
        computed = []
        reported = []
        isCopying = false
        heldStores = []
        move(to: .planned)
    }
}

/// What marks an image at a target as a copy of ours: two UUIDs, no URL and no
/// name, written as the property `tranship_origin`.
///
/// The marker finds copies when the journal is lost. It alone gives no right to
/// delete anything: anybody who may write properties can forge it.
public struct Origin: Codable, Hashable, Sendable {
    /// The property that carries it at the target.
    public static let propertyName = "tranship_origin"

    /// Shared by all versions of one image.
    public var lineageID: String
    /// Of this version, at this target's project.
    public var versionID: String

    public init(lineageID: String, versionID: String) {
        self.lineageID = lineageID
        self.versionID = versionID
    }

    public var propertyValue: String { "\(lineageID)/\(versionID)" }
}
