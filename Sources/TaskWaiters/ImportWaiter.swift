// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline
public import OpenStackImage

/// Waits for imports: one look at a time, at the image *and* at its tasks.
///
/// The image alone is not enough: an import that failed puts it back to
/// `queued`, which is what it was before the import began, and some failures
/// leave it looking busy for ever. The task says what happened.
/// See https://docs.openstack.org/api-ref/image/v2/index.html#show-tasks-associated-with-image
public struct ImportWaiter: TaskWaiter {
    public static let name = StageName.wait

    /// What the service is to fetch by itself, for the methods that do that.
    public typealias Fetch = @Sendable (Transfer) throws(TranshipError) -> ImportRequest.Method

    let targets: [String: ImageService]
    let fetch: Fetch
    let now: @Sendable () -> Int64
    let jitter: @Sendable () -> Double

    /// - Parameter jitter: uniformly from 0 up to 1; spreads the looks of
    ///   imports that began together.
    public init(
        targets: [String: ImageService], fetch: @escaping Fetch,
        now: @escaping @Sendable () -> Int64,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
    ) {
        self.targets = targets
        self.fetch = fetch
        self.now = now
        self.jitter = jitter
    }

    public func look(_ given: Transfer) async throws(TranshipError) -> Outcome {
        var transfer = given
        guard let service = targets[transfer.targetKey], let id = transfer.imageID else {
            throw TranshipError(
                .invalidPipeline, "the pipeline has no target \(transfer.targetKey) any more",
                hint: "put the target back, or start with another --journal")
        }
        transfer.wait.importSince = transfer.wait.importSince ?? now()
        let image: Image
        do {
            image = try await service.image(id)
        } catch {
            guard error.code == .notFound else { throw error }
            return try deleted(transfer, id)
        }
        let look = ImportLook(
            transfer: transfer, image: image, task: try await newestTask(service, transfer, id),
            now: now(), jitter: jitter())
        switch transfer.placement.isCopying ? look.judgeCopy() : look.judge() {
        case .ask: return try await ask(look, service)
        case .copy: return try await copy(look, service)
        case .outcome(let outcome): return outcome
        case .failure(let error): throw error
        }
    }

    /// Copied again, a few times: somebody may be deleting on purpose.
    private func deleted(
        _ given: Transfer, _ id: String
    ) throws(TranshipError) -> Outcome {
        var transfer = given
        transfer.tries.importFailures += 1
        let error = TranshipError(
            .gone, "image \(id) was deleted at the target while it was imported",
            hint: "find out who deletes images there, then run again")
        guard transfer.tries.importFailures <= Self.deletionsMax else { throw error }
        return .restart(transfer, after: error)
    }

    private func deleted(_ look: ImportLook) throws(TranshipError) -> Outcome {
        try deleted(look.transfer, look.image.id)
    }

    /// True where the call was answered 404 because the image was deleted since
    /// the look, and not because there is no such call.
    private func isGone(
        _ refusal: TranshipError, _ look: ImportLook, _ service: ImageService
    ) async throws(TranshipError) -> Bool {
        guard refusal.code == .notFound else { return false }
        do {
            _ = try await service.image(look.image.id)
            return false
        } catch {
            guard error.code == .notFound else { throw error }
            return true
        }
    }

    /// Imports of one image that are begun anew because it was deleted.
    private static let deletionsMax = 3

    // MARK: Asking

    private func ask(
        _ look: ImportLook, _ service: ImageService
    ) async throws(TranshipError) -> Outcome {
        let record = look.transfer.record
        let method: ImportRequest.Method =
            look.transfer.method == .glanceDirect ? .glanceDirect : try fetch(look.transfer)
        let request = ImportRequest(
            method, stores: .init(record.stores),
            allStoresMustSucceed: record.stores.areSeveral ? record.allStoresMustSucceed : nil)
        do {
            try await service.importImage(look.image.id, request)
        } catch {
            if try await isGone(error, look, service) { return try deleted(look) }
            return try await refused(error, look, service)
        }
        var asked = look
        asked.transfer.placement.claimContents()
        return asked.asked("the import was asked for")
    }

