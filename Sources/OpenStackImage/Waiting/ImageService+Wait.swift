// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Waits until an image has a status.
    ///
    /// To wait for data that the service gets itself, use
    /// ``waitForImport(of:ignoring:pace:onLook:)``: after a failed import, the status returns to
    /// `queued`, which does not count as a failure here.
    ///
    /// - Parameter onLook: called with the image at each look.
    /// - Throws: ``TranshipError/Code/waitFailed`` if the image reaches one of `failures` or is
    ///   gone, ``TranshipError/Code/waitTimedOut``.
    @discardableResult
    public func waitForImage(
        _ id: String, until status: ImageStatus = .active,
        failures: Set<ImageStatus> = [.killed, .deleted, .pendingDelete], pace: Pace = .init(),
        onLook: @Sendable (Image) -> Void = { _ in }
    ) async throws(TranshipError) -> Image {
        try await waitForImage(
            id, description: "\(status)", failures: failures, pace: pace, onLook: onLook
        ) { $0.status == status }
    }

    /// Waits until an image meets a condition.
    ///
    /// - Parameter description: the condition, for messages.
    /// - Throws: as ``waitForImage(_:until:failures:pace:onLook:)``.
    @discardableResult
    public func waitForImage(
        _ id: String, description: String,
        failures: Set<ImageStatus> = [.killed, .deleted, .pendingDelete], pace: Pace = .init(),
        onLook: @Sendable (Image) -> Void = { _ in }, until isWanted: @Sendable (Image) -> Bool
    ) async throws(TranshipError) -> Image {
        try await pace.wait(
            late: { Self.late("image \(id)", description, pace, $0) },
            look: {
                guard let image = try await imageIfPresent(id) else {
                    throw TranshipError(
                        .waitFailed, "image \(id) is gone; the wait was for \(description)")
                }
                onLook(image)
                if isWanted(image) { return .come(image) }
                guard !failures.contains(image.status) else {
                    throw TranshipError(
                        .waitFailed,
                        "image \(id) became \(image.status) instead of \(description)")
                }
                return .notYet("is \(image.status)")
            })
    }

    /// Waits until an image is gone.
    ///
    /// - Throws: ``TranshipError/Code/waitTimedOut``.
    public func waitForDelete(
        _ id: String, pace: Pace = Pace(deadlineSeconds: 120),
        onLook: @Sendable (Image) -> Void = { _ in }
    ) async throws(TranshipError) {
        try await pace.wait(
            late: { Self.late("image \(id)", "deleted", pace, $0) },
            look: {
                guard let image = try await imageIfPresent(id) else { return .come(()) }
                onLook(image)
                return image.status == .deleted ? .come(()) : .notYet("is \(image.status)")
            })
    }

    static func late(
        _ what: String, _ wanted: String, _ pace: Pace, _ state: String,
        _ code: TranshipError.Code = .waitTimedOut
    ) -> TranshipError {
        TranshipError(
            code, "\(what) is not \(wanted) \(pace.afterDeadline); it \(state)",
            hint: "look again later, or wait longer")
    }
}

extension ImageService {
    /// Starts an import and waits until it ends. Works for `copy-image` too, during which the
    /// image stays active.
    ///
    /// For a moment after an import, the service refuses the next one of the same image ("has
    /// active task"). This call retries for half a minute.
    ///
    /// - Throws: as ``importImage(_:_:)`` and ``waitForImport(of:ignoring:pace:onLook:)``.
    @discardableResult
    public func importImage(
        _ id: String, _ request: ImportRequest, waiting pace: Pace,
        onLook: @Sendable (Image, ImageTask?) -> Void = { _, _ in }
    ) async throws(TranshipError) -> Image {
        let earlier = Set(try await tasksIfKnown(ofImage: id).map(\.id))
        try await Pace(intervalSeconds: 0.5, deadlineSeconds: 30).wait(
            late: { TranshipError(.conflict, $0) },
            look: { try await tryImport(id, request) })
        return try await waitForImport(of: id, ignoring: earlier, pace: pace, onLook: onLook)
    }

