// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationPipeline
import Testing

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(attemptsMax: 5, backoffSecondsMax: 60)
    private let busy = TranshipError(.serviceFailed, "busy", isTransient: true)

    private func seconds(_ decision: RetryPolicy.Decision) -> Double? {
        if case .retry(let seconds) = decision { seconds } else { nil }
    }

    @Test func `What may pass is tried again until the tries are used up`() {
        let decisions = (1...6).map { policy.decide(busy, attempts: $0, chance: 0) }
        #expect(decisions.map { $0 != .giveUp } == [true, true, true, true, false, false])
    }

    @Test func `The wait doubles up to its limit, with full jitter`() {
        let longest = (1...4).map { seconds(policy.decide(busy, attempts: $0, chance: 1)) }
        #expect(longest == [2.2, 4.2, 8.2, 16.2])
        #expect(seconds(policy.decide(busy, attempts: 1, chance: 0)) == 0.2)
        let many = RetryPolicy(attemptsMax: 1000, backoffSecondsMax: 60)
        #expect(seconds(many.decide(busy, attempts: 900, chance: 1)) == 60.2)
    }

    @Test func `What will not pass is not tried again`() {
        let error = TranshipError(.forbidden, "no")
        #expect(policy.decide(error, attempts: 1, chance: 0) == .giveUp)
    }

    @Test(arguments: [TranshipError.Code.conflict, .gone, .notFound])
    func `An unexpected state is worth two more looks`(code: TranshipError.Code) {
        let error = TranshipError(code, "saving")
        #expect(policy.decide(error, attempts: 1, surprises: 1, chance: 0) != .giveUp)
        #expect(policy.decide(error, attempts: 4, surprises: 2, chance: 0) != .giveUp)
        #expect(policy.decide(error, attempts: 3, surprises: 3, chance: 0) == .giveUp)
        // Surprises use up no try of the limit, but have a limit of their own.
        #expect(policy.decide(error, attempts: 6, surprises: 2, chance: 0) != .giveUp)
        #expect(policy.decide(error, attempts: 7, surprises: 2, chance: 0) == .giveUp)
        let once = RetryPolicy(attemptsMax: 1)
        #expect(once.decide(error, attempts: 1, surprises: 1, chance: 0) == .giveUp)
    }

    @Test(
        arguments: [
            (0, .retry(afterSeconds: 0)), (7, .retry(afterSeconds: 7)),
            (900, .retry(afterSeconds: 900)), (901, .giveUp), (86_400, .giveUp),
        ] as [(Int, RetryPolicy.Decision)])
    func `The service's own wish counts, within reason`(
        asked: Int, decision: RetryPolicy.Decision
    ) {
        let error = TranshipError(
            .rateLimited, "slow down",
            answer: ServiceAnswer(
                status: 429, message: "", asked: "GET", retryAfterSeconds: asked),
            isTransient: true)
        #expect(policy.decide(error, attempts: 1, chance: 1) == decision)
        #expect(policy.decide(error, attempts: 5, chance: 1) == .giveUp)
    }

    @Test func `Other data than was promised is read again from a URL, a few times only`() {
        for code in [TranshipError.Code.checksumMismatch, .sourceTruncated] {
            let error = TranshipError(code, "other data")
            let decisions = (1...4).map {
                policy.decide(error, attempts: $0, hasMirrors: true, chance: 0) == .giveUp
            }
            #expect(decisions == [false, false, true, true])
            #expect(policy.decide(error, attempts: 1, chance: 0) == .giveUp)
            let once = RetryPolicy(attemptsMax: 1)
            #expect(once.decide(error, attempts: 1, hasMirrors: true, chance: 0) == .giveUp)
        }
        let other = TranshipError(.sourceChanged, "changed")
        #expect(policy.decide(other, attempts: 1, hasMirrors: true, chance: 0) == .giveUp)
    }
}
