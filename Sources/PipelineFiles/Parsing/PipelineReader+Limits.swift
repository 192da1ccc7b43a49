// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

extension PipelineReader {
    func limits(_ value: FileValue) throws(TranshipError) -> PipelineLimits {
        let keys = try FileSection<LimitsKey>(value)
        let standard = PipelineLimits()
        return PipelineLimits(
            images: keys.read(.images, imagesAtOnce) ?? standard.images,
            bandwidth: keys.read(.bandwidth, bandwidth) ?? standard.bandwidth,
            attempts: keys.read(.attempts) { try $0.integer(1...1000) } ?? standard.attempts,
            deletes: keys.read(.deletes) { try $0.integer(0...1_000_000) } ?? standard.deletes,
            decompressedBytes: keys.read(.decompressedSize) { try $0.byteCount() }
                ?? standard.decompressedBytes,
            decompressedRatio: keys.read(.decompressedRatio) { try $0.integer(1...1_000_000) }
                ?? standard.decompressedRatio)
    }

    private func imagesAtOnce(_ value: FileValue) throws(TranshipError) -> ImagesAtOnce {
        try value.text() == "auto" ? .automatic : .atMost(try value.integer(1...1000))
    }

    // MARK: Bandwidth

    /// One entry of the list, before the end of an open window is known.
    private struct Entry {
        let value: FileValue
        /// The beginning of the window in minutes; nil for the entry that applies outside all
        /// windows.
        let from: Int?
        /// The end of the window in minutes; nil if the window lasts until the next one begins.
        let to: Int?
        let bytesPerSecond: Int64?
    }

    private static let windowHint = "write { from: \"08:00\", to: \"18:00\", rate: 50MiB/s }"

    /// Parses one rate, or a list of windows.
    private func bandwidth(_ value: FileValue) throws(TranshipError) -> BandwidthSchedule {
        guard value.isList else {
            guard !value.isMapping else {
                throw value.refusal(
                    "\(value.label) must be a rate or a list of windows, but this is a mapping",
                    hint: "write the window as an entry of a list, with [ before and ] after it")
            }
            return BandwidthSchedule(rest: try value.byteRate())
        }
        let values = try value.list()
        guard !values.isEmpty else {
            throw value.refusal("\(value.label) is an empty list", hint: "remove the key instead")
        }
        let entries = values.compactMap { value in attempt { try entry(value) } }
        let starts = entries.compactMap(\.from).sorted()
        var schedule = BandwidthSchedule()
        var seen: [(window: BandwidthSchedule.Window, value: FileValue)] = []
        var rest: FileValue?
        for entry in entries {
            guard let from = entry.from else {
                if let rest {
                    refuse(
                        entry.value.refusal(
                            "two entries of `bandwidth` have no `from`, the other one at "
                                + "\(rest.position)",
                            hint: "give one of them `from` and `to`"))
                }
                rest = entry.value
                schedule.restBytesPerSecond = entry.bytesPerSecond
                continue
            }
            let to = entry.to ?? starts.first { $0 > from } ?? starts.first ?? from
            let window = BandwidthSchedule.Window(
                fromMinute: from, toMinute: to, bytesPerSecond: entry.bytesPerSecond)
            if let other = seen.first(where: { $0.window.overlaps(window) }) {
                refuse(
                    entry.value.refusal(
                        "the window \(window.words) overlaps \(other.window.words) at "
                            + "\(other.value.position)",
                        hint: "let each window end where the next one begins"))
                continue
            }
            seen.append((window, entry.value))
            schedule.windows.append(window)
        }
        return schedule
    }

    /// Parses one window. Returns nil if its mistake is noted already.
    private func entry(_ value: FileValue) throws(TranshipError) -> Entry? {
        guard value.isMapping else {
            try value.refuseNull(hint: Self.windowHint)
            throw value.refusal(
                "a window of `bandwidth` must be a mapping, but this is "
                    + (value.isList ? "a list" : value.shown), hint: Self.windowHint)
        }
        let keys = try FileSection<BandwidthWindowKey>(value)
        let rate = keys.require(.rate, hint: Self.windowHint, standIn: nil, rate)
        // 24:00 is the end of a day. As a beginning, it means 00:00.
        let from = keys.read(.from) { try minute($0) % LocalTime.minutesPerDay }
        let to = keys.read(.to, minute)
        if keys[.from] == nil, let to = keys[.to] {
            throw to.refusal(
                "a window of `bandwidth` with `to` needs `from`", hint: Self.windowHint)
        }
        if from == nil, keys[.from] != nil || to == nil && keys[.to] != nil { return nil }
        if let from, from == to {
            throw value.refusal(
                "the window ends when it begins, at \(LocalTime.text(minuteOfDay: from))",
                hint: "for the whole day, leave `from` and `to` out")
        }
        return Entry(
            value: value, from: from, to: to.map { $0 % LocalTime.minutesPerDay },
            bytesPerSecond: rate)
    }

    /// Parses a rate, or `off` for no limit.
    private func rate(_ value: FileValue) throws(TranshipError) -> Int64? {
        if try value.text() == "off" { return nil }
        guard let rate = ByteCount.parseRate(try value.text()) else {
            throw value.refusal(
                "`rate` is \(value.shown), not a rate in bytes a second",
                hint: "write it as 200MiB/s, or `off` for no limit; nothing pauses a run")
        }
        return rate
    }

    private func minute(_ value: FileValue) throws(TranshipError) -> Int {
        guard let minute = LocalTime.parse(try value.text()) else {
            throw value.refusal(
                "\(value.label) is \(value.shown), not a time of day",
                hint: "write it as \"08:00\", from \"00:00\" to \"24:00\"")
        }
        return minute
    }
}
