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

/// Series with several sources.
@Suite(.timeLimit(.minutes(3))) struct SeveralSourcesTests {
    static let rules = "previous: hide, keep: 0, expired: { action: delete, after: 0s }"

    /// Two folders with versions, and their contents.
    private struct Folders {
        let nights: Nights

        init() throws {
            nights = try Nights("beta")
            for letter in ["x", "y"] {
                try FileManager.default.createDirectory(
                    atPath: nights.folder.file(letter), withIntermediateDirectories: true)
            }
        }

        func put(_ name: String, _ version: UInt64) throws {
            // A file that is written again is a new version.
            let path = nights.folder.file(name)
            guard !FileManager.default.fileExists(atPath: path) else { return }
            try nights.folder.write(noise(5000, seed: version), to: name)
        }

        func remove(_ name: String) throws {
            try FileManager.default.removeItem(atPath: nights.folder.file(name))
        }

        func night(rules: String = SeveralSourcesTests.rules) async throws -> Nights.Night {
            try await nights.night(try run(rules: rules))
        }

        func run(rules: String) throws -> PipelineRun {
            let sources = ["x", "y"].map { letter in
                """
                  - file: ./\(letter)/
                    latest: "disk-@v.img"
                    series: { name: s, several: true }
                    image: { name: "\(letter) {version}", disk_format: raw, container_format: bare }
                """
            }
            return try nights.run(
                rules: rules, sources: "sources:\n" + sources.joined(separator: "\n"))
        }
    }

    @Test(arguments: ["gone", "empty", "conflict", "older"])
    func `A source that is refused or in conflict keeps what it has`(trouble: String) async throws {
        let folders = try Folders()
        let nights = folders.nights
        try folders.put("x/disk-20260105.img", 1)
        try folders.put("y/disk-20260105.img", 2)
        _ = try await folders.night()
        try folders.put("y/disk-20260106.img", 3)
        switch trouble {
        case "gone": try folders.remove("x")
        case "empty": try folders.remove("x/disk-20260105.img")
        case "older":
            try folders.remove("x/disk-20260105.img")
            try folders.put("x/disk-20260104.img", 4)
        default:
            try folders.put("x/disk-20260106.img", 4)
            nights.clouds["beta"]?.put(
                "f0000000-0000-4000-8000-000000000000", data: [1], ["name": "x 20260106"])
        }
        let night = try await folders.night()
        #expect(night.items.count { $0.action == .refuse || $0.action == .conflict } == 1)
        #expect(night.words == ["delete done"])
        #expect(nights.standing(1) == "x 20260105" && nights.standing(3) == "y 20260106")
        #expect(nights.standing(2) == nil)
    }

    @Test func `A newer version of one source makes those of another one no older`() async throws {
        let folders = try Folders()
        let nights = folders.nights
        for (night, x, y) in [(1, 3, 1), (2, 3, 2), (3, 4, 2)] as [(Int, UInt64, UInt64)] {
            for (letter, version) in [("x", x), ("y", y + 10)] {
                let name = "\(letter)/disk-2026010\(version % 10).img"
                try folders.put(name, version)
            }
            let found = try await folders.night()
            #expect(found.items.allSatisfy { $0.refusal == nil }, "night \(night)")
            #expect(nights.standing(x) != nil && nights.standing(y + 10) != nil)
        }
        // Each source still has a memory of its own.
        try folders.remove("y/disk-20260102.img")
        let back = try await folders.night()
        #expect(back.items.compactMap(\.refusal?.code) == [.olderVersion])
        #expect(nights.standing(12) == "y 20260102")
    }

    /// Makes two versions of each source.
    private func twoNights() async throws -> Folders {
        let folders = try Folders()
        for version in [1, 2] as [UInt64] {
            try folders.put("x/disk-\(version).img", version)
            try folders.put("y/disk-\(version).img", version + 10)
            _ = try await folders.night(rules: "previous: hide")
        }
        return folders
    }

    @Test func `A rollback takes the version that the source says, and refuses one of several`()
        async throws
    {
        let folders = try await twoNights()
        let nights = folders.nights
        let run = try folders.run(rules: "previous: hide")
        let error = await failure { _ = try await run.rollback(series: "s", to: "1") }
        #expect(error?.code == .usage)
        #expect(error?.message == "several sources of \"s\" have a version 1")
        #expect(error?.hint?.contains("(x 1)") == true && error?.hint?.contains("(y 1)") == true)

        try folders.put("x/disk-3.img", 3)
        _ = try await folders.night(rules: "previous: hide")
        let rollback = try await folders.run(rules: "previous: hide").rollback(series: "s", to: "3")
        #expect(rollback.imageName == "x 3" && rollback.place?.contains("/x/") == true)
        let back = try await run.rollback(series: "s", to: nights.id(11))
        #expect(back.changes.count == 2 && back.heldCount == 1 && back.imageName == "y 1")
        _ = try await run.carryOut(back)
        #expect(nights.standing(3) == "x 3" && nights.standing(11) == "y 1")
        #expect(nights.standing(12) == "y 2 hidden")
    }

    @Test func `Each source has a current version, and the list says whose it is`() async throws {
        let folders = try await twoNights()
        func current() async throws -> [String] {
            var lines: [String] = []
            try await SeriesStatus.read(folders.nights.journal) { series throws(TranshipError) in
                lines += series.current.map {
                    "\($0.imageName ?? "-") \($0.place?.suffix(21) ?? "-")"
                }
            }
            return lines
        }
        let both = ["x 2 /x/disk-{version}.img", "y 2 /y/disk-{version}.img"]
        #expect(try await current() == both)
        // Only one source has a new version.
        try folders.put("x/disk-3.img", 3)
        _ = try await folders.night(rules: "previous: hide")
        #expect(try await current() == ["x 3 /x/disk-{version}.img", both[1]])
    }
}
