// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct BandwidthLimiterTests {
    @Test func `Two rings share one budget`() async throws {
        let limiter = BandwidthLimiter(bytesPerSecond: 1_000_000)
        let rings = [0, 1].map { _ in ByteRing(hasReader: false, limiter: limiter) }
        let start = ContinuousClock.now
        try await withThrowingTaskGroup { group in
            for ring in rings {
                group.addTask {
                    try await blocking { try ring.put(noise(400_000), pieceBytes: 16_384) }
                }
            }
            try await group.waitForAll()
        }
        // 800,000 bytes, less the tenth of a second that may come at once and
        // the last piece, for which no task waits.
        #expect(ContinuousClock.now - start > .milliseconds(650))
    }

    @Test func `A failure ends a wait for bandwidth`() async throws {
        let ring = ByteRing(hasReader: false, limiter: BandwidthLimiter(bytesPerSecond: 1))
        let write = Task { try await blocking { try ring.put(noise(200_000), pieceBytes: 1000) } }
        #expect(await eventually { ring.writtenBytes > 0 })
        ring.fail(TranshipError(.interrupted, "interrupted"))
        let start = ContinuousClock.now
        await #expect(throws: TranshipError.self) { try await write.value }
        // It would be days.
        #expect(ContinuousClock.now - start < .seconds(60))
    }
}
