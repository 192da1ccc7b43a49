// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What the plan froze: which image goes where, as what, and by which way.
///
/// A run changes it only to fall back to another method or to the spool.
public struct Intent: Codable, Hashable, Sendable {
    /// The pipeline's target: see `targets` in the file.
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
    // Most of the size of a plan's item, which passes through many hands.
    private var boxedSource: Boxed<SourceImage>
    private var boxedRecord: Boxed<PlannedRecord>
    public var origin: Origin
    public var method: UploadMethod
    /// Why this method.
    public var methodReason: PlanReason?
    /// What to use when the method fails, best first.
    public var fallbacks: [UploadMethod]
    /// True when the data is read into the spool first and sent from there.
    public var spools = false
    /// Why, or why not.
    public var wayReason: PlanReason?
    /// The versions of the same series at the target whose data is nothing new, the current one first;
    /// nil if there is none.
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

/// Where the copy is at the target, and whose data is in its record.
public struct Placement: Codable, Hashable, Sendable {
    /// Whose data is in the record, as far as this journal knows. Another host
    /// derives the same id and may fill the same record.
    public enum Contents: String, Codable, CaseIterable, Sendable {
        /// No data, or no record.
        case empty
        /// The data is, or may be, what this journal sent or asked the service
        /// for: from before the first byte until the record is seen empty.
        case ours
        /// Another process fills the record.
        case anothers
        /// The image had its data before this journal knew of it. It may have been
        /// published long ago, so Tranship never discards it.
        case adopted
    }

    /// Which image id of the derived sequence is in use, from 0. Grows when an
    /// id is burned: the service never gives out an id twice.
    public var generation = 0
    /// The image at the target, from the moment it is intended.
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

    /// This journal fills the record, or asks the service to: from before the
    /// first byte. An adopted image stays adopted.
    public mutating func claimContents() {
        if contents != .adopted { contents = .ours }
    }

    /// Another process fills the record. An adopted image stays adopted.
    public mutating func yieldContents() {
        if contents != .adopted { contents = .anothers }
    }

    /// The record is empty, or missing.
    public mutating func clearContents() { contents = .empty }

    /// The image was complete before this journal knew of it.
    public mutating func adoptContents() { contents = .adopted }

    /// The derived id is burned: the next one is tried.
    public mutating func takeNextID() {
        generation += 1
        imageID = nil
    }
}

/// What others see of a copy.
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

/// What proves the copy: both legs of the comparison.
public struct Proof: Codable, Hashable, Sendable {
    /// What the bytes must hash to; nil when the source promised nothing.
    public var promised: Checksum?
    /// Bytes of the image, from the moment the source reported them.
    public var sizeBytes: Int64?
    /// What the bytes hashed to that this journal sent.
    public var computed: [Checksum] = []
    /// What the target reported of them.
    public var reported: [Checksum] = []
    /// What was read, if that is not what was sent.
    public var published: PublishedProof?

    public init(promised: Checksum? = nil, sizeBytes: Int64? = nil) {
        self.promised = promised
        self.sizeBytes = sizeBytes
    }
}

/// What a transfer waits for, and since when. Times are milliseconds since 1970.
public struct Wait: Codable, Hashable, Sendable {
    /// The target's record while it is busy with a body that this process does
    /// not send.
    public struct Busy: Codable, Hashable, Sendable {
        /// When the record was first seen busy as it is.
        public let since: Int64
        /// What the service then reported as the record's last change.
        public let version: String?
        public var looks: Int

        public init(since: Int64, version: String?, looks: Int = 1) {
            self.since = since
            self.version = version
            self.looks = looks
        }
    }

    /// When the next try or look is due; nil is now.
    public var dueAt: Int64?
    /// Why it waits, or what an operator has to know about its last step.
    public var cause: WaitReason?
    public var busy: Busy?
    /// When the wait for an import began.
    public var importSince: Int64?
    /// When the service accepted the import.
    public var importRequestedAt: Int64?

    public init() {}

    /// The cause in words.
    public var reason: String? { cause?.words }

    /// Counts a look at a busy record.
    ///
    /// - Parameters:
    ///   - version: what the service reports as the record's last change; another
    ///     version than before is another body.
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

    /// Forgets what was true of the state before.
    mutating func end(keepsImport: Bool) {
        dueAt = nil
        cause = nil
        busy = nil
        guard !keepsImport else { return }
        importSince = nil
        importRequestedAt = nil
    }
}

/// What failed so far.
public struct Tries: Codable, Hashable, Sendable {
    /// Failed tries in this run.
    public var attempts = 0
    /// How often in this run the target's record was in an unexpected state, or
    /// spooled data was not as it had been written.
    public var surprises = 0
    /// Failed imports of this transfer, in all generations.
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
        /// What the service said of a limit; nil of other failures.
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
    /// The number after `Maximum:`; nil without one.
    public static func maximum(in words: String) -> Int? {
        let words = words.lowercased()
        guard let place = words.firstRange(of: "maximum: ") else { return nil }
        return Int(words[place.upperBound...].prefix { $0.isNumber })
    }
}
