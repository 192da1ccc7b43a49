// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Waits until a task has a status. By default it takes an admin, like all calls on
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
                guard let task = try await taskIfPresent(id) else {
                    throw TranshipError(
                        .waitFailed, "task \(id) is gone; the wait was for \(status)")
                }
                onLook(task)
                if task.status == status { return .come(task) }
                guard !failures.contains(task.status) else { throw task.failure }
                return .notYet(task.standing)
            })
    }

    private func taskIfPresent(_ id: String) async throws(TranshipError) -> ImageTask? {
        do throws(TranshipError) {
            return try await task(id)
        } catch  where error.code == .notFound {
            return nil
        }
    }
}

extension ImageTask {
    /// The error of a task that ended in a status that was not wanted.
    var failure: TranshipError {
        TranshipError(
            .importFailed,
            "task \(id) ended as \(status): \(message.isEmpty ? "without a message" : message)",
            hint: requestHint)
    }

    var requestHint: String? {
        requestID.map { "the cloud's operator finds it in the service's log by request \($0)" }
    }

    /// For messages: "is processing (Copied 15 MiB)".
    var standing: String { "is \(status)" + (message.isEmpty ? "" : " (\(message))") }
}
