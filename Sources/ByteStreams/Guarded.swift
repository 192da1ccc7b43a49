// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A value that is touched only while its mutex is locked.
///
/// What `Mutex` of the standard library is, except that the thread sanitizer
/// sees it: on Linux that one is made of futex calls which the sanitizer does
/// not know, and every use of it is reported as a race.
///
/// `@unchecked Sendable`: `value` is private, and the only way to it holds the
/// lock.
package final class Guarded<Value: Sendable>: @unchecked Sendable {
    private let monitor = Monitor(conditionCount: 0)
    private var value: Value

    package init(_ value: Value) {
        self.value = value
    }

    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        monitor.lock()
        defer { monitor.unlock() }
        return try body(&value)
    }
}
