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
/// A stage holds no state about an image. The transfer brings everything that the stage needs, and
/// takes along everything that must survive a crash. The pipeline commits the transfer before the
/// next step starts. Conforming types must be:
///
/// - **Repeatable.** After a crash the same transfer comes again. A stage first checks whether its
///   work is already done.
/// - **Non-blocking.** Its functions are called on the stage's concurrent
///   queue. Work that blocks is awaited on a thread of its own.
/// - **Prompt to stop.** Cancellation reaches the socket within a second and
///   ends in ``TranshipError/Code/interrupted``.
/// - **Without retries.** It says whether a failure may pass
///   (``TranshipError/isTransient``); the pipeline decides what follows.
public protocol Stage: Sendable {}

/// Stage *verify*: checks that the bytes are the promised ones.
///
/// It proves two legs. While the body is sent, it hashes the bytes that were read. In the state
/// `verifying`, it compares that hash with the target's report.
public protocol ChecksumVerifier: Stage {
    /// Starts the digests of two algorithms in one pass: the promise's, and the one that the target
    /// will report.
    func begin(
        _ transfer: Transfer, reportedAlgorithm: Checksum.Algorithm
    ) throws(TranshipError) -> any RunningVerification

    /// Compares the target's report with the sent bytes and the promise.
    func compare(_ transfer: Transfer, with report: TargetReport) -> Verdict
}

/// Digests over one pass of image data.
public protocol RunningVerification: Sendable {
    /// The observers to pass to the ring.
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
    /// The target holds the right bytes, proved by these checksums.
    case match([Checksum])
    /// The target holds other bytes.
    case mismatch(DataDifference)
    /// Size or format differ, so the service may have converted the data. If the format differs, it
    /// did. If only the size differs, it may instead have lost data.
    case transformed(DataDifference)
    /// The two sides have no algorithm in common.
    case unverifiable(IncomparableDigests)
}

