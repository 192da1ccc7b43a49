// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline
public import OpenStackImage

/// The waiter for imports. Each look reads the image *and* its tasks.
///
/// The image alone is not enough: a failed import puts it back to `queued`, its status before the
/// import began, and some failures leave it looking busy for ever. The task says what happened.
/// See https://docs.openstack.org/api-ref/image/v2/index.html#show-tasks-associated-with-image
public struct ImportWaiter: TaskWaiter {
    let service: ImageService
    let now: @Sendable () -> Int64
    let jitter: @Sendable () -> Double

    /// - Parameters:
    ///   - service: the Image service of the target.
    ///   - now: milliseconds since 1970.
    ///   - jitter: uniformly from 0 up to 1; spreads the looks of imports that began together.
    public init(
        service: ImageService, now: @escaping @Sendable () -> Int64,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
    ) {
        self.service = service
        self.now = now
        self.jitter = jitter
    }

    public func look(_ given: Transfer) async throws(TranshipError) -> Look {
        var transfer = given
        transfer.wait.importSince = transfer.wait.importSince ?? now()
        guard let look = try await see(transfer) else { return .outcome(try deleted(transfer)) }
        switch transfer.placement.isCopying ? look.judgeCopy() : look.judge() {
        case .needsImport: return .needs(.image, transfer)
        case .needsCopy:
            let missing = try await service.missing(transfer.record.stores, of: look.image)
            return missing.isEmpty
                ? .outcome(look.copied()) : .needs(.copy(toStores: missing), transfer)
        case .outcome(let outcome): return .outcome(outcome)
        case .failure(let error): throw error
        }
    }

    /// Reads the image and its task; nil if the image is gone.
    private func see(_ transfer: Transfer) async throws(TranshipError) -> ImportLook? {
        let id = try transfer.recordID()
        guard let image = try await service.imageIfPresent(id) else { return nil }
        return ImportLook(
            transfer: transfer, image: image, task: try await newestTask(transfer, id),
            now: now(), jitter: jitter())
    }

    /// Copies the image again, a few times only: someone may be deleting it on purpose.
    private func deleted(_ given: Transfer) throws(TranshipError) -> Outcome {
        var transfer = given
        transfer.tries.importFailures += 1
        let error = TranshipError(
            .gone,
            "image \(transfer.imageID ?? "?") was deleted at the target while it was imported",
            hint: "find out who deletes images there, then run again")
        guard transfer.tries.importFailures <= Self.deletionsMax else { throw error }
        return .restart(transfer, after: error)
    }

    /// The maximum number of repeated imports of one image that was deleted.
    private static let deletionsMax = 3

    // MARK: After a request

    public func requested(
        _ request: ImportNeed, for transfer: Transfer, refusal: TranshipError?
    ) async throws(TranshipError) -> Outcome {
        guard let refusal else { return accepted(request, transfer) }
        guard refusal.code == .conflict || Self.isAnswer(refusal) else { throw refusal }
        // After every refusal, look again: the call may have worked although its answer says
        // otherwise, and some locks end by themselves.
        guard let look = try await see(transfer) else { return try deleted(transfer) }
        switch request {
        case .image: return try refused(refusal, look)
        case .copy(let stores): return try copyRefused(refusal, look, stores)
        }
    }

    /// True if the refusal is about this request, not about the token or a passing fault.
    private static func isAnswer(_ refusal: TranshipError) -> Bool {
        !refusal.isTransient && refusal.code != .interrupted && refusal.code != .unauthorized
    }

    private func accepted(_ request: ImportNeed, _ given: Transfer) -> Outcome {
        var transfer = given
        transfer.wait.importRequestedAt = now()
        let reason: (WaitReason.Patience) -> WaitReason
        switch request {
        case .image:
            transfer.placement.claimContents()
            reason = WaitReason.importRequested
        case .copy(let stores): reason = { .copyRequested(stores: stores, $0) }
        }
        return ImportLook.later(transfer, reason, now: now(), jitter: jitter())
    }

    private func refused(
        _ error: TranshipError, _ look: ImportLook
    ) throws(TranshipError) -> Outcome {
        if error.code == .conflict {
            if look.isOthers { return look.leftToOthers() }
            if look.isUnderWay || look.image.status == .importing {
                return look.asked(WaitReason.importUnderWay)
            }
            if look.image.status == .active { return .advance(look.transfer.foundWhole()) }
            if error.isImportLock, look.overdue == nil {
                return look.later(WaitReason.importLocked)
            }
            if look.image.status == .uploading, look.transfer.holdsKeptID {
                // The service accepts no other body for this record, and refuses to import the
                // staged one.
                let next = try look.transfer.withoutKeptID(
                    "it is uploading, and its import is refused: \(error.message)")
                return .restart(next, after: error)
            }
        }
        guard Self.isAnswer(error), error.code != .quotaExceeded else { throw error }
        return try look.failed(
            TranshipError(
                .importFailed, "the import was refused: \(error.message)",
                hint: Self.hint(for: error, look.transfer.method), answer: error.answer)
        ).get()
    }

    /// Returns the hint for a refused import. The hint of a conflict is for a person who imports by
    /// hand.
    private static func hint(for error: TranshipError, _ method: UploadMethod) -> String? {
        if error.code != .conflict, let hint = error.hint { return hint }
        // An earlier process staged the data: the pipeline says `upload` already.
        guard method != .upload else { return nil }
        return "write `method: upload` at this target, which imports nothing, or ask its operator"
    }

    /// Handles a refused copy to further stores. The image is proved and stays, whatever the
    /// service answers.
    private func copyRefused(
        _ error: TranshipError, _ look: ImportLook, _ missing: [String]
    ) throws(TranshipError) -> Outcome {
        guard Self.isAnswer(error) else { throw error }
        guard error.code == .conflict else {
            return look.notCopied(error.message, missing: missing)
        }
        if look.isUnderWay { return look.asked(WaitReason.copyUnderWay) }
        guard error.isImportLock, look.overdue == nil else {
            return look.notCopied(error.message, missing: missing)
        }
        return look.later(WaitReason.importLocked)
    }

    /// Returns the newest task of this wait, which is for the import or for the copy to further
    /// stores. A proved image that is copied still has the task of its import.
    private func newestTask(
        _ transfer: Transfer, _ id: String
    ) async throws(TranshipError) -> ImageTask? {
        do {
            return try await service.tasks(ofImage: id).filter {
                guard let method = $0.importMethod else { return true }
                return (method == .copyImage) == transfer.placement.isCopying
            }.newest
        } catch {
            // Services before 2.12 have no such list, and some users may not read it. Then the
            // image alone must do.
            guard error.code == .notFound || error.code == .forbidden else { throw error }
            return nil
        }
    }
}
