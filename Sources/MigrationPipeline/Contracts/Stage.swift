// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import MigrationModel

/// The names of the stages in messages and events.
public enum StageName: String, CaseIterable, Sendable {
    case read, verify, upload, wait, publish
}

/// The contract of every stage.
///
/// A stage holds no state about an image. The transfer brings everything that it needs and takes
/// along everything that must survive a crash. The pipeline commits the transfer before the next
/// step starts. Conforming types must be:
///
/// - **Repeatable.** After a crash the same transfer comes again. A stage first
///   asks the world whether its work is already done.
/// - **Non-blocking.** Its functions are called on the stage's concurrent
///   queue. Work that blocks is awaited on a thread of its own.
/// - **Prompt to stop.** Cancellation reaches the socket within a second and
///   ends in ``TranshipError/Code/interrupted``.
/// - **Without retries.** It says whether a failure may pass
///   (``TranshipError/isTransient``); the pipeline decides what follows.
public protocol Stage: Sendable {}

/// Stage *verify*: are these the bytes that were promised?
///
/// It proves two legs. While the body is sent it hashes what was read; in the
/// state `verifying` it compares that with what the target reports.
public protocol ChecksumVerifier: Stage {
    /// Starts to compute the digests of the promise's algorithm and of the one that the target will
    /// report, in one pass.
    func begin(
        _ transfer: Transfer, reportedAlgorithm: Checksum.Algorithm
    ) throws(TranshipError) -> any RunningVerification

    /// Compares what the target reports with what was sent and promised.
    func compare(_ transfer: Transfer, with report: TargetReport) -> Verdict
}

/// Digests over one pass of image data.
public protocol RunningVerification: Sendable {
    /// Pass these to the ring.
    var observers: [ByteRing.Observer] { get }

    /// Finishes the digests and compares them with the promise.
    ///
    /// - Throws: ``TranshipError/Code/checksumMismatch`` with both values, or
    ///   ``TranshipError/Code/sourceTruncated`` when the promised size differs.
    func judge(totalBytes: Int64) throws(TranshipError) -> [Checksum]
}

/// The target's report about the data that it holds.
public struct TargetReport: Sendable, Hashable {
    public var status: ImageStatus
    public var sizeBytes: Int64?
    public var checksums: [Checksum]
    public var diskFormat: String?
    public var containerFormat: String?
    /// The stores that hold the data.
    public var stores: [String]
    /// Stores in the plan that do not hold the data yet.
    public var missingStores: [String]

    public init(
        status: ImageStatus, sizeBytes: Int64?, checksums: [Checksum], diskFormat: String?,
        containerFormat: String? = nil, stores: [String] = [], missingStores: [String] = []
    ) {
        self.status = status
        self.sizeBytes = sizeBytes
        self.checksums = checksums
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.stores = stores
        self.missingStores = missingStores
    }
}

/// The result of comparing both legs.
public enum Verdict: Sendable, Hashable {
    /// The target holds these bytes; the checksums that prove it.
    case match([Checksum])
    /// The target holds other bytes.
    case mismatch(DataDifference)
    /// Size or format differ because the service converted the data. With another format it did;
    /// with another size alone it may also have lost data.
    case transformed(DataDifference)
    /// No algorithm is known on both sides.
    case unverifiable(IncomparableDigests)
}