/// Stage *upload*: creates the record at the target and sends the data.
public protocol ImageUploader: Stage {
    /// Lists the images that the target has, hidden ones included, page by page.
    ///
    /// - Parameter ownerID: the project whose images to list; nil for all that the target's user
    ///   sees.
    func list(
        ownerID: String?, page: ([TargetImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError)

    /// Returns the complete, visible images with this name that the target has now.
    ///
    /// - Parameter ownerID: as in ``list(ownerID:page:)``.
    func images(named name: String, ownerID: String?) async throws(TranshipError) -> [TargetImage]

    /// Reads the whole record of one image, to compare it; nil if it is gone.
    ///
    /// - Parameter withMembers: also lists the projects that the image is shared with.
    func record(
        _ imageID: String, withMembers: Bool
    ) async throws(TranshipError) -> TargetRecord?

    /// Returns the algorithm of the digest that this target reports for new images.
    func reportedAlgorithm(for transfer: Transfer) async throws(TranshipError)
        -> Checksum.Algorithm

    /// Returns the reason that the target would refuse the record, judging by its refusals in this
    /// run; nil if none is known.
    func objection(to transfer: Transfer) -> TranshipError?

    /// Checks the record that an earlier try may have left, before any byte is read.
    func reconcile(_ transfer: Transfer) async throws(TranshipError) -> Outcome

    /// Creates the record, unless it already exists.
    ///
    /// Awaits `commit` with the chosen id *before* it creates the record.
    ///
    /// - Returns: ``Outcome/send(_:)`` with the transfer in `registered`, ready for the body.
    ///   Another outcome if the record already exists and has its data, or is receiving it.
    /// - Throws: ``TranshipError/Code/targetConflict`` if another owner's
    ///   image has the id; the service's refusals.
    /// - Parameter references: the ids at the target of the images that the record refers to, by
    ///   property.
    func register(
        _ transfer: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome

    /// Sends the body and returns the transfer in its next state.
    func send(
        _ transfer: Transfer, from ring: ByteRing
    ) async throws(TranshipError) -> Transfer

    /// Requests the import that the waiter found missing.
    ///
    /// - Parameter fetchable: the location from which the service may fetch the data; it suits the
    ///   transfer's method.
    func request(
        _ request: ImportNeed, for transfer: Transfer, from fetchable: Fetchable
    ) async throws(TranshipError)

    /// Returns the target's current report about the data.
    func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport

    /// Reads the target's data back into a ring, as a proof if the reports prove nothing.
    func readBack(_ transfer: Transfer, into ring: ByteRing) async throws(TranshipError)

    /// Removes a record that is ours and was never published. A missing record is not an error.
    ///
    /// - Throws: ``TranshipError/Code/targetConflict`` if the record must be left alone: it does
    ///   not carry our marker, others can see it, it is protected, it was adopted, or it holds data
    ///   that this journal did not send.
    /// - Returns: false if there was no record.
    @discardableResult
    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool

    /// Removes a record that no transfer needs, if it has not changed since it was listed. Stores
    /// the result as the leftover's fate.
    ///
    /// - Parameter deletesLeft: the number of DELETE requests that may be sent; 0 only looks.
    func clean(
        _ leftover: inout Leftover, deletesLeft: inout Int
    ) async throws(TranshipError)

    /// Removes a copy that a run made, if it has not changed since. Stores the result as the copy's
    /// fate.
    ///
    /// - Parameters:
    ///   - references: as in ``register(_:references:commit:)``.
    ///   - deletesLeft: the number of DELETE requests that may be sent; 0 only looks.
    func undo(
        _ copy: inout UndoneCopy, references: [String: String], deletesLeft: inout Int
    ) async throws(TranshipError)

    /// Carries out the plan's change of an earlier version of a series, if the image has not
    /// changed since the plan.
    ///
    /// - Returns: the change with its result, which may be a refusal of the service.
    /// - Throws: the error that prevented reading the image.
    func carryOut(_ change: Change) async throws(TranshipError) -> Change
}

/// Stage *wait*: a task of the service works on the image.
public protocol TaskWaiter: Stage {
    /// Looks once at the image and its tasks. Changes nothing at the target.
    func look(_ transfer: Transfer) async throws(TranshipError) -> Look

    /// Decides what follows a request of the uploader.
    ///
    /// - Parameter refusal: nil if the service accepted. The service may have accepted although its
    ///   answer says otherwise, so the waiter looks again.
    func requested(
        _ request: ImportNeed, for transfer: Transfer, refusal: TranshipError?
    ) async throws(TranshipError) -> Outcome
}

/// The result of a look at an import.
public enum Look: Sendable {
    case outcome(Outcome)
    /// The uploader has to request this first.
    case needs(ImportNeed, Transfer)
}

/// A request that the service needs.
public enum ImportNeed: Sendable, Hashable {
    /// To import the data into the image's record.
    case image
    /// To copy the data of an active image into further stores.
    case copy(toStores: [String])
}

/// Stage *publish*: applies the parts that other projects can see, after all others.
public protocol Publisher: Stage {
    /// Applies visibility, members, hidden and protected, in this order, and only if they differ. A
    /// refusal of the service ends in `unpublished`.
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
    /// - Parameter isWrong: true if its data is known to be wrong, or can never be proved.
    /// - Returns: the transfer as it starts over, under the next id. A kept id is used again. But
    ///   if the record stays with such data, a kept id that is only preferred is given up.
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

/// The stages of a pipeline: its sources, its verifier and its targets.
public struct Stages: Sendable {
    /// The sources, in the order of the pipeline's `sources`.
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

    /// Returns the stages of a transfer, looked up once for each step.
    ///
    /// - Throws: as ``target(of:)``.
    func ends(of transfer: Transfer) throws(TranshipError) -> TransferEnds {
        let target = try target(of: transfer)
        return TransferEnds(
            sourceFound: Result { () throws(TranshipError) in try source(of: transfer) },
            verifier: verifier, target: target)
    }

    /// Returns the source of a transfer.
    ///
    /// - Throws: ``TranshipError/Code/invalidPipeline`` if the pipeline has lost the source since
    ///   the transfer was planned.
    public func source(of transfer: Transfer) throws(TranshipError) -> any ImageSource {
        let index = transfer.source.sourceIndex
        guard sources.indices.contains(index) else {
            throw TranshipError(
                .invalidPipeline, "the pipeline no longer has a source \(index + 1)",
                hint: "run the pipeline again, which makes a new plan")
        }
        return sources[index]
    }

    /// Returns the target of a transfer.
    ///
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

/// The source, verifier and target of one transfer.
struct TransferEnds: Sendable {
    let sourceFound: Result<any ImageSource, TranshipError>
    let verifier: any ChecksumVerifier
    let target: OpenedTarget

    var uploader: any ImageUploader { target.uploader }

    /// The source. Fails only when it is used, because a copy that has its data can be compared and
    /// published after its source has left the pipeline.
    ///
    /// - Throws: as ``Stages/source(of:)``.
    var source: any ImageSource {
        get throws(TranshipError) { try sourceFound.get() }
    }
}
