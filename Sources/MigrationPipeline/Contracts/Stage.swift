// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import MigrationModel

/// The stages of the pipeline, by the names they have in messages and events.
public enum StageName: String, CaseIterable, Sendable {
    case read, verify, upload, wait, publish
}

/// What every stage promises.
///
/// A stage holds no state about an image. All that it needs arrives in the
/// transfer, all that must survive a crash leaves in it, and the pipeline
/// commits that before the next step starts. Conforming types must be:
///
/// - **Repeatable.** After a crash the same transfer comes again. A stage first
///   asks the world whether its work is already done.
/// - **Non-blocking.** Its functions are called on the stage's concurrent
///   queue. Work that blocks is awaited on a serial queue of its own.
/// - **Prompt to stop.** Cancellation reaches the socket within a second and
///   ends in ``TranshipError/Code/interrupted``.
/// - **Without retries.** It says whether a failure may pass
///   (``TranshipError/isTransient``); the pipeline decides what follows.
public protocol Stage: Sendable {
    static var name: StageName { get }
}

/// Stage *read*: an image at a source becomes a bounded stream of bytes.
public protocol SourceReader: Stage {
    /// Opens the image data and writes all of it into the ring, or all from a
    /// byte on.
    ///
    /// Tells ``ReadingEvent/opened(_:)`` once, before the first byte, with what
    /// the source says of the data now. Returns when the last byte is written
    /// and the source has proved to be complete: a body that ends early or goes
    /// on too long is ``TranshipError/Code/sourceTruncated``, other data than
    /// was planned ``TranshipError/Code/sourceChanged``. A source that drops is
    /// opened again where it dropped, if it can prove that the rest belongs to
    /// what was written before. Neither finishes nor fails the ring.
    ///
    /// - Parameter point: where to go on; nil is the first byte.
    /// - Throws: ``TranshipError/Code/rangeNotSatisfiable`` when the source
    ///   does not prove that it goes on at that point, or at one where it was
    ///   opened again and bytes of a wrong part were written.
    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError)

    /// Looks at the source without reading it, for methods by which the service
    /// reads it itself.
    ///
    /// - Throws: ``TranshipError/Code/sourceChanged`` as ``read(_:from:into:tell:)``.
    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts
}

/// What happens while a source is read.
public enum ReadingEvent: Sendable {
    /// It has answered.
    case opened(SourceFacts)
    /// It dropped, and will be opened again at this byte.
    case dropped(atByte: Int64, TranshipError)
    /// It goes on at this byte, and has proved that it does.
    case reopened(atByte: Int64)
    /// It dropped at this byte and cannot go on there, for this reason.
    case cannotGoOn(atByte: Int64, reason: String)
}

/// What a source says of image data when it is opened.
public struct SourceFacts: Sendable, Hashable {
    /// Of the whole; nil when the source does not know before the end.
    public var sizeBytes: Int64?
    /// Project ids that the image is shared with at the source.
    public var members: [String]
    /// Nil when a reading that breaks cannot go on where it broke.
    public var version: SourceVersion?

    public init(sizeBytes: Int64?, members: [String] = [], version: SourceVersion? = nil) {
        self.sizeBytes = sizeBytes
        self.members = members
        self.version = version
    }
}

/// Stage *verify*: are these the bytes that were promised?
///
/// It proves two legs. While the body is sent it hashes what was read; in the
/// state `verifying` it compares that with what the target reports.
public protocol ChecksumVerifier: Stage {
    /// Starts to hash: the promise's algorithm and the one that the target will
    /// report, each on its own, in one pass.
    func begin(
        _ transfer: Transfer, reportedAlgorithm: Checksum.Algorithm
    ) throws(TranshipError) -> any RunningVerification

    /// Compares what the target reports with what was sent and promised.
    func compare(_ transfer: Transfer, with report: TargetReport) -> Verdict
}

/// Digests over one pass of image data.
public protocol RunningVerification: Sendable {
    /// To be given to the ring.
    var observers: [ByteRing.Observer] { get }

    /// Ends the digests and compares them with the promise.
    ///
    /// - Throws: ``TranshipError/Code/checksumMismatch`` with both values, or
    ///   ``TranshipError/Code/sourceTruncated`` when the promised size differs.
    func judge(totalBytes: Int64) throws(TranshipError) -> [Checksum]
}

/// What a target says of the image data that it holds.
public struct TargetReport: Sendable, Hashable {
    public var status: ImageStatus
    public var sizeBytes: Int64?
    public var checksums: [Checksum]
    public var diskFormat: String?
    /// The stores that hold the data.
    public var stores: [String]
    /// Stores that the plan wants and that do not hold it.
    public var missingStores: [String]

