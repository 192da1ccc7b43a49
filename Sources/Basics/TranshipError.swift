// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The reason for a failure, with a hint for the operator.
///
/// `message` says what happened, with the values involved, and names the source of words that it
/// repeats ("Glance answered 409: …"). `hint` is the next thing to try; it is nil if there is
/// nothing useful to try. Neither contains a token, a password or a signed URL. Both start in lower
/// case and end without a full stop.
///
/// Match on ``code``, which is stable. The text may change in any release.
public struct TranshipError: Error, Sendable {
    /// The kind of failure.
    public let code: Code
    /// The event, in words. At most 10,000 characters, because it may repeat words of any length
    /// from a service, a file or a journal. A URL in it has at most 200: its middle is left out.
    public private(set) var message: String
    /// The next thing to try. At most 10,000 characters, as the message.
    public var hint: String? {
        leavesNothing ? advice.map { "\($0); nothing was left at the target" } : advice
    }

    private var advice: String?
    /// True if the data that the error is about is discarded; the hint then ends by saying so.
    private var leavesNothing: Bool

    /// The answer of the service, if an answer is the failure.
    public let answer: ServiceAnswer?

    /// True if the same request may succeed later although nothing was changed: a timeout, a reset,
    /// 408, 429 and most of 5xx. It decides about retries and the exit code, never about whether
    /// data can be trusted.
    public let isTransient: Bool

    /// The side on which the error happened, if the pipeline knows the side.
    public private(set) var side: Side?

    public enum Side: Sendable { case source, target }

    /// The names that are in the message already, so that a caller does not add them again: of a
    /// cloud, or of the server that answered.
    private var names: Set<String>
    /// `file:line:column` of the part of the pipeline file that the error is about, if known. The
    /// message need not repeat it.
    public private(set) var place: String?

    /// The underlying error: from curl, SQLite or the file system.
    public let cause: (any Error)?

    /// - Parameters:
    ///   - name: a name that the message contains, for ``isNaming(_:)``.
    ///   - leavesNothing: true if the data that the error is about is discarded; the hint then ends
    ///     by saying so.
    public init(
        _ code: Code, _ message: String, hint: String? = nil, answer: ServiceAnswer? = nil,
        isTransient: Bool = false, side: Side? = nil, cause: (any Error)? = nil,
        naming name: String? = nil, leavesNothing: Bool = false
    ) {
        self.code = code
        self.message = Self.bounded(message.withShortURLs)
        self.advice = hint.map(Self.bounded)
        self.leavesNothing = leavesNothing
        self.answer = answer
        self.isTransient = isTransient
        self.side = side
        self.cause = cause
        names = name.map { [$0] } ?? []
    }

    private static let charactersMax = 10_000

    private static func bounded(_ words: String) -> String {
        words.utf8.count > charactersMax ? words.cut(to: charactersMax - 1) : words
    }

    /// Returns the same error with `context` in front of its message: the action that failed.
    /// `name` is a name that `context` contains, for ``isNaming(_:)``.
    public func whileDoing(_ context: String, naming name: String? = nil) -> TranshipError {
        changed {
            $0.message = Self.bounded("\(context): \(message)")
            if let name { $0.names.insert(name) }
        }
    }

    /// Returns the same error, with the name of its cloud in front.
    public func of(cloud: String) -> TranshipError {
        whileDoing("cloud \"\(cloud)\"", naming: cloud)
    }

    /// True if the message contains the name of this cloud or server, as the author of the message
    /// declared.
    public func isNaming(_ name: String) -> Bool { names.contains(name) }

    /// Returns the same error, with words behind its message.
    public func adding(_ words: String) -> TranshipError {
        changed { $0.message = Self.bounded("\(message)\(words)") }
    }

    /// True if a service answered with a refusal, or with an answer that cannot be read.
    public var isAnAnswer: Bool { answer != nil || code == .invalidAnswer }

    /// Returns the same error with another hint, for a caller that knows a better one.
    ///
    /// - Parameters:
    ///   - hint: the new hint, which is cut to 10,000 characters.
    ///   - leavesNothing: true if the data is discarded; the hint then ends by saying so.
    public func hinting(_ hint: String, leavesNothing: Bool = false) -> TranshipError {
        changed {
            $0.advice = Self.bounded(hint)
            $0.leavesNothing = leavesNothing
        }
    }

    /// Returns the same error after the target failed to discard the copy. A hint that said that
    /// nothing was left now names the copy.
    ///
    /// - Parameter obstacle: the reason why the copy was not discarded.
    package func leaving(copy id: String, because obstacle: TranshipError) -> TranshipError {
        guard leavesNothing, let advice else { return self }
        return hinting(
            "\(advice); the unfinished copy is still at the target, since it could not be discarded "
                + "(\(obstacle.message)): delete it with `openstack image delete \(id)`, or run again"
        )
    }

    /// Returns the same error with the side on which it happened.
    public func at(_ side: Side) -> TranshipError {
        changed { $0.side = side }
    }

    /// Returns the same error with its place in the pipeline file. Keeps a place that it already
    /// has.
    public func at(place: String) -> TranshipError {
        changed { $0.place = $0.place ?? place }
    }

    private func changed(_ change: (inout TranshipError) -> Void) -> TranshipError {
        var error = self
        change(&error)
        return error
    }

    /// Turns any error into one of this type. Unknown errors get ``Code/unclassified``.
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

/// The answer with which a service refused a request.
public struct ServiceAnswer: Hashable, Sendable {
    /// The service that answered, as messages name it.
    public enum Service: String, Sendable {
        case image = "Glance"
        case identity = "Keystone"
        case identityProvider = "the identity provider"
        case source = "the source"
        case other = "the service"
    }

    public var service: Service
    /// The HTTP status, 100 to 599.
    public var status: Int
    /// The message of the service, taken out of its JSON or HTML; at most 1,000 characters. Empty
    /// if the service gave none.
    public var message: String
    /// `x-openstack-request-id`, by which the operator of the cloud finds the request.
    public var requestID: String?
    /// The request: method and path, without the values of the query.
    public var asked: String
    /// `Retry-After` in seconds (RFC 9110, section 10.2.3), if the service sent it.
    public var retryAfterSeconds: Int?

    public init(
        status: Int, message: String, requestID: String? = nil, asked: String,
        retryAfterSeconds: Int? = nil, service: Service = .other
    ) {
        self.service = service
        self.status = status
        self.message = message
        self.requestID = requestID
        self.asked = asked
        self.retryAfterSeconds = retryAfterSeconds
    }
}

extension TranshipError: CustomStringConvertible {
    /// The message, and the hint on a line of its own.
    public var description: String {
        guard let hint else { return message }
        return "\(message)\nhint: \(hint)"
    }
}
