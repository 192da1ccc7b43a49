// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A mutex and its condition variables, with waits until a time of the monotonic clock.
///
/// `Mutex` of the standard library has no condition variables, and a Dispatch semaphore cannot wait
/// for a state.
///
/// `@unchecked Sendable`: it stores only constant addresses, and the pthread functions that use
/// them are made for several threads.
final class Monitor: @unchecked Sendable {
    // On the heap, since pthread objects must not move (pthread_mutex_init(3)).
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let conditions: UnsafeMutablePointer<pthread_cond_t>
    private let conditionCount: Int

    init(conditionCount: Int) {
        self.conditionCount = conditionCount
        conditions = .allocate(capacity: conditionCount)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A change of the system clock must not make a wait longer or shorter.
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

    /// Waits for a signal, or until the clock reaches this nanosecond. May also wake up without
    /// either, so check the state again.
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

    /// Wakes all waiting threads.
    func signal(_ condition: Int) { pthread_cond_broadcast(conditions + condition) }

    /// Wakes at least one of the waiting threads, and usually only one.
    func signalOne(_ condition: Int) { pthread_cond_signal(conditions + condition) }
}

/// Returns the time of the monotonic clock.
package func nowNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
