// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// What follows a failed try.
///
/// Pure: the random part is handed in, so that tests can name it.
public struct RetryPolicy: Sendable {
    /// Tries per transfer and run, the first one included.
    public var attemptsMax: Int
    /// The longest wait between two tries, in seconds.
    public var backoffSecondsMax: Double

    public init(attemptsMax: Int, backoffSecondsMax: Double = 60) {
        self.attemptsMax = attemptsMax
        self.backoffSecondsMax = backoffSecondsMax
    }

    public enum Decision: Sendable, Hashable {
        case retry(afterSeconds: Double)
        case giveUp
    }

    /// - Parameters:
    ///   - attempts: failed tries so far, this one included.
    ///   - chance: uniformly from 0 up to 1, for full jitter.
    public func decide(_ error: MigrationError, attempts: Int, chance: Double) -> Decision {
        // A conflict is a state that we did not expect: worth one more look.
        let allowed = error.code == .conflict ? min(2, attemptsMax) : attemptsMax
        guard error.isTransient || error.code == .conflict, attempts < allowed else {
            return .giveUp
        }
        if let seconds = error.answer?.retryAfterSeconds {
            // The service's own wish, within reason.
            return .retry(afterSeconds: Double(min(seconds, 3600)))
        }
        var ceiling = 1.0
        for _ in 0..<min(attempts, 20) { ceiling *= 2 }
        return .retry(afterSeconds: 0.2 + chance * min(ceiling, backoffSecondsMax))
    }
}
