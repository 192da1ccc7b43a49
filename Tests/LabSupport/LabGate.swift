// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
public import Testing

/// Lets a few tests at a time use the lab.
///
/// Its Glances have 32 threads each, and every idle connection holds one: all
/// tests at once would wait for each other until the clock runs out. For
/// suites and tests: `@Suite("…", .enabled(if: Lab.isUp), .atLab)`.
public struct LabGate: SuiteTrait, TestTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        await Slots.shared.take()
        defer { Slots.shared.give() }
        try await function()
    }
}

extension Trait where Self == LabGate {
    /// See ``LabGate``.
    public static var atLab: LabGate { LabGate() }
}

private final class Slots: Sendable {
    static let shared = Slots(count: 8)

    private let state: Guarded<(free: Int, waiting: [CheckedContinuation<Void, Never>])>

    init(count: Int) {
        state = Guarded((count, []))
    }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func give() {
        let next = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
