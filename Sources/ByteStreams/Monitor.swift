// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One mutex and its condition variables, with waits that end at a time of the
/// monotonic clock.
///
/// `Mutex` of the standard library has no condition variable, and a Dispatch
/// semaphore cannot wait for a state.
///
/// `@unchecked Sendable`: the only stored values are constant addresses, and
/// the pthread functions that work on them are made for use by many threads.
final class Monitor: @unchecked Sendable {
    // On the heap: pthread objects must never move (pthread_mutex_init(3)).
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let conditions: UnsafeMutablePointer<pthread_cond_t>
    private let conditionCount: Int

    init(conditionCount: Int) {
        self.conditionCount = conditionCount
        conditions = .allocate(capacity: conditionCount)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A wait must not grow or shrink when somebody sets the clock.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for index in 0..<conditionCount { pthread_cond_init(conditions + index, &attributes) }
        pthread_condattr_destroy(&attributes)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        for index in 0..<conditionCount { pthread_cond_destroy(conditions + index) }
        pthread_mutex_destroy(mutex)
        conditions.deallocate()
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }

    func unlock() { pthread_mutex_unlock(mutex) }

    /// Waits for a signal, or until the clock shows that many nanoseconds; may
    /// also return for no reason, so callers look at their state again.
    func wait(_ condition: Int, untilNanoseconds deadline: UInt64? = nil) {
        guard let deadline else {
            pthread_cond_wait(conditions + condition, mutex)
            return
        }
        var time = timespec()
        time.tv_sec = Int(deadline / 1_000_000_000)
        time.tv_nsec = Int(deadline % 1_000_000_000)
        pthread_cond_timedwait(conditions + condition, mutex, &time)
    }

    func signal(_ condition: Int) { pthread_cond_broadcast(conditions + condition) }

    /// The monotonic clock.
    static func nowNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
