// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Sources that write the time of their answer into each answer, night after night.
@Suite(.timeLimit(.minutes(3))) struct StampedTimesTests {
    private static let hides =
        "method: upload, keep: 1, previous: hide, expired: { action: delete, after: 0s }"
    private static let renames =
        "method: upload, keep: 1, previous: rename, expired: { action: delete, after: 0s }"

    /// The versions of `a.img`, which has a stamp, and of `b.img`, which has an ETag.
    private struct Offer {
        var a: UInt64
        var b: UInt64 = 50
    }

    private let publisher: ChangingServer<Offer>

    init() throws {
        let clock = Guarded(0)
        publisher = try ChangingServer(Offer(a: 1)) { offer, request in
            if request.path == "/b.img" {
                return .status(
                    200, headers: [("ETag", "\"\(offer.b)\"")], body: noise(5000, seed: offer.b))
            }
            let second = clock.withLock { clock in
                clock += 1
                return clock
            }
            let padded = [second / 60, second % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            let time = "Tue, 10 Nov 2026 10:\(padded[0]):\(padded[1]) GMT"
            return .status(
                200, headers: [("Last-Modified", time), ("Date", time)],
                body: noise(5000, seed: offer.a))
        }
    }

    private func run(
        _ nights: Nights, _ offer: Offer, rules: String = Self.hides, several: Bool = false,
        warnings: Guarded<[String]> = .init([])
    ) throws -> PipelineRun {
        publisher.publish(offer)
        let series = several ? "series: { name: s, several: true }, " : ""
        let sources = (several ? ["a", "b"] : ["a"]).map { name in
            "  - { url: '\(publisher.url)/\(name).img', \(series)"
                + "image: { name: a, disk_format: raw } }"
        }
        return try nights.run(
            rules: rules, sources: "sources:\n" + sources.joined(separator: "\n"),
            tell: { event in
                if case .warning(let warning) = event {
                    warnings.withLock { $0.append(warning.words) }
                }
            })
    }

    private func night(
        _ nights: Nights, _ version: UInt64, rules: String = Self.hides
    ) async throws -> Nights.Night {
        try await nights.night(try run(nights, Offer(a: version), rules: rules))
    }

    private func count(_ nights: Nights) -> Int? { nights.clouds["beta"]?.ids.count }

    // MARK: Several sources

    @Test(arguments: [hides, renames])
    func `A source with nothing new keeps no earlier version of another one`(
        rules: String
    ) async throws {
        let nights = try Nights("beta")
        for version in 51...55 as ClosedRange<UInt64> {
            let run = try run(nights, Offer(a: 1, b: version), rules: rules, several: true)
            let night = try await nights.night(run)
            #expect(night.summary.exitStatus == .done, "\(night.words)")
            #expect(nights.standing(1) == "a" && nights.standing(version) == "a", "\(night.words)")
            let before = nights.standing(version - 1)
            #expect(version == 51 ? before == nil : before != "a", "\(night.words)")
            #expect(nights.standing(version - 2) == nil)
        }
        // The same with the roles of the two exchanged.
        let run = try run(nights, Offer(a: 2, b: 55), rules: rules, several: true)
        _ = try await nights.night(run)
        #expect(nights.standing(2) == "a" && nights.standing(55) == "a")
        #expect(nights.standing(1) != "a" && nights.standing(1) != nil)
    }

    // MARK: Data that come back

    @Test(arguments: [hides, renames], 1...2)
    func `Data that come and go do not pile up`(rules: String, keep: Int) async throws {
        let nights = try Nights("beta")
        let rules = rules.replacing("keep: 1", with: "keep: \(keep)")
        for number in 0..<8 {
            let version: UInt64 = number % 2 == 0 ? 1 : 2
            let night = try await night(nights, version, rules: rules)
            #expect(night.summary.exitStatus == .done, "\(night.words)")
            #expect(count(nights) ?? 99 <= keep + 1, "night \(number): \(night.words)")
            let current = nights.clouds["beta"]?.active.filter {
                $0.fields["name"] == "a" && $0.fields["os_hidden"]?.bool != true
            }
            #expect(current?.map(\.data) == [noise(5000, seed: version)], "night \(number)")
        }
    }

    @Test func `An earlier version stays if data of another one come back`() async throws {
        let nights = try Nights("beta")
        let rules = Self.hides.replacing("keep: 1", with: "keep: 2")
        for version in [1, 2, 3, 2, 3, 2] as [UInt64] {
            _ = try await night(nights, version, rules: rules)
        }
        #expect(nights.standing(1) == "a hidden")
        _ = try await night(nights, 4, rules: rules)
        _ = try await night(nights, 5, rules: rules)
        #expect(nights.standing(1) == nil && nights.standing(5) == "a")
    }

    // MARK: Versions that wait

    @Test func `A version waits for its name once`() async throws {
        let nights = try Nights("beta")
        _ = try await night(nights, 1, rules: Self.renames)
        let holder = try #require(nights.id(1))
        nights.clouds["beta"]?.put(holder, ["protected": true])
        for number in 1...3 {
            let night = try await night(nights, 2, rules: Self.renames)
            #expect(night.summary.exitStatus == .someFailed, "night \(number): \(night.words)")
            #expect(count(nights) == 2, "night \(number): \(night.words)")
            #expect(nights.standing(1) == "a" && nights.standing(2) == "a (…)")
        }
        nights.clouds["beta"]?.put(holder, ["protected": false])
        for _ in 1...2 {
            let night = try await night(nights, 2, rules: Self.renames)
            #expect(night.summary.exitStatus == .done, "\(night.words)")
        }
        #expect(count(nights) == 2)
        #expect(nights.standing(1) == "a (…)" && nights.standing(2) == "a")
    }

    @Test func `Nothing waits for a name if nothing is new`() async throws {
        let nights = try Nights("beta")
        _ = try await night(nights, 1, rules: Self.renames)
        nights.clouds["beta"]?.put(try #require(nights.id(1)), ["protected": true])
        let same = try await night(nights, 1, rules: Self.renames)
        #expect(same.summary.exitStatus == .done && count(nights) == 1)
        #expect(same.summary.isNothingToDo, "\(same.words)")
        #expect(
            same.summary.changes.map(\.reason.code) == ["protected-by-hand", "same-data-as-new"])
    }

    // MARK: A lost journal

    @Test(arguments: [hides, renames, "method: upload"])
    func `The same data is not copied again after the journal was lost`(
        rules: String
    ) async throws {
        let known = try Nights("beta")
        _ = try await night(known, 1, rules: rules)
        let nights = try known.withoutJournal()
        for number in 1...3 {
            let night = try await night(nights, 1, rules: rules)
            #expect(night.summary.exitStatus == .done, "night \(number): \(night.words)")
            #expect(count(nights) == 1 && nights.standing(1) == "a", "night \(number)")
        }
        _ = try await night(nights, 2, rules: rules)
        #expect(count(nights) == 2 && nights.standing(1) == "a")
    }

    // MARK: Words

    @Test func `Only what stays beside a new version is a warning`() async throws {
        let nights = try Nights("beta")
        let warnings = Guarded<[String]>([])
        // The last night finds two versions, one of them with the data that the source has.
        for (version, isTold) in [(1, false), (1, false), (2, false), (2, true)] {
            warnings.withLock { $0 = [] }
            let run = try run(
                nights, Offer(a: UInt64(version)), rules: "method: upload", warnings: warnings)
            _ = try await nights.night(run)
            let told = warnings.withLock { $0.filter { $0.contains("stays active") } }
            #expect(told.count == (isTold ? 1 : 0), "\(told)")
        }
        #expect(count(nights) == 2)
    }

    @Test func `Prune knows the current version, and check finds it`() async throws {
        let nights = try Nights("beta")
        for version in [1, 2] as [UInt64] { _ = try await night(nights, version) }
        let run = try run(nights, Offer(a: 2))
        let kept = try await run.prunable().map(\.reason.code)
        #expect(kept == ["new-data-unread", "is-current"])

        for downloads in [false, true] {
            var found: [CheckedImage] = []
            _ = try await run.check(downloads: downloads) { found.append($0) }
            #expect(found.map(\.verdict) == [.same], "\(found)")
            #expect(found.map(\.imageID) == [nights.id(2)])
            #expect((found.first?.note?.contains("--download") == true) == !downloads)
        }
        publisher.publish(Offer(a: 3))
        var verdicts: [CheckedImage.Verdict] = []
        _ = try await run.check(downloads: true) { verdicts.append($0.verdict) }
        #expect(verdicts == [.differs])
    }
}
