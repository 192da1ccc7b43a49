// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Testing

@Suite struct GuardedTests {
    @Test func `Threads that add at the same time lose nothing`() {
        let (threads, additions) = (8, 20_000)
        let sum = Guarded(0)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            for _ in 0..<additions { sum.withLock { $0 += 1 } }
        }
        #expect(sum.withLock { $0 } == threads * additions)
    }

    private struct Refusal: Error {}

    @Test func `An error leaves the lock free and what was changed before it`() {
        let value = Guarded("a")
        #expect(throws: Refusal.self) {
            try value.withLock { (text) throws(Refusal) in
                text += "b"
                throw Refusal()
            }
        }
        #expect(value.withLock { $0 } == "ab")
    }

    private struct Unique: ~Copyable {
        let ends: Guarded<Int>
        deinit { ends.withLock { $0 += 1 } }
    }

    @Test func `A value without copies ends with its lock, once`() {
        let ends = Guarded(0)
        var value: Guarded<Unique>? = Guarded(Unique(ends: ends))
        #expect(value?.withLock { $0.ends.withLock { $0 } } == 0)
        value = nil
        #expect(ends.withLock { $0 } == 1)
    }
}
