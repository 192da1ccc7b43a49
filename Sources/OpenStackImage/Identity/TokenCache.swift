// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// One token that any number of callers share.
///
/// - The token is renewed shortly before it expires, and never while enough of its lifetime is
///   left.
/// - Only one request at a time goes to Keystone, and all waiting callers share its result. A
///   failure goes to the waiting callers and is not kept.
/// - A cancelled caller stops waiting at once. The request continues for the others.
actor TokenCache {
    struct Held: Sendable {
        var token: IssuedToken
        /// The time of the request, on a clock that cannot be set and that runs while the machine
        /// sleeps.
        var obtained: ContinuousClock.Instant

        func secondsLeft(at now: ContinuousClock.Instant) -> Int64 {
            token.lifetimeSeconds - obtained.duration(to: now).components.seconds
        }
    }

    typealias Outcome = Result<Held, TranshipError>

    /// The time that a request may need to arrive and be checked before its token expires.
    static let marginSecondsMax: Int64 = 60

    private let issue: @Sendable () async -> Result<IssuedToken, TranshipError>
    private let now: @Sendable () -> ContinuousClock.Instant
    private let executor: (any TaskExecutor)?
    private var held: Held?
    private var isIssuing = false
    private var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
    private var nextID = 0

    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        executor: (any TaskExecutor)? = nil,
        issue: @escaping @Sendable () async -> Result<IssuedToken, TranshipError>
    ) {
        self.issue = issue
        self.now = now
        self.executor = executor
    }

    /// Returns a token that is valid at least for the margin and, if Keystone's tokens live that
    /// long, for `seconds`.
    func token(validForSeconds seconds: Int64 = 0) async throws(TranshipError) -> IssuedToken {
        if let held, isGood(held, for: seconds) { return held.token }
        nextID += 1
        let id = nextID
        let outcome: Outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
                // The handler below may have run before this registers. Its call to this actor
                // comes later, but the flag is set now.
                guard !Task.isCancelled else {
                    return continuation.resume(returning: .failure(Self.interrupted))
                }
                waiting[id] = continuation
                if !isIssuing {
                    isIssuing = true
                    Task(executorPreference: executor) { await self.renew() }
                }
            }
        } onCancel: {
            Task(executorPreference: executor) { await self.giveUp(id) }
        }
        return try outcome.get().token
    }

    /// Discards a token that a service refused, unless a newer one is held.
    func invalidate(_ token: Secret<String>) {
        if held?.token.value == token { held = nil }
    }

    /// True if the token is valid for long enough. A token with more than three quarters of its
    /// lifetime left always is: a new one would bring little, and a request for more than a
    /// lifetime must not ask Keystone each time.
    private func isGood(_ held: Held, for seconds: Int64) -> Bool {
        let lifetime = held.token.lifetimeSeconds
        let left = held.secondsLeft(at: now())
        let margin = min(Self.marginSecondsMax, lifetime / 4)
        return left > margin && left > min(seconds, lifetime - lifetime / 4)
    }

    private func renew() async {
        // Count from before the request, to be on the safe side.
        let asked = now()
        let outcome: Outcome = await issue().map { Held(token: $0, obtained: asked) }
        isIssuing = false
        if case .success(let new) = outcome { held = new }
        let all = waiting
        waiting = [:]
        for continuation in all.values { continuation.resume(returning: outcome) }
    }

    private func giveUp(_ id: Int) {
        waiting.removeValue(forKey: id)?.resume(returning: .failure(Self.interrupted))
    }

    private static var interrupted: TranshipError {
        TranshipError(.interrupted, "interrupted while waiting for a token", isTransient: true)
    }
}
