// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Why something could not be done, and what the operator can do about it.
///
/// `message` states what happened with the values involved and says whose
/// words it repeats ("Glance answered 409: …"). `hint` is the next thing to
/// try; it is left out rather than unhelpful. Neither ever holds a token, a
/// password or a signed URL. Both start in lower case and end without a stop.
///
/// Match on ``code``, which is stable. The text may change in any release.
public struct TranshipError: Error, Sendable {
    public let code: Code
    public let message: String
    public let hint: String?

    /// What a service answered, where an answer is what failed.
    public let answer: ServiceAnswer?

    /// True when the same request may succeed later without anybody's help:
    /// a timeout, a reset, 408, 429 and most of 5xx. Decides retries and the
    /// exit code, never whether data may be trusted.
    public let isTransient: Bool

    /// At which end it happened, where a pipeline knows it.
    public let side: Side?

    public enum Side: Sendable { case source, target }

    /// What failed underneath: a curl, SQLite or file system error.
    public let cause: (any Error)?

    public init(
        _ code: Code, _ message: String, hint: String? = nil, answer: ServiceAnswer? = nil,
        isTransient: Bool = false, side: Side? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.answer = answer
        self.isTransient = isTransient
        self.side = side
        self.cause = cause
    }

    /// The same error with words in front that say what was being done.
    public func whileDoing(_ context: String) -> TranshipError {
        TranshipError(
            code, "\(context): \(message)", hint: hint, answer: answer, isTransient: isTransient,
            side: side, cause: cause)
    }

    /// The same error with another hint, for a caller that knows better.
    public func hinting(_ hint: String) -> TranshipError {
        TranshipError(
            code, message, hint: hint, answer: answer, isTransient: isTransient, side: side,
            cause: cause)
    }

    /// The same error with the end at which it happened.
    public func at(_ side: Side) -> TranshipError {
        TranshipError(
            code, message, hint: hint, answer: answer, isTransient: isTransient, side: side,
            cause: cause)
    }

    /// Any error as one of ours: unknown ones become ``Code/unclassified``.
    public init(wrapping error: any Error) {
        if let error = error as? TranshipError {
            self = error
        } else if error is CancellationError {
            self.init(.interrupted, "interrupted", isTransient: true)
        } else {
            self.init(.unclassified, "\(error)", cause: error)
        }
    }
}

/// What a service said when it refused: kept apart from our own words.
public struct ServiceAnswer: Hashable, Sendable {
    /// The HTTP status, 100 to 599.
    public var status: Int
    /// The service's own message, taken out of its JSON or HTML; at most 1,000
    /// characters, empty when it said nothing.
    public var message: String
    /// `x-openstack-request-id`, which the operator of that cloud can look up.
    public var requestID: String?
    /// What was asked: method and path, without query values.
    public var asked: String
    /// `Retry-After` in seconds (RFC 9110, section 10.2.3), when it was sent.
    public var retryAfterSeconds: Int?

    public init(
        status: Int, message: String, requestID: String? = nil, asked: String,
        retryAfterSeconds: Int? = nil
    ) {
        self.status = status
        self.message = message
        self.requestID = requestID
        self.asked = asked
        self.retryAfterSeconds = retryAfterSeconds
    }
}

extension TranshipError: CustomStringConvertible {
    /// The message and, on a line of its own, the hint.
    public var description: String {
        guard let hint else { return message }
        return "\(message)\nhint: \(hint)"
    }
}
