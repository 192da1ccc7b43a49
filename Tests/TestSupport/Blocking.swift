// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs a blocking closure on a serial queue of its own, as production code must.
public func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "tranship.tests").async {
            continuation.resume(with: Result { try body() })
        }
    }
}

/// Returns bytes that look random and are the same for the same seed.
public func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, filled in
        // Eight bytes at a time: tests are not optimized, and they make megabytes.
        let words = UnsafeMutableRawBufferPointer(buffer)
        var offset = 0
        while offset < count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            words.storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        filled = count
    }
}
