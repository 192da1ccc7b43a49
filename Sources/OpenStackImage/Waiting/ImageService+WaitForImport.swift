// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Starts an import and waits for its end; also for `copy-image`, during
    /// which the image is active all the time.
    ///
    /// An image whose last import has only just ended is refused for a moment
    /// ("has active task"): that is waited for too, for half a minute.
    ///
    /// - Throws: as ``importImage(_:_:)`` and
    ///   ``waitForImport(of:ignoring:pace:onLook:)``.
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

    /// Waits until what the service was asked to do with an image's data is
    /// done: an import, a copy, a location that was added.
    ///
    /// Looks at the image *and* at its tasks: an import that fails puts the
    /// image back to `queued`, some failures leave it as it is, and only the
    /// task says why. On clouds older than API 2.12, which show no tasks, the
    /// image alone decides.
    ///
    /// - Parameter earlierTaskIDs: the tasks that were there before.
    /// - Throws: ``TranshipError/Code/importFailed`` with the task's own
    ///   words, ``TranshipError/Code/importTimedOut``.
    @discardableResult
    public func waitForImport(
        of id: String, ignoring earlierTaskIDs: Set<String> = [], pace: Pace = .init(),
        onLook: @Sendable (Image, ImageTask?) -> Void = { _, _ in }
    ) async throws(TranshipError) -> Image {
        try await pace.wait(
            late: { Self.late("the import of image \(id)", "done", pace, $0, .importTimedOut) },
            look: {
                // The task first: what it says is then true of the image.
                let task = try await tasksIfKnown(ofImage: id)
                    .filter { !earlierTaskIDs.contains($0.id) }
                    .max { ($0.createdAt ?? "") < ($1.createdAt ?? "") }
                guard let image = try await imageIfPresent(id) else {
                    throw TranshipError(
                        .importFailed, "image \(id) was deleted while it was imported")
                }
                onLook(image, task)
                return try ImportStanding.look(at: image, task)
            })
    }

    private func tryImport(
        _ id: String, _ request: ImportRequest
    ) async throws(TranshipError) -> Look<Void> {
        do throws(TranshipError) {
            try await importImage(id, request)
            return .come(())
        } catch  where error.isBusyImage {
            return .notYet(error.message)
        }
    }

    /// Empty on clouds that do not show an image's tasks.
    func tasksIfKnown(ofImage id: String) async throws(TranshipError) -> [ImageTask] {
        do throws(TranshipError) {
            return try await tasks(ofImage: id)
        } catch  where error.code == .notFound || error.code == .forbidden {
            return []
        }
    }
}

/// What an image and its task say together of an import.
enum ImportStanding {
    static func look(at image: Image, _ task: ImageTask?) throws(TranshipError) -> Look<Image> {
        switch image.status {
        case .killed, .deleted, .pendingDelete:
            throw TranshipError(
                .importFailed, "image \(image.id) became \(image.status) while it was imported")
        default: break
        }
        if let task {
            if task.status == .failure { throw task.failure.whileDoing("image \(image.id)") }
            guard task.status == .success, image.status == .active else {
                return .notYet("is \(image.status), its task \(task.standing)")
            }
            return .come(image)
        }
        if image.status == .active, stores("os_glance_importing_to_stores", of: image).isEmpty {
            return .come(image)
        }
        let failed = stores("os_glance_failed_import", of: image)
        if image.status == .queued, !failed.isEmpty {
            throw TranshipError(
                .importFailed,
                "the import of image \(image.id) into \(failed.joined(separator: ", ")) failed",
                hint: "this cloud does not show why; its operator finds it in the service's log")
        }
        return .notYet("is \(image.status)")
    }

    private static func stores(_ key: String, of image: Image) -> [String] {
        (image.properties[key]?.string ?? "").split(separator: ",").map(String.init)
    }
}

extension TranshipError {
    /// The lock of an import that has not quite ended.
    fileprivate var isBusyImage: Bool {
        guard code == .conflict, let words = answer?.message else { return false }
        return words.contains("active task") || words.contains("prior operation")
    }
}
