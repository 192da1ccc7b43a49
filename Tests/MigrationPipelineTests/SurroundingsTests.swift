// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import MigrationPipeline

@Suite(.timeLimit(.minutes(5))) struct SurroundingsTests {
    @Test func `The machine calls back once the time has come`() async {
        await withCheckedContinuation { continuation in
            _ = Surroundings.machine.after(1) { continuation.resume() }
        }
    }

    @Test func `A call that was cancelled does not come`() async {
        let calls = Guarded(0)
        let cancel = Surroundings.machine.after(20) { calls.withLock { $0 += 1 } }
        cancel()
        // Its deadline is later than the other's, so it fires later.
        await withCheckedContinuation { continuation in
            _ = Surroundings.machine.after(60) { continuation.resume() }
        }
        #expect(calls.withLock { $0 } == 0)
    }

    @Test func `Chance is from 0 up to 1`() {
        for _ in 0..<100 { #expect((0..<1).contains(Surroundings.machine.chance())) }
    }
}