    public init(
        status: ImageStatus, sizeBytes: Int64?, checksums: [Checksum], diskFormat: String?,
        stores: [String] = [], missingStores: [String] = []
    ) {
        self.status = status
        self.sizeBytes = sizeBytes
        self.checksums = checksums
        self.diskFormat = diskFormat
        self.stores = stores
        self.missingStores = missingStores
    }
}

/// The outcome of comparing both legs.
public enum Verdict: Sendable, Hashable {
    /// The target holds these bytes; the checksums that prove it.
    case match([Checksum])
    /// It holds other bytes; the words say which values differ.
    case mismatch(String)
    /// Size or format differ because the service converted the data.
    case transformed(String)
    /// No algorithm is known on both sides.
    case unverifiable(String)
}

/// Stage *upload*: a record at the target, and the bytes in it.
public protocol ImageUploader: Stage {
    /// The algorithm whose digest this target reports of new images.
    func reportedAlgorithm(for transfer: Transfer) async throws(TranshipError)
        -> Checksum.Algorithm

    /// Looks at the record that the transfer may have left, before any byte is read.
    func reconcile(_ transfer: Transfer) async throws(TranshipError) -> Outcome

    /// Creates the record, unless it is there.
    ///
    /// `commit` is awaited with the chosen id *before* the record is created.
    ///
    /// - Returns: ``Outcome/send(_:)`` with the transfer in `registered`,
    ///   ready for the body; another one when the record turned out to be there
    ///   already, with its data or with a body that arrives.
    /// - Throws: ``TranshipError/Code/targetConflict`` when somebody else's
    ///   image has the id; ``TranshipError/Code/dependencyFailed`` when an image
    ///   that the record names is not there; the service's refusals.
    func register(
        _ transfer: Transfer, commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome

    /// Sends the body and returns the transfer in the state that follows.
    func send(
        _ transfer: Transfer, from ring: ByteRing
    ) async throws(TranshipError) -> Transfer

    /// What the target says of the data now.
    func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport

    /// Reads the target's data back into a ring, for proof where reports prove nothing.
    func readBack(_ transfer: Transfer, into ring: ByteRing) async throws(TranshipError)

    /// Removes a record that is ours and was never published. A record that is
    /// gone is fine.
    ///
    /// - Throws: ``TranshipError/Code/targetConflict`` for one that is left
    ///   alone: it does not carry our marker, others can see it, it is
    ///   protected, it was adopted, or it holds data that this journal did not
    ///   send.
    /// - Returns: false where there was no record.
    @discardableResult
    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool
}

/// Stage *wait*: a task of the service works on the image.
public protocol TaskWaiter: Stage {
    /// One look at the image and its tasks; asks for the import when nobody has.
    func look(_ transfer: Transfer) async throws(TranshipError) -> Outcome
}

/// Stage *publish*: what others see comes last.
public protocol Publisher: Stage {
    /// Applies visibility, members, hidden and protected, in this order, and
    /// only what differs. A refusal of the service ends in `unpublished`.
    func publish(_ transfer: Transfer) async throws(TranshipError) -> Transfer
}

extension ImageUploader {
    /// Discards a record that is of no more use.
    ///
    /// - Parameter isWrong: its data is known to be wrong, or can never be proved.
    /// - Returns: the transfer as it starts over: under the next id. A kept id is
    ///   used again; where its record stays behind with such data, one that is
    ///   only preferred is given up.
    package func abandon(
        _ given: Transfer, isWrong: Bool
    ) async throws(TranshipError) -> Transfer {
        var transfer = given
        do {
            let wasThere = try await discard(given)
            transfer.abandonRecord(wasThere: wasThere)
        } catch {
            guard isWrong, error.code == .idBlocked, given.record.keptID == .preferred else {
                throw error
            }
            transfer.giveUpKeptID(error.message)
        }
        return transfer
    }
}

/// The five stages of a pipeline.
public struct Stages: Sendable {
    public var reader: any SourceReader
    public var verifier: any ChecksumVerifier
    public var uploader: any ImageUploader
    public var waiter: any TaskWaiter
    public var publisher: any Publisher

    public init(
        reader: any SourceReader, verifier: any ChecksumVerifier, uploader: any ImageUploader,
        waiter: any TaskWaiter, publisher: any Publisher
    ) {
        self.reader = reader
        self.verifier = verifier
        self.uploader = uploader
        self.waiter = waiter
        self.publisher = publisher
    }
}
