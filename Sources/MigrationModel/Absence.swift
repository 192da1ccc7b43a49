// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A source or a target that a plan had to do without: it did not answer, refused the login, or
/// could not be read. An unread listing is not an empty one: nothing that was copied from such a
/// source, or to such a target, is changed.
public struct Absence: Sendable, Hashable {
    public enum Side: String, Sendable, CaseIterable { case source, target }

    public var side: Side
    /// What the pipeline file calls it: of a cloud the entry, with its region and project.
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

    /// Codes of a login that failed, or of a cloud without an Image service: the pipeline has to be
    /// changed, or the cloud.
    public static let refusedLogins: [TranshipError.Code] = [
        .authenticationFailed, .unauthorized, .notKeystone, .noImageService,
    ]

    public var isRefusedLogin: Bool { Self.refusedLogins.contains(failure.code) }

    /// True if someone has to do something before it can be used again.
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

    /// What becomes of the others, for a warning.
    public var consequence: String {
        switch side {
        case .source: "the others go on, and what was copied from it stays as it is"
        case .target: "the others go on, and the next run copies what it lacks"
        }
    }

    private var use: String { side == .source ? "listed" : "used" }

    /// A service that answers with an error answers.
    private var isSilent: Bool {
        guard side == .source else { return failure.isTransient }
        return [.unreachable, .timedOut, .connectionLost].contains(failure.code)
    }

    /// The error, for a command that does nothing without it.
    public var error: TranshipError {
        TranshipError(
            failure.code, failure.message, hint: failure.hint, isTransient: failure.isTransient)
    }
}

extension [Absence] {
    /// The exit code that says so, if nothing worse happened; nil if all answered.
    public var exitStatus: ExitStatus? {
        if isEmpty { return nil }
        if contains(where: \.isRefusedLogin) { return .fatal }
        return contains(where: \.isLasting) ? .someFailed : .retryableLeft
    }
}

extension TranshipError {
    /// False for what concerns the whole run: an interruption, the pipeline file, the clouds file or
    /// the journal. The sources that do not have the error go on.
    public var isOfOneSource: Bool {
        let ofAll: [Code] = [
            .interrupted, .usage, .invalidPipeline, .unknownCloud, .invalidCloudsFile,
            .invalidChecksum, .journalInUse, .journalMissing, .journalTooNew, .journalFailed,
        ]
        return !ofAll.contains(code) && !Task.isCancelled
    }
}
