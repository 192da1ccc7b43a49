// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@testable import PipelineFiles

@Suite("Limits")
struct PipelineReaderLimitsTests {
    private static let hint =
        "hint: write { from: \"08:00\", to: \"18:00\", rate: 50MiB/s }"

    private static func inLimits(_ list: String) -> String {
        PipelineTexts.with(more: "limits: { bandwidth: \(list) }")
    }

    private func schedule(_ list: String) throws -> BandwidthSchedule {
        try parse(Self.inLimits(list)).limits.bandwidth
    }

    @Test("of the images are a number or found by the run")
    func images() throws {
        #expect(
            try parse(PipelineTexts.with(more: "limits: { images: auto }")).limits.images
                == .automatic)
        #expect(try parse(PipelineTexts.with(more: "limits: { images: 12 }")).limits.images == 12)
        #expect(
            try parse(PipelineTexts.with(more: "limits: { deletes: 1 }")).limits.images
                == .automatic)
    }

    @Test("of the bandwidth may be windows of the day")
    func windows() throws {
        let found = try schedule(
            "[{ from: 08:00, to: \"18:00\", rate: 50MiB/s }, { rate: 1GiB/s }, "
                + "{ from: 22:00, to: 6:00, rate: off }]")
        #expect(
            found
                == BandwidthSchedule(
                    windows: [
                        .init(fromMinute: 480, toMinute: 1080, bytesPerSecond: 50 << 20),
                        .init(fromMinute: 1320, toMinute: 360, bytesPerSecond: nil),
                    ], rest: 1 << 30))
        #expect(
            try schedule("[{ from: 18:00, to: 24:00, rate: 5B/s }]").windows
                == [.init(fromMinute: 1080, toMinute: 0, bytesPerSecond: 5)])
    }

    @Test("of the bandwidth last until the next window without `to`")
    func openWindows() throws {
        let found = try schedule(
            "[{ from: 22:00, rate: 3B/s }, { from: 08:00, rate: 1B/s }, { from: 18:00, rate: 2B/s }]"
        )
        #expect(found.bytesPerSecond(atMinute: 480) == 1)
        #expect(found.bytesPerSecond(atMinute: 1080) == 2)
        #expect(found.bytesPerSecond(atMinute: 1320) == 3)
        #expect(found.bytesPerSecond(atMinute: 479) == 3)
        let one = try schedule("[{ from: 08:00, rate: 1B/s }]")
        #expect((0..<1440).allSatisfy { one.bytesPerSecond(atMinute: $0) == 1 })
    }

    private static let bad = [
        BadFile(
            "windows that overlap",
            inLimits(
                "[{ from: 08:00, to: 18:00, rate: 1B/s }, { from: 17:59, to: 19:00, rate: 2B/s }]"),
            "p.yaml:7:63: the window 17:59 to 19:00 overlaps 08:00 to 18:00 at p.yaml:7:23\n"
                + "hint: let each window end where the next one begins"),
        BadFile(
            "windows that overlap over midnight",
            inLimits(
                "[{ from: 22:00, to: 06:00, rate: 1B/s }, { from: 05:00, to: 07:00, rate: 2B/s }]"),
            "p.yaml:7:63: the window 05:00 to 07:00 overlaps 22:00 to 06:00 at p.yaml:7:23\n"
                + "hint: let each window end where the next one begins"),
        BadFile(
            "two entries for the rest", inLimits("[{ rate: 1B/s }, { rate: 2B/s }]"),
            "p.yaml:7:39: two entries of `bandwidth` have no `from`, the other one at p.yaml:7:23\n"
                + "hint: give one of them `from` and `to`"),
        BadFile(
            "a window of no time", inLimits("[{ from: 08:00, to: 8:00, rate: 1B/s }]"),
            "p.yaml:7:23: the window ends when it begins, at 08:00\n"
                + "hint: for the whole day, leave `from` and `to` out"),
        BadFile(
            "an end without a beginning", inLimits("[{ to: 08:00, rate: 1B/s }]"),
            "p.yaml:7:29: a window of `bandwidth` with `to` needs `from`\n\(hint)"),
        BadFile(
            "no time of day", inLimits("[{ from: 8am, rate: 1B/s }, { rate: 2B/s }]"),
            "p.yaml:7:31: `from` is \"8am\", not a time of day\n"
                + "hint: write it as \"08:00\", from \"00:00\" to \"24:00\""),
        BadFile(
            "a rate of 0", inLimits("[{ rate: 0 }]"),
            "p.yaml:7:31: `rate` is \"0\", not a rate in bytes a second\n"
                + "hint: write it as 200MiB/s, or `off` for no limit; nothing pauses a run"),
        BadFile(
            "a window without a rate", inLimits("[{ from: 08:00, to: 09:00 }]"),
            "p.yaml:7:23: a window of `bandwidth` needs `rate`\n\(hint)"),
        BadFile(
            "a rate among windows", inLimits("[200MiB/s]"),
            "p.yaml:7:23: a window of `bandwidth` must be a mapping, but this is \"200MiB/s\"\n\(hint)"
        ),
        BadFile(
            "no windows", inLimits("[]"),
            "p.yaml:7:22: `bandwidth` is an empty list\nhint: remove the key instead"),
        BadFile(
            "a window without a list", inLimits("{ rate: 1B/s }"),
            "p.yaml:7:22: `bandwidth` must be a rate or a list of windows, but this is a mapping\n"
                + "hint: write the window as an entry of a list, with [ before and ] after it"),
    ]

    @Test("that are mistaken are refused with the place", arguments: bad)
    func mistakes(file: BadFile) throws {
        let error = try #require(refusal(file.text))
        #expect(error.code == .invalidPipeline)
        #expect("\(error)" == file.message)
    }
}
