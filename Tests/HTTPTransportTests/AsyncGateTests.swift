// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(5))) struct AsyncGateTests {
    @Test func `No more than the limit are in at once, and all get in`() async throws {
        let gate = AsyncGate(limit: 3)
        let count = Guarded((now: 0, most: 0, all: 0))
        let visit: @Sendable () async throws -> Void = {
            try await gate.enter()
            count.withLock {
                $0.now += 1
                $0.all += 1
                $0.most = max($0.most, $0.now)
            }
            await Task.yield()
            count.withLock { $0.now -= 1 }
            gate.leave()
        }
        try await withThrowingTaskGroup { group in
            for _ in 0..<100 { group.addTask(operation: visit) }
            try await group.waitForAll()
        }
        #expect(count.withLock { $0.all } == 100)
        #expect((1...3).contains(count.withLock { $0.most }))
    }

    @Test func `A cancelled waiter leaves its place to the next`() async throws {
        let gate = AsyncGate(limit: 1)
        try await gate.enter()
        let cancelled = Task { try await gate.enter() }
        let next = Task { try await gate.enter() }
        cancelled.cancel()
        let error = await #expect(throws: TranshipError.self) { try await cancelled.value }
        #expect(error?.code == .interrupted)
        gate.leave()
        try await next.value
    }
}
