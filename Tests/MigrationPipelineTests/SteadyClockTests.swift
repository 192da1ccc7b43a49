// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationPipeline
import Testing

@Suite struct SteadyClockTests {
    @Test func `A clock that is set changes nothing, and time goes on`() {
        let wall = Guarded<Int64>(1_000_000)
        let elapsed = Guarded(Duration.seconds(7))
        let clock = SteadyClock(
            wall: { wall.withLock { $0 } }, elapsed: { elapsed.withLock { $0 } })
        #expect(clock.now() == 1_000_000)
        wall.withLock { $0 -= 86_400_000 }
        elapsed.withLock { $0 += .milliseconds(1500) }
        #expect(clock.now() == 1_001_500)
        wall.withLock { $0 += 10 * 86_400_000 }
        #expect(clock.now() == 1_001_500)
    }
}