    private func copy(
        _ look: ImportLook, _ service: ImageService
    ) async throws(TranshipError) -> Outcome {
        let missing = try await service.missing(.init(look.transfer.record.stores), of: look.image)
        guard !missing.isEmpty else { return look.copied() }
        do {
            try await service.importImage(
                look.image.id,
                ImportRequest(
                    .copyImage, stores: .named(missing),
                    allStoresMustSucceed: look.transfer.record.allStoresMustSucceed))
        } catch {
            if try await isGone(error, look, service) { return try deleted(look) }
            return try await copyRefused(error, look, service, missing)
        }
        return look.asked("the copy to \(missing.joined(separator: ", ")) was asked for")
    }

    /// The image is proved and stays, whatever the service says to its copy.
    private func copyRefused(
        _ error: TranshipError, _ look: ImportLook, _ service: ImageService, _ missing: [String]
    ) async throws(TranshipError) -> Outcome {
        if error.isTransient || error.code == .interrupted || error.code == .unauthorized {
            throw error
        }
        guard error.code == .conflict else {
            return look.notCopied(error.message, missing: missing)
        }
        let task = try await newestTask(service, look.transfer, look.image.id)
        if let task, !task.status.isFinal { return look.asked("a copy is under way") }
        guard Self.isLocked(error), look.overdue == nil else {
            return look.notCopied(error.message, missing: missing)
        }
        return look.later("the service still holds the lock of an earlier import")
    }

    /// The lock of an import that has just ended outlives it a little.
    private static func isLocked(_ error: TranshipError) -> Bool {
        let words = error.answer?.message ?? error.message
        return words.contains("active task") || words.contains("in progress")
    }

    /// Every refusal is answered by another look: the call may have worked
    /// although its answer says otherwise, and some locks end by themselves.
    private func refused(
        _ error: TranshipError, _ look: ImportLook, _ service: ImageService
    ) async throws(TranshipError) -> Outcome {
        if error.code == .conflict {
            let task = try await newestTask(service, look.transfer, look.image.id)
            let image = try await service.image(look.image.id)
            let now = ImportLook(
                transfer: look.transfer, image: image, task: task, now: look.now,
                jitter: look.jitter)
            if now.isOthers { return now.leftToOthers() }
            let isUnderWay = task.map { !$0.status.isFinal } ?? false
            if isUnderWay || image.status == .importing {
                return look.asked("an import is under way")
            }
            if image.status == .active {
                return .advance(look.transfer.foundWhole())
            }
            if Self.isLocked(error), look.overdue == nil {
                return look.later("the service still holds the lock of an earlier import")
            }
            if image.status == .uploading, look.transfer.holdsKeptID {
                // It takes no other body, and what lies staged is not taken.
                let next = try look.transfer.withoutKeptID(
                    "it is uploading, and its import is refused: \(error.message)")
                return .restart(next, after: error)
            }
        }
        guard !error.isTransient, error.code != .interrupted, error.code != .unauthorized,
            error.code != .quotaExceeded
        else { throw error }
        return try look.failed(
            TranshipError(
                .importFailed, "the import was refused: \(error.message)", hint: error.hint,
                answer: error.answer)
        ).get()
    }

    /// The newest of the tasks that this wait is about: a proved image that is
    /// copied still has the task of its import.
    private func newestTask(
        _ service: ImageService, _ transfer: Transfer, _ id: String
    ) async throws(TranshipError) -> ImageTask? {
        do {
            return try await service.tasks(ofImage: id).filter {
                guard let method = $0.importMethod else { return true }
                return (method == .copyImage) == transfer.placement.isCopying
            }.newest
        } catch {
            // Services before 2.12 have no such list: the image alone must do.
            guard error.code == .notFound else { throw error }
            return nil
        }
    }
}

extension ImportRequest.Stores {
    init(_ stores: PlannedRecord.Stores) {
        switch stores {
        case .standard: self = .standard
        case .named(let names): self = .named(names)
        case .all: self = .all
        }
    }
}
