// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams

/// The shortest answer time of each origin, as far as this client has seen.
final class AnswerTimes: Sendable {
    private struct Seen {
        var answers = 0
        var shortestSeconds = Double.infinity
    }

    /// The maximum number of origins whose times are kept. A run asks fewer.
    private static let originsMax = 1000
    private static let answersMin = 2

    private let seen = Guarded<[Origin: Seen]>([:])

    func add(_ seconds: Double, of url: String) {
        guard let origin = Origin(url) else { return }
        seen.withLock { seen in
            guard seen[origin] != nil || seen.count < Self.originsMax else { return }
            seen[origin, default: Seen()].answers += 1
            let shortest = seen[origin]?.shortestSeconds ?? .infinity
            seen[origin]?.shortestSeconds = min(shortest, seconds)
        }
    }

    func shortest(of url: String) -> Double? {
        guard let origin = Origin(url), let seen = seen.withLock({ $0[origin] }),
            seen.answers >= Self.answersMin
        else { return nil }
        return seen.shortestSeconds
    }
}
