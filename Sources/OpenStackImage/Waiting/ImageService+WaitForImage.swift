// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Waits until an image has a status.
    ///
    /// To wait for data that the service gets by itself, use
    /// ``waitForImport(of:ignoring:pace:onLook:)``: a failed import returns to `queued`, which is
    /// not a failure in itself.
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
            hint: "it may still happen: look again, or wait longer")
    }
}
