// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A source or a target that a plan could not use: it did not answer, refused the login, or could
/// not be read. Its unread listing does not count as empty: the plan changes no image that was
/// copied from such a source or to such a target.
public struct Absence: Sendable, Hashable {
    public enum Side: String, Sendable, CaseIterable { case source, target }

    public var side: Side
    /// The name in the pipeline file; for a cloud, its entry with region and project.
    public var name: String
    public var failure: Transfer.Failure

    public init(_ side: Side, _ name: String, _ failure: Transfer.Failure) {
        self.side = side
        self.name = name
        self.failure = failure
    }

    public init(_ side: Side, _ name: String, _ error: TranshipError) {
        self.init(side, name, Transfer.Failure(error))
    }

    /// The codes for a failed login or a cloud without an Image service: the operator has to change
    /// the pipeline or the cloud.
    public static let refusedLogins: [TranshipError.Code] = [
        .authenticationFailed, .unauthorized, .notKeystone, .noImageService,
    ]

    public var isRefusedLogin: Bool { Self.refusedLogins.contains(failure.code) }

    /// True if an operator has to do something before the source or target can be used again.
    public var isLasting: Bool { isRefusedLogin || !failure.isTransient }

    /// `source old`
    public var label: String { "\(side.rawValue) \(name)" }

    /// `source old does not answer`
    public var words: String {
        isRefusedLogin
            ? "\(label) cannot be logged in to"
            : isSilent ? "\(label) does not answer" : "\(label) cannot be \(use)"
    }

    /// `source old did not answer`
    public var pastWords: String {
        isRefusedLogin
            ? "\(label) could not be logged in to"
            : isSilent ? "\(label) did not answer" : "\(label) could not be \(use)"
    }

    /// The effect on other images, for a warning.
    public var consequence: String {
        switch side {
        case .source: "the others go on, and what was copied from it stays as it is"
        case .target: "the others go on, and the next run copies what it lacks"
        }
    }

    private var use: String { side == .source ? "listed" : "used" }

    /// True if the source or target did not answer. For a source, any transient failure counts so;
    /// a target that answers with an error does answer.
    private var isSilent: Bool {
        guard side == .source else { return failure.isTransient }
        return [.unreachable, .timedOut, .connectionLost].contains(failure.code)
    }

    /// The error, for a command that cannot work without the source or target.
    public var error: TranshipError {
        TranshipError(
            failure.code, failure.message, hint: failure.hint, isTransient: failure.isTransient)
    }
}

extension [Absence] {
    /// The exit code for these absences, if nothing worse happened; nil if there are none.
    public var exitStatus: ExitStatus? {
        if isEmpty { return nil }
        if contains(where: \.isRefusedLogin) { return .fatal }
        return contains(where: \.isLasting) ? .someFailed : .retryableLeft
    }
}

extension TranshipError {
    /// True if the error concerns only one source, so that the other sources go on. False for an
    /// interruption, and for errors of the pipeline file, the clouds file or the journal.
    public var isOfOneSource: Bool {
        let ofAll: [Code] = [
            .interrupted, .usage, .invalidPipeline, .unknownCloud, .invalidCloudsFile,
            .invalidChecksum, .journalInUse, .journalMissing, .journalTooNew, .journalFailed,
        ]
        return !ofAll.contains(code) && !Task.isCancelled
    }
}
