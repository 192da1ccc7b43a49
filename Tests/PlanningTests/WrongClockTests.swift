// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import MigrationJournal
@testable import Planning

/// Nights on which the clock of the machine was wrong.
@Suite struct WrongClockTests {
    private static let daySeconds: Int64 = 86_400
    /// 2026-11-01.
    private static let firstSeconds: Int64 = 1_793_491_200

    /// Returns the versions to delete. Version 1 was done in run 1 on the first of these days, and
    /// so on.
    private func deleted(_ days: [Int64], now: Int64) throws -> [String] {
        let moments = days.map { Self.firstSeconds + $0 * Self.daySeconds }
        let nowSeconds = Self.firstSeconds + now * Self.daySeconds
        let copies = moments.enumerated().map { index, moment in
            let version = index + 1
            let origin = Origin(lineageID: "lineage", versionID: "v\(version)")
            let image = Sample.target(
                "image-\(version)", name: "Ubuntu", marker: origin.propertyValue)
            var row = Sample.transfer("s\(version)", state: .done, imageID: image.id)
            row.intent.origin = origin
            row.intent.record.name = "Ubuntu"
            row.placement = Placement(imageID: image.id, contents: .ours)
            var copy = SeriesCopy(image, transfer: row, currentSince: moment * 1000)
            copy.currentSinceRun = Int64(version)
            return copy
        }
        var item = Sample.item("s\(days.count)")
        item.intent.origin = Origin(lineageID: "lineage", versionID: "v\(days.count)")
        item.action = .skip
        var retirement = Retirement(
            try targetRules("keep: 1\nexpired: { action: delete, after: 2d }"), projectID: nil,
            nowUnixSeconds: nowSeconds)
        let starts = moments.enumerated().map {
            RunClock.Start(runID: Int64($0 + 1), at: $1 * 1000)
        }
        retirement.clock = RunClock(starts + [.init(runID: .max, at: nowSeconds * 1000)])
        return retirement.changes(besides: [item], copies).filter { $0.action == .delete }
            .map { String($0.image.id.dropFirst("image-".count)) }
    }

    @Test(
        arguments: [
            // Each version was replaced on the day of the next one.
            ([1, 2, 3, 4], 4, ["1"]), ([1, 2, 3, 4], 5, ["1", "2"]),
            // The clock of the second night was ahead by a month: that makes its version no
            // younger.
            ([1, 30, 3, 4], 4, []), ([1, 30, 3, 4], 5, ["1", "2"]),
            ([1, 400, 3, 7, 11], 13, ["1", "2", "3"]),
            // The clock was behind: that makes no other version older.
            ([10, 11, -200, 13], 14, ["1"]), ([10, 11, -200, 13], 15, ["1", "2"]),
        ] as [([Int64], Int64, [String])])
    func `It makes no version older, and stops no deletion for the time after it`(
        days: [Int64], now: Int64, expected: [String]
    ) throws {
        #expect(try deleted(days, now: now) == expected)
    }
}
