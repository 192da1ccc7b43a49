// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

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

    let targets: [String: ImageService]
    let now: @Sendable () -> Int64

    /// The shortest and the longest time between two looks, in seconds.
    static let pollSeconds = 0.5...15.0

    public init(targets: [String: ImageService], now: @escaping @Sendable () -> Int64) {
        self.targets = targets
        self.now = now
    }

    public func look(_ given: Transfer) async throws(MigrationError) -> Outcome {
        var transfer = given
        guard let service = targets[transfer.targetKey], let id = transfer.imageID else {
            throw MigrationError(
                .invalidPipeline, "the pipeline has no target \(transfer.targetKey) any more",
                hint: "put the target back, or start with another --journal")
        }
        let started = transfer.waitStartedAt ?? now()
        transfer.waitStartedAt = started
        let image: Image
        do {
            image = try await service.image(id)
        } catch {
            guard error.code == .notFound else { throw error }
            transfer.abandonRecord()
            return .advance(transfer)
        }
        switch image.status.rawValue {
        case "active":
            transfer.waitStartedAt = nil
            return .advance(transfer.moved(to: .verifying))
        case "uploading":
            return try await ask(transfer, service, image)
        case "importing", "queued", "saving":
            return try await judge(transfer, service, image)
        default:
            throw MigrationError(
                .unexpectedState,
                "image \(id) is \(image.status.rawValue) although its import was asked for",
                hint: "look at it with `openstack image show \(id)`, then run again")
        }
    }

    /// All data is staged and no import has been seen to start: asks for it.
    private func ask(
        _ transfer: Transfer, _ service: ImageService, _ image: Image
    ) async throws(MigrationError) -> Outcome {
        if image.importTaskIsKnown {
            return try await judge(transfer, service, image)
        }
        do {
            try await service.importImage(
                image.id,
                ImportRequest(
                    .glanceDirect, stores: transfer.record.store.map { .named([$0]) } ?? .standard))
        } catch {
            guard error.code == .conflict else { throw error }
            // 409: an import is under way already, which its task shows, or one
            // can never be (a store that is not there).
            let waited = waitedSeconds(transfer)
            if waited > Self.refusedSecondsMax, try await newestTask(service, image.id) == nil {
                throw MigrationError(
                    .importFailed, "the import of image \(image.id) is refused: \(error.message)",
                    hint: "check the target's stores and import methods, or use `method: upload`",
                    answer: error.answer)
            }
            return try await judge(transfer, service, image)
        }
        return snoozed(transfer, "the import was asked for")
    }

    /// How long an import may be refused without a sign of another one.
    static let refusedSecondsMax: Int64 = 60

    private func judge(
        _ transfer: Transfer, _ service: ImageService, _ image: Image
    ) async throws(MigrationError) -> Outcome {
        let task = try await newestTask(service, image.id)
        if task?.status == .failure || task == nil && image.status.rawValue == "queued" {
            let words = task.flatMap { $0.message.isEmpty ? nil : $0.message }
            throw MigrationError(
                .importFailed,
                "the import of image \(image.id) failed; its task says: \(words ?? "nothing")",
                hint:
                    "ask the target's operator about task \(task?.id ?? "?"), or use `method: upload`"
            )
        }
        let waited = waitedSeconds(transfer)
        let allowed = Self.deadlineSeconds(sizeBytes: transfer.sizeBytes)
        guard waited <= allowed else {
            throw MigrationError(
                .importTimedOut,
                "image \(image.id) is \(image.status.rawValue) after \(TimeSpan.format(waited)); "
                    + "its task \(task?.id ?? "?") is \(task?.status.rawValue ?? "unknown")",
                hint: "look at it with `openstack image task list`, then run again")
        }
        return snoozed(
            transfer, task?.message ?? "the service is importing (\(image.status.rawValue))")
    }

    /// Ten minutes and as long as 5 MiB/s take: slow stores are common, and a
    /// deadline that is too short costs a whole transfer.
    static func deadlineSeconds(sizeBytes: Int64?) -> Int64 {
        600 + (sizeBytes ?? 0) / (5 << 20)
    }

    private func waitedSeconds(_ transfer: Transfer) -> Int64 {
        max(0, now() - (transfer.waitStartedAt ?? now())) / 1000
    }

    /// Looks grow rarer with the time that was waited: a tenth of it.
    private func snoozed(_ transfer: Transfer, _ reason: String) -> Outcome {
        let waited = Double(waitedSeconds(transfer))
        let seconds = min(
            max(waited / 10, Self.pollSeconds.lowerBound), Self.pollSeconds.upperBound)
        return .snooze(transfer, seconds: seconds, reason: reason)
    }

    private func newestTask(
        _ service: ImageService, _ id: String
    ) async throws(MigrationError) -> ImageTask? {
        do {
            let tasks = try await service.tasks(ofImage: id)
            return tasks.max { ($0.createdAt ?? "") < ($1.createdAt ?? "") }
        } catch {
            // Services before 2.12 have no such list: the image alone must do.
            guard error.code == .notFound else { throw error }
            return nil
        }
    }
}

extension Image {
    /// The service's own note of the import that works on the image.
    fileprivate var importTaskIsKnown: Bool {
        properties["os_glance_import_task"]?.string?.isEmpty == false
    }
}
