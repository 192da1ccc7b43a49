// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// How often it is looked whether something has come, and until when.
public struct Pace: Sendable, Hashable {
    /// Between one look and the next.
    public var intervalSeconds: Double
    /// From the first look on; nil waits for ever.
    public var deadlineSeconds: Double?

    /// - Parameter deadlineSeconds: from the first look on; nil waits for ever.
    public init(intervalSeconds: Double = 2, deadlineSeconds: Double? = 3600) {
        self.intervalSeconds = max(0, intervalSeconds)
        self.deadlineSeconds = deadlineSeconds
    }
}

/// What one look found.
enum Look<Value> {
    case come(Value)
    /// Not yet, and how it stands: for the message when the deadline passes.
    case notYet(String)
}

extension Pace {
    /// Looks until it has come. The last look is at the deadline or after it.
    ///
    /// Failures that pass by themselves (a restart of the service, a proxy's
    /// 502) count as "not yet".
    ///
    /// - Throws: what `look` throws, ``TranshipError/Code/interrupted``, and
    ///   `late` of the last thing that was seen.
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

    /// For messages: "after 120 s".
    var afterDeadline: String { deadlineSeconds.map { "after \($0.formattedSeconds)" } ?? "" }
}

extension Double {
    var formattedSeconds: String {
        self == rounded() && abs(self) < 1e9 ? "\(Int(self)) s" : "\(self) s"
    }
}
