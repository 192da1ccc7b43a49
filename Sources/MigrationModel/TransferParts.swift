// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The frozen part of a transfer's plan: the image, its target, its record and the method.
///
/// A run changes it only to fall back to another method or to the spool.
public struct Intent: Codable, Hashable, Sendable {
    /// The key of the target: see `targets` in the pipeline file.
    public var targetKey: String
    /// The project of the target's token, which owns the copy unless the record says otherwise; nil
    /// without Keystone.
    public var projectID: String?
    public var source: SourceImage {
        _read { yield boxedSource.value }
        set { boxedSource.value = newValue }
    }
    public var record: PlannedRecord {
        _read { yield boxedRecord.value }
        set { boxedRecord.value = newValue }
    }
    // Boxed, because they are most of a plan item's size, and plan items are copied often.
    private var boxedSource: Boxed<SourceImage>
    private var boxedRecord: Boxed<PlannedRecord>
    public var origin: Origin
    public var method: UploadMethod
    /// The reason for the method.
    public var methodReason: PlanReason?
    /// The methods to use when the first one fails, best first.
    public var fallbacks: [UploadMethod]
    /// True when the data is read into the spool first and sent from there.
    public var spools = false
    /// The reason for or against the spool.
    public var wayReason: PlanReason?
    /// The versions of the same series that the target has, the current one first; nil if there are
    /// none. A copy with the data of one of them is not new.
    public var known: [CurrentVersion]?

    public init(
        targetKey: String, source: SourceImage, record: PlannedRecord, origin: Origin,
        method: UploadMethod, methodReason: PlanReason? = nil, fallbacks: [UploadMethod] = []
    ) {
        self.targetKey = targetKey
        boxedSource = Boxed(source)
        boxedRecord = Boxed(record)
        self.origin = origin
        self.method = method
        self.methodReason = methodReason
        self.fallbacks = fallbacks
    }

    private enum CodingKeys: String, CodingKey {
        case targetKey, projectID, origin, method, methodReason, fallbacks, spools, wayReason
        case known
        case boxedSource = "source"
        case boxedRecord = "record"
    }
}

/// The place of the copy at the target, and the origin of the data in its record.
public struct Placement: Codable, Hashable, Sendable {
    /// The origin of the data in the record, as far as this journal knows. Another host derives
    /// the same id and may fill the same record.
    public enum Contents: String, Codable, CaseIterable, Sendable {
        /// The record has no data, or there is no record.
        case empty
        /// This journal sent the data or requested it from the service, or may have. Holds from
        /// before the first byte until the record is seen empty.
        case ours
        /// Another process fills the record.
        case anothers
        /// The image had its data before this journal knew of it. It may have been
        /// published long ago, so Tranship never discards it.
        case adopted
    }

    /// The number of the image id in the derived sequence, from 0. Grows when an id is burned: the
    /// service never gives out an id twice.
    public var generation = 0
    /// The id of the image at the target. It is set before the record is created.
    public var imageID: String?
    public private(set) var contents = Contents.empty
    /// The stores that hold the data, as the target last reported.
    public var heldStores: [String] = []
    /// True while the target copies a proved image into further stores.
    public var isCopying = false

    public init(generation: Int = 0, imageID: String? = nil, contents: Contents = .empty) {
        self.generation = generation
        self.imageID = imageID
        self.contents = contents
    }

    public var isAdopted: Bool { contents == .adopted }
    public var isFilledByUs: Bool { contents == .ours }

    /// Notes before the first byte that this journal fills the record, or requests that from the
    /// service. An adopted image stays adopted.
    public mutating func claimContents() {
        if contents != .adopted { contents = .ours }
    }

    /// Notes that another process fills the record. An adopted image stays adopted.
    public mutating func yieldContents() {
        if contents != .adopted { contents = .anothers }
    }

    /// Notes that the record is empty, or missing.
    public mutating func clearContents() { contents = .empty }

    /// Notes that the image was complete before this journal knew of it.
    public mutating func adoptContents() { contents = .adopted }

    /// Goes on to the next derived id, because this one is burned.
    public mutating func takeNextID() {
        generation += 1
        imageID = nil
    }
}

/// The fields of a copy that decide who sees it and whether it can be deleted.
public struct LeftCopy: Codable, Hashable, Sendable {
    public let visibility: ImageVisibility
    public let isHidden: Bool
    public let isProtected: Bool

