// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Dispatch

/// Blocking work, off the threads that tasks share: each piece on a serial
/// queue of its own.
enum SerialWork {
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "openstack-image.work").async {
                continuation.resume(with: Result(catching: body))
            }
        }
    }
}
