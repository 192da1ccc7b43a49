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
        // The time for 800,000 bytes, without the bytes of a twentieth of a second that may pass at
        // once, and without the last piece, for which no task waits.
        #expect(ContinuousClock.now - start > .milliseconds(650))
    }

    @Test func `A failure ends a wait for bandwidth`() async throws {
        let ring = ByteRing(hasReader: false, limiter: BandwidthLimiter(bytesPerSecond: 1))
        let write = Task { try await blocking { try ring.put(noise(200_000), pieceBytes: 1000) } }
        #expect(await eventually { ring.writtenBytes > 0 })
        ring.fail(TranshipError(.interrupted, "interrupted"))
        let start = ContinuousClock.now
        await #expect(throws: TranshipError.self) { try await write.value }
        // Otherwise it would take days.
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test func `A higher rate ends a wait for bandwidth`() async throws {
        let limiter = BandwidthLimiter(bytesPerSecond: 1)
        let ring = ByteRing(hasReader: false, limiter: limiter)
        let write = Task { try await blocking { try ring.put(noise(200_000), pieceBytes: 1000) } }
        #expect(await eventually { ring.writtenBytes > 0 })
        limiter.change(bytesPerSecond: nil)
        // Otherwise it would take days.
        try await write.value
        #expect(ring.writtenBytes == 200_000)
    }

    // MARK: With a clock of its own

    private static let second: UInt64 = 1_000_000_000

    /// A permission for a writer: the number of bytes at a time.
    private typealias Grant = (at: UInt64, bytes: Int)

    /// Plays writers that ask as a ring does, and that rest from time to time.
    ///
    /// - Parameter change: called at each step.
    private func play(
        _ limiter: BandwidthLimiter, writers: Int, seconds: UInt64, restSecondsMax: UInt64 = 0,
        change: (UInt64) -> Void = { _ in }
    ) -> [Grant] {
        struct Writer {
            var wakesAt: UInt64
            var waits: (position: Double, bytes: Int)?
        }
        var seed: UInt64 = 7
        func random(below limit: UInt64) -> UInt64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (seed >> 16) % limit
        }
        let start = 1000 * Self.second
        var all = (0..<writers).map { Writer(wakesAt: start + UInt64($0)) }
        var grants: [Grant] = []
        while let next = all.indices.min(by: { all[$0].wakesAt < all[$1].wakesAt }) {
            let now = all[next].wakesAt
            guard now < start + seconds * Self.second else { break }
            change((now - start) / Self.second)
            if let waits = all[next].waits {
                let wait = limiter.waitNanoseconds(for: waits.position, nowNanoseconds: now)
                if wait > 0 {
                    all[next].wakesAt = now + min(wait, Self.second / 4)
                    continue
                }
                grants.append((now, waits.bytes))
                let rests = restSecondsMax > 0 && random(below: 10) == 0
                all[next].waits = nil
                all[next].wakesAt =
                    now + 1000 + (rests ? random(below: restSecondsMax * Self.second) : 0)
                continue
            }
            guard let bytes = limiter.pieceBytes else {
                grants.append((now, 16_384))
                all[next].wakesAt = now + 1_000_000
                continue
            }
            all[next].waits = (limiter.reserve(bytes, nowNanoseconds: now), bytes)
        }
        return grants
    }

    /// Returns the largest number of bytes in any one second.
    private func most(_ grants: [Grant]) -> Int {
        var (first, sum, most) = (0, 0, 0)
        for grant in grants {
            sum += grant.bytes
            while grants[first].at + Self.second <= grant.at {
                sum -= grants[first].bytes
                first += 1
            }
            most = max(most, sum)
        }
        return most
    }

    @Test(arguments: [1000, 1 << 20, 200 << 20] as [Int64], [1, 4, 64])
    func `No second has more than 1.1 times the rate, and the rate is used`(
        rate: Int64, writers: Int
    ) {
        let limiter = BandwidthLimiter(bytesPerSecond: rate)
        let busy = play(limiter, writers: writers, seconds: 10)
        #expect(Double(most(busy)) <= 1.1 * Double(rate))
        #expect(Double(busy.reduce(0) { $0 + $1.bytes }) >= 9.8 * Double(rate))

        let resting = play(
            BandwidthLimiter(bytesPerSecond: rate), writers: writers, seconds: 10,
            restSecondsMax: 2)
        #expect(Double(most(resting)) <= 1.1 * Double(rate))
        #expect(!resting.isEmpty)
    }

    @Test func `A change counts for writers that wait, and no burst follows it`() {
        let mebibyte = 1 << 20
        let limiter = BandwidthLimiter(bytesPerSecond: Int64(mebibyte))
        var changed = Set<UInt64>()
        let grants = play(limiter, writers: 8, seconds: 40) { second in
            let rates: [UInt64: Int64?] = [10: 4 << 20, 20: nil, 30: 1 << 20]
            guard let rate = rates[second], changed.insert(second).inserted else { return }
            limiter.change(
                bytesPerSecond: rate, nowNanoseconds: (1000 + second) * Self.second)
        }
        func bytes(_ seconds: Range<UInt64>) -> [Grant] {
            grants.filter { seconds.contains($0.at / Self.second - 1000) }
        }
        for (seconds, rate) in [(0..<10, 1), (11..<20, 4), (31..<40, 1)] as [(Range<UInt64>, Int)] {
            let part = bytes(seconds)
            let whole = rate * mebibyte
            #expect(Double(most(part)) <= 1.1 * Double(whole), "\(seconds)")
            #expect(
                Double(part.reduce(0) { $0 + $1.bytes }) >= 0.95 * Double(whole * seconds.count),
                "\(seconds)")
        }
        // 8 writers with 16 KiB in every millisecond.
        #expect(most(bytes(21..<30)) > 100 * mebibyte)
        // In the second after the limit is back, the writers get no extra bytes.
        #expect(Double(most(bytes(30..<31))) <= 1.2 * Double(mebibyte))
    }
}
