// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Token cache")
struct TokenCacheTests {
    /// A Keystone whose answers and clock the test sets.
    private final class Keystone: Sendable {
        struct State {
            var now = ContinuousClock.now
            var issued = 0
            var lifetimeSeconds: Int64 = 3600
            var failure: TranshipError?
            var waits = false
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        let state = Guarded(State())

        func advance(_ seconds: Int) {
            state.withLock { $0.now += .seconds(seconds) }
        }

        var issued: Int { state.withLock { $0.issued } }

        func letGo() {
            let all = state.withLock { state in
                state.waits = false
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in all { continuation.resume() }
        }

        func issue() async -> Result<IssuedToken, TranshipError> {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    if state.waits { state.waiting.append(continuation) }
                    return state.waits
                }
                if !waits { continuation.resume() }
            }
            return state.withLock { state in
                state.issued += 1
                if let failure = state.failure { return .failure(failure) }
                return .success(
                    IssuedToken(
                        value: Secret("token-\(state.issued)"),
                        project: AuthenticatedProject(roles: [], imageEndpoint: "http://g"),
                        lifetimeSeconds: state.lifetimeSeconds))
            }
        }

        func cache() -> TokenCache {
            TokenCache(now: { self.state.withLock { $0.now } }, issue: { await self.issue() })
        }
    }

    @Test("one token serves until its margin, then a new one is asked for")
    func renewed() async throws {
        let keystone = Keystone()
        let cache = keystone.cache()
        #expect(try await cache.token().value.revealed == "token-1")
        keystone.advance(3539)
        #expect(try await cache.token().value.revealed == "token-1")
        keystone.advance(1)
        #expect(try await cache.token().value.revealed == "token-2")
    }

    @Test("the margin of a token of seconds is a quarter of its life")
    func shortLived() async throws {
        let keystone = Keystone()
        keystone.state.withLock { $0.lifetimeSeconds = 8 }
        let cache = keystone.cache()
        _ = try await cache.token()
        keystone.advance(5)
        #expect(try await cache.token().value.revealed == "token-1")
        keystone.advance(1)
        #expect(try await cache.token().value.revealed == "token-2")
    }

    @Test("a hundred that ask at once share one request")
    func shared() async throws {
        let keystone = Keystone()
        keystone.state.withLock { $0.waits = true }
        let cache = keystone.cache()
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 {
                group.addTask { try await cache.token().value.revealed }
            }
            while keystone.state.withLock({ $0.waiting.isEmpty }) { await Task.yield() }
            keystone.letGo()
            for try await token in group { #expect(token == "token-1") }
        }
        #expect(keystone.issued == 1)
    }

    @Test("a failure is given to those who waited, and the next caller tries again")
    func failure() async throws {
        let keystone = Keystone()
        keystone.state.withLock { $0.failure = TranshipError(.unreachable, "no route") }
        let cache = keystone.cache()
        await #expect(throws: TranshipError.self) { try await cache.token() }
        keystone.state.withLock { $0.failure = nil }
        #expect(try await cache.token().value.revealed == "token-2")
    }

    @Test("a refused token is forgotten once, however many were refused with it")
    func invalidated() async throws {
        let keystone = Keystone()
        let cache = keystone.cache()
        let first = try await cache.token().value
        await cache.invalidate(first)
        let second = try await cache.token().value
        #expect(second.revealed == "token-2")
        await cache.invalidate(first)
        #expect(try await cache.token().value == second)
        #expect(keystone.issued == 2)
    }

    @Test("a long body gets a token with enough life, but not a new one each time")
    func validForLong() async throws {
        let keystone = Keystone()
        let cache = keystone.cache()
        _ = try await cache.token()
        keystone.advance(1800)
        #expect(try await cache.token(validForSeconds: 900).value.revealed == "token-1")
        #expect(try await cache.token(validForSeconds: 2400).value.revealed == "token-2")
        // That is longer than the lifetime of a token: a new one is the best available.
        #expect(try await cache.token(validForSeconds: 7200).value.revealed == "token-2")
        keystone.advance(901)
        #expect(try await cache.token(validForSeconds: 7200).value.revealed == "token-3")
    }

    @Test("who is cancelled stops waiting at once, and the others get their token")
    func cancelled() async throws {
        let keystone = Keystone()
        keystone.state.withLock { $0.waits = true }
        let cache = keystone.cache()
        let patient = Task { try await cache.token().value.revealed }
        let hasty = Task { try await cache.token().value.revealed }
        while keystone.state.withLock({ $0.waiting.isEmpty }) { await Task.yield() }
        hasty.cancel()
        await #expect(throws: TranshipError.self) { try await hasty.value }
        #expect(keystone.issued == 0)
        keystone.letGo()
        #expect(try await patient.value == "token-1")
    }
}