/// Stage *upload*: creates the record at the target and sends the data.
public protocol ImageUploader: Stage {
    /// Hands over the images that the target has, hidden ones included, page by
    /// page.
    ///
    /// - Parameter ownerID: only images of this project; nil: all that the
    ///   target's user sees.
    func list(
        ownerID: String?, page: ([TargetImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError)

    /// The whole images of this name that the target has now and does not hide.
    ///
    /// - Parameter ownerID: as in ``list(ownerID:page:)``.
    func images(named name: String, ownerID: String?) async throws(TranshipError) -> [TargetImage]

    /// Reads the whole record of one image, to compare it; nil if it is gone.
    ///
    /// - Parameter withMembers: also lists whom the image is shared with.
    func record(
        _ imageID: String, withMembers: Bool
    ) async throws(TranshipError) -> TargetRecord?

    /// The algorithm whose digest this target reports of new images.
    func reportedAlgorithm(for transfer: Transfer) async throws(TranshipError)
        -> Checksum.Algorithm

    /// Why the target would refuse the record, by what it has refused in this run; nil if
    /// nothing is known.
    func objection(to transfer: Transfer) -> TranshipError?

    /// Checks the record that an earlier try may have left, before any byte is read.
    func reconcile(_ transfer: Transfer) async throws(TranshipError) -> Outcome

    /// Creates the record, unless it is there.
    ///
    /// `commit` is awaited with the chosen id *before* the record is created.
    ///
    /// - Returns: ``Outcome/send(_:)`` with the transfer in `registered`,
    ///   ready for the body; another one when the record turned out to be there
    ///   already, with its data or with a body that arrives.
    /// - Throws: ``TranshipError/Code/targetConflict`` if another owner's
    ///   image has the id; the service's refusals.
    /// - Parameter references: the ids at the target of the images that the
    ///   record names, by property.
    func register(
        _ transfer: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome

    /// Sends the body and returns the transfer in the state that follows.
    func send(
        _ transfer: Transfer, from ring: ByteRing
    ) async throws(TranshipError) -> Transfer

    /// Requests the import that the waiter found missing.
    ///
    /// - Parameter fetchable: what the source lets the service fetch; it suits
    ///   the transfer's method.
    func request(
        _ request: ImportNeed, for transfer: Transfer, from fetchable: Fetchable
    ) async throws(TranshipError)

    /// The target's current report about the data.
    func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport

    /// Reads the target's data back into a ring, as a proof if the reports prove nothing.
    func readBack(_ transfer: Transfer, into ring: ByteRing) async throws(TranshipError)

    /// Removes a record that is ours and was never published. A record that is
    /// gone is fine.
    ///
    /// - Throws: ``TranshipError/Code/targetConflict`` for one that is left
    ///   alone: it does not carry our marker, others can see it, it is
    ///   protected, it was adopted, or it holds data that this journal did not
    ///   send.
    /// - Returns: false if there was no record.
    @discardableResult
    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool

    /// Removes a record that no transfer needs, if it is still what the listing
    /// showed. What came of it becomes the leftover's fate.
    ///
    /// - Parameter deletesLeft: how many DELETE requests may be sent; 0 only asks.
    func clean(
        _ leftover: inout Leftover, deletesLeft: inout Int
    ) async throws(TranshipError)

    /// Removes a copy that a run made, if it is still what the run left. What came of it becomes
    /// the copy's fate.
    ///
    /// - Parameters:
    ///   - references: as in ``register(_:references:commit:)``.
    ///   - deletesLeft: how many DELETE requests may be sent; 0 only asks.
    func undo(
        _ copy: inout UndoneCopy, references: [String: String], deletesLeft: inout Int
    ) async throws(TranshipError)

    /// Carries out what the plan says of an earlier version of a series, if the image is
    /// still what the plan saw.
    ///
    /// - Returns: the change with what came of it; a refusal of the service is part of that.
    /// - Throws: what kept the image from being read.
    func carryOut(_ change: Change) async throws(TranshipError) -> Change
}

/// Stage *wait*: a task of the service works on the image.
public protocol TaskWaiter: Stage {
    /// One look at the image and its tasks. Changes nothing at the target.
    func look(_ transfer: Transfer) async throws(TranshipError) -> Look

    /// What follows from a request of the uploader.
    ///
    /// - Parameter refusal: nil when the service accepted. It may have accepted
    ///   although its answer says otherwise, so the waiter looks again.
    func requested(
        _ request: ImportNeed, for transfer: Transfer, refusal: TranshipError?
    ) async throws(TranshipError) -> Outcome
}

/// What a look at an import leads to.
public enum Look: Sendable {
    case outcome(Outcome)
    /// The uploader has to request this first.
    case needs(ImportNeed, Transfer)
}

/// What a service has to be asked for.
public enum ImportNeed: Sendable, Hashable {
    /// To import the data into the image's record.
    case image
    /// To copy the data of an active image into further stores.
    case copy(toStores: [String])
}

/// Stage *publish*: applies last what other projects can see.
public protocol Publisher: Stage {
    /// Applies visibility, members, hidden and protected, in this order, and
    /// only what differs. A refusal of the service ends in `unpublished`.
    ///
    /// - Parameter references: as in
    ///   ``ImageUploader/register(_:references:commit:)``.
    func publish(
        _ transfer: Transfer, references: [String: String]
    ) async throws(TranshipError) -> Transfer
}

extension ImageUploader {
    public func objection(to transfer: Transfer) -> TranshipError? { nil }

    public func images(
        named name: String, ownerID: String?
    ) async throws(TranshipError) -> [TargetImage] {
        var found: [TargetImage] = []
        try await list(ownerID: ownerID) { (page) throws(TranshipError) in
            found += page.filter { $0.name == name && $0.isWhole && !$0.isHidden }
        }
        return found
    }

    /// Discards a record that cannot be used any more.
    ///
    /// - Parameter isWrong: its data is known to be wrong, or can never be proved.
    /// - Returns: the transfer as it starts over: under the next id. A kept id is
    ///   used again; if its record stays behind with such data, one that is
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

/// The five stages of a pipeline: what it reads from, verifies with and writes to.
public struct Stages: Sendable {
    /// By their place in the pipeline's `sources`.
    public var sources: [any ImageSource]
    public var verifier: any ChecksumVerifier
    public var targets: [OpenedTarget]

    public init(
        sources: [any ImageSource], verifier: any ChecksumVerifier, targets: [OpenedTarget]
    ) {
        self.sources = sources
        self.verifier = verifier
        self.targets = targets
    }

    /// Looked up once for each step, which then works on values.
    ///
    /// - Throws: as ``target(of:)``.
    func ends(of transfer: Transfer) throws(TranshipError) -> TransferEnds {
        let target = try target(of: transfer)
        return TransferEnds(
            sourceFound: Result { () throws(TranshipError) in try source(of: transfer) },
            verifier: verifier, target: target)
    }

    /// - Throws: ``TranshipError/Code/invalidPipeline`` when the pipeline has lost
    ///   it since the transfer was planned.
    public func source(of transfer: Transfer) throws(TranshipError) -> any ImageSource {
        let index = transfer.source.sourceIndex
        guard sources.indices.contains(index) else {
            throw TranshipError(
                .invalidPipeline, "the pipeline no longer has a source \(index + 1)",
                hint: "run the pipeline again, which makes a new plan")
        }
        return sources[index]
    }

    /// - Throws: as ``source(of:)``.
    public func target(of transfer: Transfer) throws(TranshipError) -> OpenedTarget {
        guard let target = targets.first(where: { $0.key == transfer.targetKey }) else {
            throw TranshipError(
                .invalidPipeline, "the pipeline no longer has a target \(transfer.targetKey)",
                hint: "put the target back, or start with another --journal")
        }
        return target
    }
}

/// What one transfer reads from, is verified with, and goes to.
struct TransferEnds: Sendable {
    let sourceFound: Result<any ImageSource, TranshipError>
    let verifier: any ChecksumVerifier
    let target: OpenedTarget

    var uploader: any ImageUploader { target.uploader }

    /// A copy that has its data can be compared and published when its source has left the
    /// pipeline.
    ///
    /// - Throws: as ``Stages/source(of:)``.
    var source: any ImageSource {
        get throws(TranshipError) { try sourceFound.get() }
    }
}