    /// Waits until the service has finished its work on the data of an image: an import, a copy, or
    /// an added location. ``ImportState`` describes the signs.
    ///
    /// - Parameter earlierTaskIDs: the tasks that the image had before.
    /// - Throws: ``TranshipError/Code/importFailed`` with the service's reason,
    ///   ``TranshipError/Code/importTimedOut``.
    @discardableResult
    public func waitForImport(
        of id: String, ignoring earlierTaskIDs: Set<String> = [], pace: Pace = .init(),
        onLook: @Sendable (Image, ImageTask?) -> Void = { _, _ in }
    ) async throws(TranshipError) -> Image {
        try await pace.wait(
            late: { Self.late("the import of image \(id)", "done", pace, $0, .importTimedOut) },
            look: {
                // Read the task first. Its report is then true of the image, which is read later.
                let task = try await tasksIfKnown(ofImage: id)
                    .filter { !earlierTaskIDs.contains($0.id) }.newest
                guard let image = try await imageIfPresent(id) else {
                    throw TranshipError(
                        .importFailed, "image \(id) was deleted while it was imported")
                }
                onLook(image, task)
                return try Self.look(at: image, task)
            })
    }

    static func look(at image: Image, _ task: ImageTask?) throws(TranshipError) -> Look<Image> {
        switch ImportState(of: image, task: task) {
        case .succeeded where image.status == .active: return .come(image)
        case .failed(let reason):
            throw TranshipError(
                .importFailed, "the import of image \(image.id) failed: \(reason)",
                hint: task?.requestHint
                    ?? "the cloud's operator finds more in the log of the service"
            )
        case .lost(let status) where status != .unknown:
            throw TranshipError(
                .importFailed, "image \(image.id) became \(status) while it was imported")
        default:
            let task = task.map { ", its task \($0.standing)" } ?? ""
            return .notYet("is \(image.status)\(task)")
        }
    }

    private func tryImport(
        _ id: String, _ request: ImportRequest
    ) async throws(TranshipError) -> Look<Void> {
        do throws(TranshipError) {
            try await importImage(id, request)
            return .come(())
        } catch  where error.isImportLock {
            return .notYet(error.message)
        }
    }

    /// Returns the tasks of an image; empty on clouds that do not show them.
    func tasksIfKnown(ofImage id: String) async throws(TranshipError) -> [ImageTask] {
        do throws(TranshipError) {
            return try await tasks(ofImage: id)
        } catch  where error.code == .notFound || error.code == .forbidden {
            return []
        }
    }
}

extension TranshipError {
    /// True if the service refused an import or a copy because an earlier one still holds the
    /// image's lock, which outlives its task a little. The service reports this only in words.
    package var isImportLock: Bool {
        guard code == .conflict else { return false }
        let words = answer?.message ?? message
        return ["active task", "in progress", "prior operation"].contains { words.contains($0) }
    }
}

extension ImageService {
    /// Waits until a task has a status. By default this needs an administrator, like all calls on
    /// `/v2/tasks`. Owners of images wait for their imports with
    /// ``waitForImport(of:ignoring:pace:onLook:)``.
    ///
    /// - Throws: ``TranshipError/Code/importFailed`` with the message of the task if it reaches one
    ///   of `failures`, ``TranshipError/Code/importTimedOut``, ``TranshipError/Code/waitFailed`` if
    ///   it is gone.
    @discardableResult
    public func waitForTask(
        _ id: String, until status: ImageTask.Status = .success,
        failures: Set<ImageTask.Status> = [.failure],
        pace: Pace = Pace(deadlineSeconds: 120),
        onLook: @Sendable (ImageTask) -> Void = { _ in }
    ) async throws(TranshipError) -> ImageTask {
        try await pace.wait(
            late: { Self.late("task \(id)", "\(status)", pace, $0, .importTimedOut) },
            look: {
                let found: ImageTask? = try await sendForRecordIfKnown(ImageTask.show(id))
                guard let task = found else {
                    throw TranshipError(
                        .waitFailed, "task \(id) is gone; the wait was for \(status)")
                }
                onLook(task)
                if task.status == status { return .come(task) }
                guard !failures.contains(task.status) else { throw task.failure }
                return .notYet(task.standing)
            })
    }
}

extension ImageTask {
    /// The error for a task that ended in a status that was not wanted.
    var failure: TranshipError {
        TranshipError(
            .importFailed,
            "task \(id) ended as \(status): \(message.isEmpty ? "without a message" : message)",
            hint: requestHint)
    }

    var requestHint: String? {
        requestID.map { "the cloud's operator finds it in the service's log by request \($0)" }
    }

    /// The status for messages: "is processing (Copied 15 MiB)".
    var standing: String { "is \(status)" + (message.isEmpty ? "" : " (\(message))") }
}
