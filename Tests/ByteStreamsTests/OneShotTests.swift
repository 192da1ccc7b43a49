// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import ByteStreams

@Suite(.timeLimit(.minutes(5))) struct OneShotTests {
    @Test func `Every waiting task gets the first value`() async throws {
        let shot = OneShot<Int>()
        let waiting = (0..<20).map { _ in Task { try await shot.value() } }
        shot.settle(.success(7))
        shot.settle(.success(8))
        shot.settle(.failure(TranshipError(.conflict, "late")))
        for task in waiting { #expect(try await task.value == 7) }
        #expect(try await shot.value() == 7)
    }

    @Test func `Every waiting task throws the failure`() async {
        let shot = OneShot<Int>()
        let waiting = Task { await failure { _ = try await shot.value() } }
        shot.settle(.failure(TranshipError(.conflict, "first")))
        #expect(await waiting.value?.message == "first")
        #expect(await failure { _ = try await shot.value() }?.message == "first")
    }
}
