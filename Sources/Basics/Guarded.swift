// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A value that is accessed only while its lock is held. This package has no other lock that holds
/// a value.
///
/// `Mutex` of the standard library has the same calls. But a thread that waits for a `Mutex` does
/// so in a futex call that the thread sanitizer does not see, so the sanitizer reports accesses
/// under that lock as races. It does see `pthread_mutex_lock`, which takes a few nanoseconds more.
///
/// `@unchecked Sendable`: `value` is private, every access holds the lock, and all values that go
/// in or out are `sending`, as with `Mutex`. The address of the lock is constant.
package final class Guarded<Value: ~Copyable>: @unchecked Sendable {
    // On the heap, since pthread objects must not move (pthread_mutex_init(3)).
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    package init(_ value: consuming sending Value) {
        self.value = value
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Calls the body while no other thread uses the value. The body must not use this lock again.
    ///
    /// - Throws: the error of the body.
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}
