// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage

/// What one look at an image in import tells, and what follows from it.
///
/// Pure: everything that was seen is handed in, so that every state of the
/// service is a test.
struct ImportLook {
    var transfer: Transfer
    let image: Image
    /// The newest task of the image; nil when it has none, or the service has
    /// no list of them.
    let task: ImageTask?
    /// Milliseconds since 1970.
    let now: Int64
    /// From 0 up to 1.
    let jitter: Double

    enum Judgement {
        case ask
        case copy
        case outcome(Outcome)
        case failure(TranshipError)
    }

    /// The shortest and the longest time between two looks, in seconds.
    static let pollSeconds = 0.5...15.0
    /// How long an import that was accepted may stay without any trace.
    static let traceSeconds: Int64 = 60

    // MARK: Importing

    func judge() -> Judgement {
        switch image.status {
        case .active, .deactivated:
            // Until its task has ended the service may still write the record back
            // as it read it earlier, and take back what we change of it: Glance's
            // VerifyImageState does.
            if let task, !task.status.isFinal, overdue == nil {
                return .outcome(later("the image is active, and its import is being ended"))
            }
            return .outcome(.advance(transfer.foundWhole()))
        case .uploading where isOthers, .saving: return .outcome(leftToOthers())
        case .uploading, .queued, .importing: break
        default:
            return .failure(
                TranshipError(
                    .unexpectedState,
                    "image \(image.id) is \(image.status) although its import was asked for",
                    hint: "look at it with `openstack image show \(image.id)`, then run again"))
        }
        let isIdle = image.status == .queued || image.status == .uploading
        if transfer.importAskedAt == nil, isIdle, task?.status.isFinal ?? true { return .ask }
        if let task, task.status == .failure {
            return Judgement(failed(failure("its task says: \(words(of: task))")))
        }
        if image.status == .queued, task == nil {
            if let stores = failedStores {
                return Judgement(failed(failure("the service names the failed stores: \(stores)")))
            }
            if askedSeconds > Self.traceSeconds {
                return Judgement(
                    failed(failure("it is queued, without a task: the import never started")))
            }
        }
        if let error = overdue { return Judgement(failed(error)) }
        return .outcome(later(progress))
    }

    /// True when somebody else sends a body into the record: no import of ours
    /// makes it look so.
    var isOthers: Bool {
        image.status == .saving
            || (image.status == .uploading && transfer.method.isServerSide)
    }

    /// Another host was first with its body: it is waited for as any other, and
    /// nothing in the record is ours.
    func leftToOthers() -> Outcome {
        var next = transfer
        next.move(to: .registered)
        next.isEmptyNow()
        return .advance(next)
    }

    /// The method failed: the next one, once more, or the end.
    func failed(_ error: TranshipError) -> Result<Outcome, TranshipError> {
        var next = transfer
        next.importFailures += 1
        if let method = next.fallbacks.first {
            next.fallbacks.removeFirst()
            next.methodReason = "\(next.method.rawValue) failed: \(error.message)"
            next.remarks.append("\(next.method.rawValue) failed, so \(method.rawValue) was used")
            next.method = method
            return .success(.restart(next, after: error))
        }
        // Staged data can get lost between two workers: staged once more.
        if next.method == .glanceDirect, next.importFailures < 2 {
            return .success(.restart(next, after: error))
        }
        return .failure(error)
    }

    private func failure(_ words: String) -> TranshipError {
        TranshipError(
            .importFailed,
            "the import of image \(image.id) by \(transfer.method.rawValue) failed: \(words)",
            hint: "ask the target's operator about task \(task?.id ?? "?"), "
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
        guard transfer.importAskedAt != nil else { return .copy }
        if importingStores == nil {
            if let stores = failedStores {
                let said = task.map { words(of: $0) } ?? "nothing"
                return .outcome(notCopied("its task says: \(said)", missing: [stores]))
            }
            if task?.status == .failure, let task {
                return .outcome(notCopied("its task says: \(words(of: task))", missing: []))
            }
            if task?.status == .success || task == nil {
                // Asks only if something is still missing.
                return .copy
            }
        }
        if let error = overdue {
            return .outcome(notCopied(error.message, missing: []))
        }
        return .outcome(later(progress))
    }

    func copied() -> Outcome {
        var next = transfer
        next.isCopying = false
        next.heldStores = image.stores
        return .advance(next.moved(to: .publishing))
    }

    /// The image is proved in one store at least: it is never discarded.
    func notCopied(_ words: String, missing: [String]) -> Outcome {
        var next = transfer
        next.isCopying = false
        next.heldStores = image.stores
        let stores = missing.isEmpty ? "every store" : missing.joined(separator: ", ")
        let text =
            "it lies in \(image.stores.joined(separator: ", ")), not in \(stores): \(words)"
        next.remarks.append(text)
        guard transfer.record.allStoresMustSucceed else {
            return .advance(next.moved(to: .publishing))
        }
        next.move(to: .unpublished)
        next.failure = .init(
            TranshipError(
                .unpublished, "the copy \(image.id) is proved, but \(text)",
                hint: "copying between stores is an administrator's right by default; "
                    + "use method: glance-direct, or all_stores_must_succeed: false"))
        return .advance(next)
    }

    // MARK: Waiting

    /// The service accepted: the next looks are waited for.
    func asked(_ reason: String) -> Outcome {
        var next = transfer
        next.importAskedAt = now
        return ImportLook(transfer: next, image: image, task: task, now: now, jitter: jitter)
            .later(reason)
    }

    /// Looks grow rarer with the time that was waited: a tenth of it, spread by
    /// a quarter.
    func later(_ reason: String) -> Outcome {
        let share = Double(waitedSeconds) / 10 * (0.875 + jitter / 4)
        let seconds = min(max(share, Self.pollSeconds.lowerBound), Self.pollSeconds.upperBound)
        return .snooze(
            transfer, seconds: seconds,
            reason: "\(reason); waited \(TimeSpan.format(waitedSeconds)) "
                + "of at most \(TimeSpan.format(deadlineSeconds))")
    }

    private var waitedSeconds: Int64 { max(0, now - (transfer.waitStartedAt ?? now)) / 1000 }
    private var askedSeconds: Int64 { max(0, now - (transfer.importAskedAt ?? now)) / 1000 }

    /// Ten minutes and as long as 5 MiB/s take: slow stores are common, and a
    /// deadline that is too short costs a whole transfer.
    var deadlineSeconds: Int64 { 600 + (transfer.sizeBytes ?? 0) / (5 << 20) }

    var overdue: TranshipError? {
        guard waitedSeconds > deadlineSeconds else { return nil }
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
        if let task, !task.message.isEmpty { return "importing: \(task.message)" }
        if let stores = importingStores { return "importing into \(stores)" }
        return "the service is importing (\(image.status))"
    }

    private func words(of task: ImageTask) -> String {
        task.message.isEmpty ? "nothing" : task.message
    }

    private var failedStores: String? { list("os_glance_failed_import") }
    private var importingStores: String? { list("os_glance_importing_to_stores") }

    private func list(_ property: String) -> String? {
        image.properties[property]?.string.flatMap { $0.isEmpty ? nil : $0 }
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
