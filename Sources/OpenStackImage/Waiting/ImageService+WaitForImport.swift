// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

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

    /// Waits until the service has done what it was asked to do with the data of an image: an
    /// import, a copy, a location that was added. ``ImportState`` says how it knows.
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
                // The task first: what it says is then true of the image, which is read later.
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
        } catch  where error.isBusyImage {
            return .notYet(error.message)
        }
    }

    /// Empty on clouds that do not show the tasks of an image.
    func tasksIfKnown(ofImage id: String) async throws(TranshipError) -> [ImageTask] {
        do throws(TranshipError) {
            return try await tasks(ofImage: id)
        } catch  where error.code == .notFound || error.code == .forbidden {
            return []
        }
    }
}

extension TranshipError {
    /// The lock of an import that is not quite over.
    fileprivate var isBusyImage: Bool {
        guard code == .conflict, let words = answer?.message else { return false }
        return words.contains("active task") || words.contains("prior operation")
    }
}
