// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage

/// One look at an image that is being imported, which decides the next step.
///
/// The result depends only on the fields, so tests can cover every state of the service.
struct ImportLook {
    var transfer: Transfer
    let image: Image
    /// The newest task of the image; nil if there is none, or if the service does not show tasks.
    let task: ImageTask?
    /// Milliseconds since 1970.
    let now: Int64
    /// From 0 up to 1.
    let jitter: Double

    enum Judgement {
        case needsImport
        case needsCopy
        case outcome(Outcome)
        case failure(TranshipError)
    }

    /// The shortest and the longest time between two looks, in seconds.
    static let pollSeconds = 0.5...15.0
    /// The longest time, in seconds, in which an accepted import may show no trace.
    static let traceSeconds: Int64 = 60

    // MARK: Importing

    func judge() -> Judgement {
        if isOthers { return .outcome(leftToOthers()) }
        let isIdle = image.status == .queued || image.status == .uploading
        let isWhole = image.status == .active || image.status == .deactivated
        if image.isSpoiled, transfer.wait.importRequestedAt == nil { return spoiled() }
        switch state {
        // Glance's VerifyImageState writes back the record as it read it earlier, which undoes our
        // changes. So wait until the task ends.
        case .underWay where isWhole && overdue == nil:
            return .outcome(later(WaitReason.importEnding))
        case .succeeded,
            .underWay where isWhole, .failed where isWhole:
            return .outcome(.advance(transfer.foundWhole()))
        case .notBegun where transfer.wait.importRequestedAt == nil,
            .failed where transfer.wait.importRequestedAt == nil && isIdle:
            return .needsImport
        case .failed(let reason): return Judgement(failed(failure(reason)))
        case .notBegun
        where image.status == .queued && task == nil && askedSeconds > Self.traceSeconds:
            return Judgement(
                failed(failure("it is queued, without a task: the import never started")))
        case .lost, .someoneElses:
            return .failure(
                TranshipError(
                    .unexpectedState,
                    "image \(image.id) is \(image.status) although its import was requested",
                    hint: "look at it with `openstack image show \(image.id)`, then run again"))
        case .notBegun, .underWay:
            if let error = overdue { return Judgement(failed(error)) }
            return .outcome(later { .importing(progress: progress, $0) })
        }
    }

    private var state: ImportState { ImportState(of: image, task: task) }

    /// Discards a record that keeps values of a body that the service refused. Such a record is
    /// never filled, since the service would serve the refused bytes. Gives up after three times: a
    /// service may report odd values for every record.
    private func spoiled() -> Judgement {
        var next = transfer
        next.tries.importFailures += 1
        let error = TranshipError(
            .unexpectedState,
            "the record of image \(image.id) keeps what the service knows of a body that it "
                + "refused, and takes no other",
            hint: "look at it with `openstack image show \(image.id)`, then run again")
        return next.tries.importFailures > 3
            ? .failure(error) : .outcome(.restart(next, after: error))
    }

    /// True if another client sends a body into the record: our own imports never look like this.
    var isOthers: Bool {
        image.status == .saving
            || (image.status == .uploading && transfer.method.isServerSide)
    }

    /// Leaves the record to another host that sent its body first. The transfer waits for the end
    /// of that body as for an import, and treats nothing in the record as ours.
    func leftToOthers() -> Outcome {
        var next = transfer
        next.move(to: .registered)
        next.placement.yieldContents()
        return .advance(next)
    }

    /// Handles a failed method: uses the next method, repeats this one once, or fails.
    func failed(_ error: TranshipError) -> Result<Outcome, TranshipError> {
        var next = transfer
        next.tries.importFailures += 1
        if let method = next.intent.fallbacks.first {
            next.intent.fallbacks.removeFirst()
            next.intent.methodReason = .methodFailed(next.method, message: error.message)
            next.remark(.methodFailed(next.method, next: method))
            next.intent.method = method
            return .success(.restart(next, after: error))
        }
        // Staged data can get lost between two workers, so stage it once more.
        if next.method == .glanceDirect, next.tries.importFailures < 2 {
            return .success(.restart(next, after: error))
        }
        return .failure(error)
    }

    private func failure(_ words: String) -> TranshipError {
        TranshipError(
            .importFailed,
            "the import of image \(image.id) by \(transfer.method.rawValue) failed: \(words)",
            hint: "ask the target's operator about \(task.map { "task \($0.id)" } ?? "it"), "
                + "or use `method: upload`")
    }

    // MARK: Copying into further stores

    func judgeCopy() -> Judgement {
        guard image.status == .active else {
            return .failure(
                TranshipError(
                    .unexpectedState,
                    "image \(image.id) became \(image.status) while it was copied",
                    hint: "look at it with `openstack image show \(image.id)`"))
        }
        guard transfer.wait.importRequestedAt != nil else { return .needsCopy }
        // The image was read before its task. If the image names stores that the service still has
        // to fill, the next look decides.
        if image.importingStores.isEmpty, !mayBeFailuresBefore {
            if !image.failedStores.isEmpty {
                let said = task.map { words(of: $0) } ?? "nothing"
                return .outcome(notCopied("its task says: \(said)", missing: image.failedStores))
            }
            switch state {
            case .failed(let reason): return .outcome(notCopied(reason, missing: []))
            // The caller requests a copy only if a store is still missing.
            case .succeeded: return .needsCopy
            default: break
            }
        }
        if let error = overdue {
            return .outcome(notCopied(error.message, missing: []))
        }
        return .outcome(later { .importing(progress: progress, $0) })
    }