    public init(visibility: ImageVisibility, isHidden: Bool, isProtected: Bool) {
        self.visibility = visibility
        self.isHidden = isHidden
        self.isProtected = isProtected
    }
}

/// The proof of a copy: the checksums from the source, from this process and from the target.
public struct Proof: Codable, Hashable, Sendable {
    /// The checksum that the source promised; nil if it promised none.
    public var promised: Checksum?
    /// The size of the image in bytes; nil until the source reports it.
    public var sizeBytes: Int64?
    /// The checksums of the bytes that this journal sent.
    public var computed: [Checksum] = []
    /// The checksums that the target reported.
    public var reported: [Checksum] = []
    /// The data that was read, if it was decompressed or converted before it was sent.
    public var published: PublishedProof?

    public init(promised: Checksum? = nil, sizeBytes: Int64? = nil) {
        self.promised = promised
        self.sizeBytes = sizeBytes
    }
}

/// The wait of a transfer. Times are milliseconds since 1970.
public struct Wait: Codable, Hashable, Sendable {
    /// The target's record while it is busy with a body that this process does
    /// not send.
    public struct Busy: Codable, Hashable, Sendable {
        /// The time at which the record was first seen busy with this body.
        public let since: Int64
        /// The record's last change, as the service reported it at that time.
        public let version: String?
        public var looks: Int

        public init(since: Int64, version: String?, looks: Int = 1) {
            self.since = since
            self.version = version
            self.looks = looks
        }
    }

    /// The time at which the next try or look is due; nil means now.
    public var dueAt: Int64?
    /// The reason for the wait, or a fact about the last step that an operator should know.
    public var cause: WaitReason?
    public var busy: Busy?
    /// The number of looks at a copy that the target did not show; nil for none.
    public var lostLooks: Int?
    /// The time at which the wait for an import began.
    public var importSince: Int64?
    /// The time at which the service accepted the import.
    public var importRequestedAt: Int64?

    public init() {}

    /// The cause in words.
    public var reason: String? { cause?.words }

    /// Counts a look at a busy record.
    ///
    /// - Parameters:
    ///   - version: the record's last change, as the service reports it. If it is not the same as
    ///     before, there is another body.
    ///   - now: milliseconds since 1970.
    /// - Returns: true if another body has replaced the one that was seen before.
    public mutating func noteBusy(_ version: String?, now: Int64) -> Bool {
        if let known = busy, known.version == version {
            busy?.looks = known.looks + 1
            return false
        }
        let isReplaced = busy != nil
        busy = Busy(since: now, version: version)
        return isReplaced
    }

    /// Forgets the wait of the state before.
    mutating func end(keepsImport: Bool) {
        dueAt = nil
        cause = nil
        busy = nil
        lostLooks = nil
        guard !keepsImport else { return }
        importSince = nil
        importRequestedAt = nil
    }
}

/// The failures so far.
public struct Tries: Codable, Hashable, Sendable {
    /// The number of failed tries in this run.
    public var attempts = 0
    /// The number of times in this run that the target's record was in an unexpected state, or that
    /// spooled data was not as it had been written.
    public var surprises = 0
    /// The number of failed imports of this transfer, in all generations.
    public var importFailures = 0
    public var failure: Transfer.Failure?

    public init() {}
}

extension Transfer {
    /// An error as the journal keeps it.
    public struct Failure: Codable, Hashable, Sendable {
        public var code: TranshipError.Code
        public var message: String
        public var hint: String?
        public var isTransient: Bool
        /// The service's words about a limit; nil for other failures.
        public var limitWords: String?

        public init(code: TranshipError.Code, message: String, hint: String?, isTransient: Bool) {
            self.code = code
            self.message = message
            self.hint = hint
            self.isTransient = isTransient
        }

        public init(_ error: TranshipError) {
            self.init(
                code: error.code, message: error.message, hint: error.hint,
                isTransient: error.isTransient)
            if error.code == .quotaExceeded { limitWords = error.answer?.message }
        }
    }
}

/// A limit in the words of the Image service: "… image properties. Attempted: 26, Maximum: 20".
public enum LimitWords {
    /// Returns the number after `Maximum:`; nil if there is none.
    public static func maximum(in words: String) -> Int? {
        let words = words.lowercased()
        guard let place = words.firstRange(of: "maximum: ") else { return nil }
        return Int(words[place.upperBound...].prefix { $0.isNumber })
    }
}
