// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Data that stays the same while its ETag and time change.
@Suite(.timeLimit(.minutes(3))) struct KnownDataTests {
    private static let renames = "method: upload, keep: 1, previous: rename"
    private static let hides =
        "method: upload, keep: 1, previous: hide, expired: { action: delete, after: 0s }"

    /// The headers that a web server sends with a version's data.
    private struct Offer {
        var version: UInt64
        var headers: [(String, String)]
    }

    private let publisher: ChangingServer<Offer>
    private let reads = Guarded(0)

    init() throws {
        let reads = reads
        publisher = try ChangingServer(Offer(version: 1, headers: [])) { offer, request in
            if !request.isLook { reads.withLock { $0 += 1 } }
            return .status(
                200, headers: offer.headers, body: noise(5000, seed: offer.version))
        }
    }

    private static func time(_ day: Int) -> [(String, String)] {
        [("Last-Modified", "Tue, \(day) Nov 2026 10:00:00 GMT")]
    }

    private func night(
        _ nights: Nights, _ version: UInt64, _ headers: [(String, String)],
        rules: String = Self.hides, settings: String = "", down: Set<String> = [],
        in folder: String = ""
    ) async throws -> Nights.Night {
        publisher.publish(Offer(version: version, headers: headers))
        return try await nights.night(
            try nights.run(
                rules: rules,
                sources: """
                    sources:
                      - url: '\(publisher.url)\(folder)/a.img'
                        image: { name: a, disk_format: raw }
                    """, settings: settings, down: down))
    }

    private func count(_ nights: Nights, at cloud: String = "beta") -> Int? {
        nights.clouds[cloud]?.ids.count
    }

    @Test(arguments: [renames, hides, "method: upload"])
    func `The same data under another time is nothing new, and later data is`(
        rules: String
    ) async throws {
        let nights = try Nights("beta")
        _ = try await night(nights, 1, Self.time(10), rules: rules)
        for day in 11...14 {
            let same = try await night(nights, 1, Self.time(day), rules: rules)
            #expect(same.summary.exitStatus == .done, "\(same.summary.failures)")
            #expect(same.summary.images(in: .skipped) == 1)
            #expect(same.summary.changes.allSatisfy { $0.state == .left })
            #expect(count(nights) == 1 && nights.standing(1) == "a", "day \(day)")
        }
        let new = try await night(nights, 2, Self.time(15), rules: rules)
        #expect(new.summary.exitStatus == .done && nights.standing(2) == "a")
        let back = try await night(nights, 1, Self.time(16), rules: rules)
        #expect(back.summary.exitStatus == .done)
        let shown = nights.clouds["beta"]?.active.filter {
            $0.fields["name"] == "a" && $0.fields["os_hidden"]?.bool != true
                && $0.data == noise(5000, seed: 1)
        }
        #expect(shown?.isEmpty == false, "\(back.words)")
    }

    @Test func `Mirrors with times of their own are read once each`() async throws {
        let nights = try Nights("beta")
        for (index, day) in [10, 11, 10, 11, 11, 10].enumerated() {
            let night = try await night(nights, 1, Self.time(day))
            #expect(night.items.map(\.action) == [index < 2 ? .create : .skip], "night \(index)")
            #expect(count(nights) == 1)
        }
        #expect(reads.withLock { $0 } == 2)
    }

    @Test func `ETags of mirrors are no more than that`() async throws {
        let nights = try Nights("beta")
        for tag in ["a", "b", "c"] {
            let night = try await night(nights, 1, [("ETag", "\"\(tag)\"")])
            #expect(night.summary.exitStatus == .done && count(nights) == 1)
        }
        let series = try #require(try await nights.journal.seriesIDs().first)
        let transfers = try await nights.journal.provedTransfers(ofLineage: series)
        #expect(transfers.count == 3 && transfers.count { $0.sameData != nil } == 2)
        #expect(transfers.flatMap(\.remarks).map(\.code).contains("nothing-new"))
    }

    /// Another server may give other data the same ETag and time.
    @Test(arguments: [renames, hides, "method: upload"])
    func `The same data at another address is nothing new, and later data is`(
        rules: String
    ) async throws {
        let nights = try Nights("beta")
        _ = try await night(nights, 1, Self.time(10), rules: rules)
        for folder in ["/moved", "/again"] {
            let moved = try await night(nights, 1, Self.time(10), rules: rules, in: folder)
            #expect(moved.items.map(\.action) == [.create], "\(folder)")
            #expect(moved.items.flatMap(\.notes).map(\.code).contains("source-moved"))
            #expect(moved.summary.exitStatus == .done, "\(moved.summary.failures)")
            #expect(moved.summary.images(in: .skipped) == 1)
            #expect(moved.summary.changes.allSatisfy { $0.state == .left })
            for _ in 1...2 {
                let same = try await night(nights, 1, Self.time(10), rules: rules, in: folder)
                #expect(same.items.map(\.action) == [.skip] && same.planned.isEmpty, "\(folder)")
                #expect(count(nights) == 1 && nights.standing(1) == "a", "\(folder)")
            }
        }
        let back = try await night(nights, 1, Self.time(10), rules: rules)
        #expect(back.items.map(\.action) == [.skip] && count(nights) == 1)
        let new = try await night(nights, 2, Self.time(10), rules: rules, in: "/other")
        #expect(new.summary.exitStatus == .done && nights.standing(2) == "a")
    }

    @Test func `A file in another folder is nothing new`() async throws {
        let nights = try Nights("beta")
        for (place, version, action) in [
            ("one.raw", 1, PlanAction.create), ("two.raw", 1, .create), ("two.raw", 1, .skip),
            ("three.raw", 2, .create),
        ] as [(String, UInt64, PlanAction)] {
            let file = nights.folder.file(place)
            if !FileManager.default.fileExists(atPath: file) {
                try nights.folder.write(noise(5000, seed: version), to: place)
            }
            let night = try await nights.night(
                try nights.run(
                    rules: Self.renames,
                    sources: """
                        sources:
                          - { file: '\(file)', image: { name: a, disk_format: raw } }
                        """))
            #expect(night.items.map(\.action) == [action], "\(place)")
            #expect(night.summary.exitStatus == .done, "\(night.summary.failures)")
            #expect(count(nights) == Int(version) && nights.standing(version) == "a", "\(place)")
        }
    }

    @Test func `A target that was down gets the data, and no other one gets it twice`() async throws
    {
        let nights = try Nights("beta", "gamma")
        _ = try await night(nights, 1, Self.time(10), down: ["gamma"])
        for day in [11, 11, 12, 10, 12, 11] {
            let night = try await night(nights, 1, Self.time(day))
            #expect(night.summary.exitStatus == .done, "day \(day): \(night.summary.failures)")
            #expect(count(nights) == 1 && count(nights, at: "gamma") == 1, "day \(day)")
            #expect(nights.standing(1) == "a" && nights.standing(1, at: "gamma") == "a")
        }
        for (folder, down) in [("/moved", "gamma"), ("/moved", ""), ("", ""), ("/moved", "")] {
            let night = try await night(
                nights, 1, Self.time(11), down: [down], in: folder)
            #expect(night.summary.changes.allSatisfy { $0.state == .left }, "\(folder)")
            #expect(count(nights) == 1 && count(nights, at: "gamma") == 1, "\(folder)")
        }
    }

    @Test func `A version that an operator rolled back from does not come back`() async throws {
        let nights = try Nights("beta")
        let rules = "method: upload, keep: 3, previous: hide"
        _ = try await night(nights, 1, Self.time(10), rules: rules)
        _ = try await night(nights, 2, Self.time(11), rules: rules)
        let sources = """
            sources:
              - { url: '\(publisher.url)/a.img', image: { name: a, disk_format: raw } }
            """
        let run = try nights.run(rules: rules, sources: sources)
        _ = try await run.carryOut(try await run.rollback(series: "a", to: nil))
        for day in [11, 12, 13, 12] {
            _ = try await night(nights, 2, Self.time(day), rules: rules)
            #expect(nights.standing(1) == "a" && nights.standing(2) == "a hidden", "day \(day)")
            #expect(count(nights) == 2)
        }
        _ = try await night(nights, 3, Self.time(14), rules: rules)
        #expect(nights.standing(3) == "a")
    }

    @Test func `A version that was deleted at the target is made again`() async throws {
        let nights = try Nights("beta")
        _ = try await night(nights, 1, Self.time(10))
        _ = try await night(nights, 1, Self.time(11))
        nights.clouds["beta"]?.burn(try #require(nights.id(1)))
        let night = try await night(nights, 1, Self.time(11))
        #expect(night.summary.exitStatus == .done && nights.standing(1) == "a")
        #expect(count(nights) == 1)
    }

    /// In the plan, the apparently new version counts as the newest.
    @Test func `Versions expire as if nothing new had been offered`() async throws {
        let nights = try Nights("beta")
        _ = try await night(nights, 1, Self.time(10))
        _ = try await night(nights, 2, Self.time(11))
        _ = try await night(nights, 3, Self.time(12), settings: "limits: { deletes: 0 }")
        #expect(count(nights) == 3)
        for day in 13...15 {
            _ = try await night(nights, 3, Self.time(day))
            let standing = (1...3).map { nights.standing($0) }
            #expect(standing == [nil, "a hidden", "a"], "day \(day)")
        }
    }

    /// Only a run reads data, and so finds out whether data with another time is new.
    @Test func `Prune deletes what has expired whether the data is new or not`() async throws {
        let nights = try Nights("beta")
        let kept = "limits: { deletes: 0 }"
        for version in 1...4 as ClosedRange<UInt64> {
            _ = try await night(nights, version, Self.time(9 + Int(version)), settings: kept)
        }
        #expect(count(nights) == 4)
        publisher.publish(Offer(version: 4, headers: Self.time(14)))
        let run = try nights.run(
            rules: Self.hides,
            sources: """
                sources:
                  - { url: '\(publisher.url)/a.img', image: { name: a, disk_format: raw } }
                """)
        let readBefore = reads.withLock { $0 }
        func words(_ found: [Change]) -> [String] {
            found.map { $0.state == .planned ? "delete" : $0.reason.code }
        }
        let found = try await run.prunable()
        #expect(words(found) == ["delete", "delete", "new-data-unread", "is-current"])
        let summary = try await run.prune(found)
        #expect(summary.changes.map(\.state) == [.done, .done], "\(summary.changes)")
        #expect((1...4).map { nights.standing($0) } == [nil, nil, "a hidden", "a"])
        #expect(words(try await run.prunable()) == ["new-data-unread", "is-current"])
        #expect(reads.withLock { $0 } == readBefore)
        // Nothing is new, so the run keeps the versions that prune kept.
        _ = try await night(nights, 4, Self.time(15))
        #expect((3...4).map { nights.standing($0) } == ["a hidden", "a"])
        // A new version takes a place, and the oldest one is deleted.
        _ = try await night(nights, 5, Self.time(16))
        #expect((3...5).map { nights.standing($0) } == [nil, "a hidden", "a"])
    }

    @Test func `The series has no version that was nothing new`() async throws {
        let nights = try Nights("beta")
        for day in 10...12 { _ = try await night(nights, 1, Self.time(day), rules: Self.renames) }
        var found: [SeriesStatus] = []
        try await SeriesStatus.read(nights.journal, series: nil) { found.append($0) }
        #expect(found.flatMap(\.versions).map(\.standing) == [.current])
        #expect(found.first?.current.first?.transfer.imageID == nights.id(1))
    }

    /// Under another series, the data is another image.
    @Test
    func `A series that is renamed takes the image that is there, and no second one of its name`()
        async throws
    {
        let nights = try Nights("beta")
        func night(_ version: UInt64, series: String) async throws -> Nights.Night {
            publisher.publish(Offer(version: version, headers: Self.time(Int(version) + 10)))
            let source = "url: '\(publisher.url)/a.img', series: \(series)"
            return try await nights.night(
                try nights.run(
                    rules: Self.hides,
                    sources: "sources:\n  - { \(source), image: { name: a, disk_format: raw } }"))
        }
        _ = try await night(1, series: "old")
        for _ in 1...2 {
            let same = try await night(1, series: "new")
            #expect(same.items.map(\.action) == [.skip], "\(same.items.map(\.reason))")
            #expect(same.summary.exitStatus == .done && count(nights) == 1)
        }
        let next = try await night(2, series: "new")
        #expect(next.items.map(\.action) == [.conflict] && count(nights) == 1)
    }

    /// A script that does not know the time of change writes the time of its answer.
    @Test func `A time of the answer does not say that the data has changed since the plan`()
        async throws
    {
        let nights = try Nights("beta")
        let stamped = ["05", "06", "07"].map { second in
            ["Last-Modified", "Date"].map { ($0, "Tue, 10 Nov 2026 10:00:\(second) GMT") }
        }
        publisher.publish(Offer(version: 1, headers: stamped[0]))
        let run = try nights.run(
            rules: Self.hides,
            sources: """
                sources:
                  - { url: '\(publisher.url)/a.img', image: { name: a, disk_format: raw } }
                """)
        let plan = try await run.plan()
        publisher.publish(Offer(version: 1, headers: stamped[1]))
        let summary = try await run.carryOut(plan)
        #expect(summary.exitStatus == .done, "\(summary.failures)")
        let next = try await night(nights, 1, stamped[2])
        #expect(next.summary.exitStatus == .done && count(nights) == 1)
    }
}
