// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import MigrationPipeline

@Suite struct CircuitBreakersTests {
    private let error = TranshipError(.unreachable, "no route", isTransient: true)

    /// Returns breakers with one outage since time 0.
    private func opened() -> CircuitBreakers {
        var breakers = CircuitBreakers(RetryPolicy(attemptsMax: 5))
        for id in 1...4 {
            breakers.failed(Int64(id), at: "b", with: error, now: 0)
            #expect(!breakers.isOpen("b"))
        }
        #expect(breakers.admits("b", at: 0))
        breakers.failed(5, at: "b", with: error, now: 0)
        #expect(breakers.isOpen("b"))
        return breakers
    }

    @Test func `Failures in a row open it, and one look goes at a time`() {
        var breakers = opened()
        #expect(!breakers.admits("b", at: 4999))
        #expect(breakers.admits("other", at: 0))
        #expect(breakers.nextProbe(after: 0) == 5000)
        #expect(breakers.admits("b", at: 5000))
        breakers.begins(7, at: "b")
        #expect(!breakers.admits("b", at: 6000))
        #expect(breakers.nextProbe(after: 6000) == nil)
    }

    @Test func `Looks that fail are made less and less often`() {
        var breakers = opened()
        var now: Int64 = 0
        var waits: [Int64] = []
        for _ in 0..<6 {
            let next = breakers.nextProbe(after: now) ?? 0
            waits.append((next - now) / 1000)
            now = next
            breakers.begins(1, at: "b")
            breakers.failed(1, at: "b", with: error, now: now)
        }
        #expect(waits == [5, 10, 20, 40, 60, 60])
    }

    @Test func `An answer closes it, and says for how long it was open`() {
        var breakers = opened()
        breakers.answered("b", now: 61_000)
        breakers.answered("b", now: 62_000)
        #expect(breakers.admits("b", at: 61_000))
        breakers.failed(1, at: "b", with: error, now: 61_000)
        #expect(!breakers.isOpen("b"))
        #expect(told(&breakers) == ["b: no route", "b answers after 61 s"])
    }

    @Test func `An answer in between begins the count again`() {
        var breakers = CircuitBreakers(RetryPolicy(attemptsMax: 5))
        for round in 0..<12 {
            breakers.failed(1, at: "b", with: error, now: 0)
            #expect(!breakers.isOpen("b"))
            if round % 4 == 3 { breakers.answered("b", now: 0) }
        }
        #expect(told(&breakers).isEmpty)
    }

    @Test func `What happens while one is telling is told after it`() {
        var breakers = opened()
        #expect(breakers.nextNews().map(words) == "b: no route")
        breakers.answered("b", now: 9000)
        #expect(breakers.nextNews().map(words) == nil)
        breakers.told()
        #expect(told(&breakers) == ["b answers after 9 s"])
    }

    private func told(_ breakers: inout CircuitBreakers) -> [String] {
        var all: [String] = []
        while let news = breakers.nextNews() {
            all.append(words(news))
            breakers.told()
        }
        return all
    }

    private func words(_ news: CircuitBreakers.News) -> String {
        switch news {
        case .stopped(let endpoint, let error): "\(endpoint): \(error.message)"
        case .answered(let endpoint, let seconds): "\(endpoint) answers after \(seconds) s"
        }
    }

    @Test func `Who left without having looked lets the next one look`() {
        var breakers = opened()
        breakers.begins(7, at: "b")
        breakers.left(8, now: 5000)
        #expect(!breakers.admits("b", at: 100_000))
        breakers.left(7, now: 5000)
        #expect(!breakers.admits("b", at: 14_999))
        #expect(breakers.admits("b", at: 15_000))
    }

    @Test func `One that is out for too long is looked at no more`() {
        let breakers = opened()
        #expect(breakers.errors["b"]?.message == "no route")
        #expect(breakers.admits("b", at: 1_799_999))
        #expect(!breakers.admits("b", at: 1_800_000))
        #expect(breakers.nextProbe(after: 1_800_000) == nil)
    }

    @Test func `Only what a dead endpoint would do counts`() {
        func refusal(_ status: Int) -> TranshipError {
            TranshipError(
                .serviceFailed, "", answer: .init(status: status, message: "", asked: ""),
                isTransient: true)
        }
        #expect(error.looksLikeOutage)
        #expect([502, 503, 504].allSatisfy { refusal($0).looksLikeOutage })
        #expect([500, 408, 429].allSatisfy { !refusal($0).looksLikeOutage })
        #expect(!TranshipError(.unreachable, "bad URL").looksLikeOutage)
        #expect(!TranshipError(.sourceTruncated, "", isTransient: true).looksLikeOutage)
    }
}
