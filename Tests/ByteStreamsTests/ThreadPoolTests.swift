// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Dispatch
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ThreadPoolTests {
    @Test func `Every job has a thread at once, however many wait`() async throws {
        let pool = ThreadPool()
        let (waiting, isOpen) = (Guarded(0), Guarded(false))
        for _ in 0..<400 {
            try pool.run {
                waiting.withLock { $0 += 1 }
                while !isOpen.withLock({ $0 }) { usleep(10_000) }
                waiting.withLock { $0 -= 1 }
            }
        }
        #expect(await eventually(withinSeconds: 30) { waiting.withLock { $0 } == 400 })
        let hasRun = Guarded(false)
        DispatchQueue(label: "tranship.tests").async { hasRun.withLock { $0 = true } }
        #expect(await eventually(withinSeconds: 10) { hasRun.withLock { $0 } })
        isOpen.withLock { $0 = true }
        #expect(await eventually(withinSeconds: 30) { waiting.withLock { $0 } == 0 })
    }

    @Test func `A thread takes one job after the other`() async throws {
        let pool = ThreadPool()
        let threads = Guarded<Set<UInt>>([])
        let done = Guarded(0)
        for round in 1...20 {
            try pool.run {
                threads.withLock { _ = $0.insert(UInt(pthread_self())) }
                done.withLock { $0 += 1 }
            }
            #expect(await eventually { done.withLock { $0 } == round })
            // The thread must be free again before the next job.
            usleep(20_000)
        }
        #expect(threads.withLock { $0.count } < 20)
    }

    /// Runs in a process of its own, whose address space has no room for more stacks.
    @Test func `Without a thread there is an error, and the next job runs`() async {
        await #expect(processExitsWith: .success) {
            let pool = ThreadPool()
            var limit = rlimit()
            let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
            getrlimit(resource, &limit)
            let before = limit
            limit.rlim_cur = 1 << 20
            setrlimit(resource, &limit)
            let error = await failure { try pool.run {} }
            limit.rlim_cur = before.rlim_cur
            setrlimit(resource, &limit)
            #expect(error?.message.contains("no more threads") == true)
            #expect(error?.isTransient == true)
            let hasRun = Guarded(false)
            try pool.run { hasRun.withLock { $0 = true } }
            #expect(await eventually { hasRun.withLock { $0 } })
        }
    }
}

/// Returns our error that a body throws; nil if it throws none.
private func failure(_ body: () throws -> Void) async -> TranshipError? {
    do {
        try body()
        return nil
    } catch {
        return TranshipError(wrapping: error)
    }
}
