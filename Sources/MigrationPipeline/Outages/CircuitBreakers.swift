// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Tracks which endpoints answer, so that a dead one does not use up every image's tries.
///
/// An endpoint is an Image service or a host; the caller names it. After
/// ``RetryPolicy/outageFailures`` failures in a row that look like the endpoint's fault, its images
/// wait without losing a try. One of them at a time probes whether the endpoint answers again.
/// Pure: the caller passes the time in.
struct CircuitBreakers: Sendable {
    /// An endpoint that does not answer.
    private struct Outage: Sendable {
        var since: Int64
        var probeAt: Int64
        var probes = 0
        /// The transfer that probes.
        var probing: Int64?
        var error: TranshipError
    }

    /// The start or end of an outage, to be recorded and reported.
    enum News: Sendable {
        case stopped(String, TranshipError)
        case answered(String, afterSeconds: Int64)
    }

    private let policy: RetryPolicy
    private var failures: [String: Int] = [:]
    private var outages: [String: Outage] = [:]
    /// Events that have not been reported yet, oldest first.
    private var news: [News] = []
    private var isTelling = false

    init(_ policy: RetryPolicy) {
        self.policy = policy
    }

    /// True while the breaker is open, even after the run gave up on the endpoint.
    func isOpen(_ endpoint: String) -> Bool { outages[endpoint] != nil }

    /// The last failure of each endpoint that does not answer.
    var errors: [String: TranshipError] { outages.mapValues(\.error) }

    /// The endpoints that do not answer, in alphabetical order, for a display.
    var open: [(endpoint: String, since: Int64, nextTryAt: Int64?, givesUpAt: Int64)] {
        outages.sorted { $0.key < $1.key }.map { endpoint, outage in
            (
                endpoint, outage.since, outage.probing == nil ? outage.probeAt : nil,
                outage.since + Int64(clamping: policy.outageSecondsMax * 1000)
            )
        }
    }

    /// Returns true if a transfer may use the endpoint: it answers, or a probe is due and no other
    /// transfer is probing.
    func admits(_ endpoint: String, at now: Int64) -> Bool {
        guard let outage = outages[endpoint] else { return true }
        return outage.probing == nil && outage.probeAt <= now && !isDead(outage, at: now)
    }

    /// The time of the next probe, or nil if none is due.
    func nextProbe(after now: Int64) -> Int64? {
        outages.values.filter {
            $0.probing == nil && $0.probeAt > now && !isDead($0, at: now)
        }.map(\.probeAt).min()
    }

    /// Records that an admitted transfer starts.
    mutating func begins(_ id: Int64, at endpoint: String) {
        if outages[endpoint] != nil { outages[endpoint]?.probing = id }
    }

    mutating func failed(
        _ id: Int64, at endpoint: String, with error: TranshipError, now: Int64
    ) {
        if let outage = outages[endpoint] {
            // Other transfers were in flight when the breaker opened, so their failures are not
            // news.
            if outage.probing == id { looked(endpoint, now: now) }
            outages[endpoint]?.error = error
            return
        }
        failures[endpoint, default: 0] += 1
        guard failures[endpoint, default: 0] >= policy.outageFailures else { return }
        let first = Int64(clamping: policy.probeSeconds * 1000)
        outages[endpoint] = Outage(since: now, probeAt: now + first, error: error)
        news.append(.stopped(endpoint, error))
    }

    mutating func answered(_ endpoint: String, now: Int64) {
        failures[endpoint] = nil
        guard let outage = outages.removeValue(forKey: endpoint) else { return }
        news.append(.answered(endpoint, afterSeconds: (now - outage.since) / 1000))
    }

    /// Returns the next event to report; nil if there is none, or if another task is reporting,
    /// which will report this one, too. A report takes time, and the end of an outage must not
    /// overtake its beginning, so the caller calls ``told()`` after its report.
    mutating func nextNews() -> News? {
        guard !isTelling, !news.isEmpty else { return nil }
        isTelling = true
        return news.removeFirst()
    }

    mutating func told() { isTelling = false }

    /// Records that the transfer ended without showing anything about the endpoint.
    mutating func left(_ id: Int64, now: Int64) {
        for (endpoint, outage) in outages where outage.probing == id {
            looked(endpoint, now: now)
        }
    }

    private mutating func looked(_ endpoint: String, now: Int64) {
        guard var outage = outages[endpoint] else { return }
        outage.probing = nil
        outage.probes += 1
        var seconds = policy.probeSeconds
        for _ in 0..<min(outage.probes, 20) { seconds *= 2 }
        outage.probeAt = now + Int64(clamping: min(seconds, 12 * policy.probeSeconds) * 1000)
        outages[endpoint] = outage
    }

    private func isDead(_ outage: Outage, at now: Int64) -> Bool {
        outage.probing == nil && Double(now - outage.since) >= policy.outageSecondsMax * 1000
    }
}

extension TranshipError {
    /// True for failures that a dead endpoint also causes: no connection, no answer, or an error
    /// from a gateway.
    var looksLikeOutage: Bool {
        guard isTransient else { return false }
        if let answer { return [502, 503, 504].contains(answer.status) }
        return [.unreachable, .timedOut, .connectionLost].contains(code)
    }
}
