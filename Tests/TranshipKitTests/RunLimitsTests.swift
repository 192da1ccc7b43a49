// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct RunLimitsTests {
    private let folder: TemporaryFolder
    private let journal: Journal
    private let run: Run

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await Journal.open(path: folder.file("journal.sqlite"))
        run = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "")
    }

    /// Returns the milliseconds since 1970 at which the local clock shows this minute of the day.
    private static func time(_ minute: Int) throws -> Int64 {
        let newYear: Int64 = 1_767_225_600_000
        let times = (0..<2880).map { newYear + Int64($0) * 60_000 }
        return try #require(times.first { LocalTime.minuteOfDay($0) == minute })
    }

    /// The notices of the limits and the values that they set.
    private final class Watch: Sendable {
        let lines = Guarded<[String]>([])
        let images = Guarded<[ImagesAtOnce]>([])
        let clock: Guarded<Int64>

        init(_ time: Int64) { clock = Guarded(time) }

        func set(_ count: ImagesAtOnce) { images.withLock { $0.append(count) } }
    }

    private func limits(
        _ bandwidth: BandwidthSchedule, images: ImagesAtOnce = 4, imagesMax: Int = 20,
        _ watch: Watch
    ) -> RunLimits {
        RunLimits(
            .init(bandwidth: bandwidth, images: images, imagesMax: imagesMax), of: run, in: journal,
            now: { watch.clock.withLock { $0 } },
            notice: { notice in watch.lines.withLock { $0.append(notice.words) } })
    }

    @Test func `The rate changes with the time of day, with one line each`() async throws {
        let watch = Watch(try Self.time(7 * 60))
        let limits = limits(
            BandwidthSchedule(
                windows: [.init(fromMinute: 480, toMinute: 1080, bytesPerSecond: 50 << 20)]), watch)
        #expect(limits.bytesPerSecond == nil)
        await limits.look(watch.set)
        #expect(watch.lines.withLock { $0 }.isEmpty)
        for minute in [480, 481, 1079, 1080] {
            let time = try Self.time(minute)
            watch.clock.withLock { $0 = time }
            await limits.look(watch.set)
            #expect(limits.bytesPerSecond == (minute < 1080 ? 50 << 20 : nil))
        }
        #expect(
            watch.lines.withLock { $0 } == [
                "bandwidth: 50.0 MiB/s until 18:00, then no limit",
                "bandwidth: no limit until 08:00, then 50.0 MiB/s",
            ])
        #expect(watch.images.withLock { $0 }.isEmpty)
    }

    @Test func `A run follows what an operator sets, and goes back to its file`() async throws {
        let watch = Watch(try Self.time(7 * 60))
        let limits = limits(BandwidthSchedule(rest: 9 << 20), watch)
        func set(
            _ bandwidth: LimitOverride.Bandwidth?, _ images: LimitOverride.Images?
        ) async throws {
            _ = try await journal.override(
                bandwidth: bandwidth, images: images, of: run, at: Timestamp.now())
            await limits.look(watch.set)
            // The same notice comes only once.
            await limits.look(watch.set)
        }
        try await set(.atMost(50 << 20), nil)
        #expect(limits.bytesPerSecond == 50 << 20)
        try await set(nil, .atMost(8))
        try await set(.unlimited, .atMost(100))
        #expect(limits.bytesPerSecond == nil)
        try await set(.asInFile, .asInFile)
        #expect(limits.bytesPerSecond == 9 << 20)
        #expect(watch.images.withLock { $0 } == [8, 20, 4])
        let ending = "(set with `tranship limit`)"
        #expect(
            watch.lines.withLock { $0 } == [
                "limits: bandwidth 50.0 MiB/s, 4 images at once \(ending)",
                "limits: bandwidth 50.0 MiB/s, 8 images at once \(ending)",
                "limits: bandwidth no limit, 20 images at once instead of 100, since this process may "
                    + "open no more files \(ending)",
                "limits: bandwidth 9.0 MiB/s, 4 images at once \(ending)",
            ])
    }

    @Test func `A change reaches work that is under way, and holds after an interruption`()
        async throws
    {
        let watch = Watch(try Self.time(7 * 60))
        let first = limits(BandwidthSchedule(rest: 9 << 20), watch)
        try await first.following(watch.set) { () throws(TranshipError) in
            _ = try await journal.override(
                bandwidth: .atMost(1 << 20), images: .atMost(2), of: run, at: 1)
            #expect(await eventually { first.bytesPerSecond == 1 << 20 })
        }
        #expect(watch.images.withLock { $0 } == [2])

        let later = Watch(try Self.time(7 * 60))
        let second = limits(BandwidthSchedule(rest: 9 << 20), later)
        try await second.following(later.set) { () throws(TranshipError) in
            #expect(second.bytesPerSecond == 1 << 20)
            #expect(later.images.withLock { $0 } == [2])
        }
    }
}