    func copied() -> Outcome {
        var next = transfer
        next.placement.isCopying = false
        next.placement.heldStores = image.stores
        next.forgetRemarks(like: .missingStores(held: [], missing: [], reason: nil))
        return .advance(next.moved(to: .publishing))
    }

    /// Ends a copy to further stores that failed. The image is proved in at least one store, so it
    /// is never discarded.
    func notCopied(_ words: String, missing: [String]) -> Outcome {
        var next = transfer
        next.placement.isCopying = false
        next.placement.heldStores = image.stores
        let note = Note.missingStores(held: image.stores, missing: missing, reason: words)
        next.remarkAnew(note)
        guard transfer.record.allStoresMustSucceed else {
            return .advance(next.moved(to: .publishing))
        }
        next.leaveUnpublished(
            TranshipError(
                .unpublished, "the copy \(image.id) is proved, but \(note)",
                hint: "use an administrator's entry (by default, copying between stores needs "
                    + "one), or all_stores_must_succeed: false; or delete image "
                    + "\(image.id) and run again with method: glance-direct, which fills several "
                    + "stores at once, and accept_transformed: true if the target converts imports")
        )
        return .advance(next)
    }

    // MARK: Waiting

    /// Notes that the service accepted the request, and asks for another look later.
    func asked(_ reason: (WaitReason.Patience) -> WaitReason) -> Outcome {
        var next = transfer
        next.wait.importRequestedAt = now
        return Self.later(next, reason, now: now, jitter: jitter)
    }

    func later(_ reason: (WaitReason.Patience) -> WaitReason) -> Outcome {
        Self.later(transfer, reason, now: now, jitter: jitter)
    }

    /// Asks for another look later. The pause is a tenth of the time waited so far, varied by an
    /// eighth either way, within ``pollSeconds``.
    static func later(
        _ transfer: Transfer, _ reason: (WaitReason.Patience) -> WaitReason, now: Int64,
        jitter: Double
    ) -> Outcome {
        let waited = waitedSeconds(transfer, now)
        let share = Double(waited) / 10 * (0.875 + jitter / 4)
        let seconds = min(max(share, pollSeconds.lowerBound), pollSeconds.upperBound)
        return .snooze(
            transfer, seconds: seconds,
            reason: reason(.init(waitedSeconds: waited, mostSeconds: deadlineSeconds(transfer))))
    }

    private static func waitedSeconds(_ transfer: Transfer, _ now: Int64) -> Int64 {
        max(0, now - (transfer.wait.importSince ?? now)) / 1000
    }

    /// True while a task works on the image.
    var isUnderWay: Bool { task.map { !$0.status.isFinal } ?? false }

    private var waitedSeconds: Int64 { Self.waitedSeconds(transfer, now) }

    /// True if the failed stores may be those of an earlier copy: the service forgets them only when
    /// it begins the copy that was requested now.
    private var mayBeFailuresBefore: Bool {
        !image.failedStores.isEmpty
            && (task == nil ? askedSeconds < Self.traceSeconds : isUnderWay)
    }

    private var askedSeconds: Int64 {
        max(0, now - (transfer.wait.importRequestedAt ?? now)) / 1000
    }

    /// Returns the time limit of an import: ten minutes plus the time for the data at 5 MiB/s. Slow
    /// stores are common, and a deadline that is too short costs a whole transfer.
    static func deadlineSeconds(_ transfer: Transfer) -> Int64 {
        600 + (transfer.proof.sizeBytes ?? 0) / (5 << 20)
    }

    var overdue: TranshipError? {
        guard waitedSeconds > Self.deadlineSeconds(transfer) else { return nil }
        let seen =
            task.map { "its task \($0.id) is \($0.status): \(words(of: $0))" }
            ?? "it has no task"
        return TranshipError(
            .importTimedOut,
            "image \(image.id) is \(image.status) after \(TimeSpan.format(waitedSeconds)); \(seen)",
            hint: "ask the target's operator; the service frees the lock of a stuck import after "
                + "60 minutes (120 when it never began)")
    }

    private var progress: String {
        if case .underWay(let progress) = state { return progress }
        return "the service is importing (\(image.status))"
    }

    private func words(of task: ImageTask) -> String {
        task.message.isEmpty ? "nothing" : task.message
    }

}

extension ImportLook.Judgement {
    init(_ result: Result<Outcome, TranshipError>) {
        switch result {
        case .success(let outcome): self = .outcome(outcome)
        case .failure(let error): self = .failure(error)
        }
    }
}
