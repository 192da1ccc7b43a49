// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The interval and the deadline of a wait.
public struct Pace: Sendable, Hashable {
    /// The time between two looks.
    public var intervalSeconds: Double
    /// The deadline, counted from the first look; nil to wait forever.
    public var deadlineSeconds: Double?

    /// - Parameter deadlineSeconds: the deadline, counted from the first look; nil to wait forever.
    public init(intervalSeconds: Double = 2, deadlineSeconds: Double? = 3600) {
        self.intervalSeconds = max(0, intervalSeconds)
        self.deadlineSeconds = deadlineSeconds
    }
}

/// The result of one look.
enum Look<Value> {
    case come(Value)
    /// The state is not reached yet. The text describes the state for the message after the
    /// deadline.
    case notYet(String)
}

extension Pace {
    /// Looks until the awaited value comes. The last look is at the deadline or later.
    ///
    /// Transient failures (a restart of the service, a 502 of a proxy) count as "not yet".
    ///
    /// - Throws: the errors of `look`, ``TranshipError/Code/interrupted``, and after the deadline
    ///   the error from `late`, with the state at the last look.
    func wait<Value>(
        late: (String) -> TranshipError, look: () async throws -> Look<Value>
    ) async throws(TranshipError) -> Value {
        let clock = ContinuousClock()
        let end = deadlineSeconds.map { clock.now + .seconds($0) }
        while true {
            let isLast = end.map { clock.now >= $0 } ?? false
            var state: String
            do {
                switch try await look() {
                case .come(let value): return value
                case .notYet(let how): state = how
                }
            } catch {
                let error = TranshipError(wrapping: error)
                guard error.isTransient, error.code != .interrupted else { throw error }
                state = error.message
            }
            if isLast { throw late(state) }
            var pause = Duration.seconds(intervalSeconds)
            if let end { pause = max(.zero, min(pause, end - clock.now)) }
            do {
                try await clock.sleep(for: pause)
            } catch {
                throw TranshipError(wrapping: error)
            }
        }
    }

    /// The deadline for messages: "after 120 s".
    var afterDeadline: String { deadlineSeconds.map { "after \($0.formattedSeconds)" } ?? "" }
}

extension Double {
    var formattedSeconds: String {
        self == rounded() && abs(self) < 1e9 ? "\(Int(self)) s" : "\(self) s"
    }
}
