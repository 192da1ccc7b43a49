// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Why something failed, and what the operator can do about it.
///
/// `message` says what happened, with the values involved, and names the source of words that it
/// repeats ("Glance answered 409: …"). `hint` is the next thing to try; without a useful one it is
/// nil. Neither contains a token, a password or a signed URL. Both start in lower case and end
/// without a full stop.
///
/// Match on ``code``, which is stable. The text may change in any release.
public struct TranshipError: Error, Sendable {
    /// The kind of failure.
    public let code: Code
    /// What happened. At most 10,000 characters: it may repeat what a service, a file or a journal
    /// says, which has any length. A URL in it has at most 200: its middle is left out.
    public private(set) var message: String
    /// What to try next. As long as a message may be.
    public var hint: String? {
        leavesNothing ? advice.map { "\($0); nothing was left at the target" } : advice
    }

    private var advice: String?
    /// True if the data that the error is about is discarded. The hint says so.
    private var leavesNothing: Bool

    /// The answer of the service, if an answer is the failure.
    public let answer: ServiceAnswer?

    /// True if the same request may succeed later without anybody doing something: a timeout, a
    /// reset, 408, 429 and most of 5xx. Decides about retries and the exit code, never about
    /// whether data can be trusted.
    public let isTransient: Bool

    /// The side on which it happened, if a pipeline knows it.
    public private(set) var side: Side?

    public enum Side: Sendable { case source, target }

    /// What the message names, so that a caller does not name it twice: a cloud, the server that
    /// answered.
    private var names: Set<String>
    /// `file:line:column` of the part of a pipeline that the error is about, if a pipeline knows it.
    /// The message need not repeat it.
    public private(set) var place: String?

    /// The underlying error: from curl, SQLite or the file system.
    public let cause: (any Error)?

    /// - Parameters:
    ///   - name: what the message names, as in ``isNaming(_:)``.
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

    /// The same error, with words in front that say what was being done. `name` is what they name,
    /// as in ``isNaming(_:)``.
    public func whileDoing(_ context: String, naming name: String? = nil) -> TranshipError {
        changed {
            $0.message = Self.bounded("\(context): \(message)")
            if let name { $0.names.insert(name) }
        }
    }

    /// The same error, with the name of its cloud in front.
    public func of(cloud: String) -> TranshipError {
        whileDoing("cloud \"\(cloud)\"", naming: cloud)
    }

    /// True if the message names this cloud or this server, by what its author said of it.
    public func isNaming(_ name: String) -> Bool { names.contains(name) }

    /// The same error, with words behind its message.
    public func adding(_ words: String) -> TranshipError {
        changed { $0.message = Self.bounded("\(message)\(words)") }
    }

    /// True if a service answered, with a refusal or with something that cannot be read.
    public var isAnAnswer: Bool { answer != nil || code == .invalidAnswer }

    /// The same error with another hint, for a caller that knows better.
    ///
    /// - Parameters:
    ///   - hint: as long as a message may be.
    ///   - leavesNothing: true if the data is discarded; the hint then ends by saying so.
    public func hinting(_ hint: String, leavesNothing: Bool = false) -> TranshipError {
        changed {
            $0.advice = Self.bounded(hint)
            $0.leavesNothing = leavesNothing
        }
    }

    /// The same error after the target did not discard the copy. A hint that says otherwise says what
    /// is left.
    ///
    /// - Parameter obstacle: why the copy was not discarded.
    package func leaving(copy id: String, because obstacle: TranshipError) -> TranshipError {
        guard leavesNothing, let advice else { return self }
        return hinting(
            "\(advice); the unfinished copy is still at the target, since it could not be discarded "
                + "(\(obstacle.message)): delete it with `openstack image delete \(id)`, or run again"
        )
    }

    /// The same error with the side on which it happened.
    public func at(_ side: Side) -> TranshipError {
        changed { $0.side = side }
    }

    /// The same error with its place in the pipeline. One that it has stays.
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

/// What a service answered when it refused, apart from our own words.
public struct ServiceAnswer: Hashable, Sendable {
    /// Who answered, in the words of messages.
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
    /// if it gave none.
    public var message: String
    /// `x-openstack-request-id`. The operator of the cloud finds the request by it.
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
