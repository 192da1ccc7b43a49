// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// SIGKILL, which no process can handle: at every commit of the journal, and between commits
    /// while many images are in different states. After one more run, every image is at the target
    /// once.
    ///
    /// `make soak` sets `TRANSHIP_SOAK` to a number of random moments; `TRANSHIP_SEED` repeats
    /// those of an earlier soak.
    @Suite struct KillTests {
        /// The state of the target when a run is killed, by status.
        private struct Moment: Sendable, CustomStringConvertible {
            var description: String
            var isNow: @Sendable ([String: Int]) -> Bool

            init(_ description: String, _ isNow: @escaping @Sendable ([String: Int]) -> Bool) {
                self.description = description
                self.isNow = isNow
            }
        }

        @Test("SIGKILL between commits of an upload costs nothing: every image arrives once")
        func upload() async throws {
            try await killed(
                method: "upload", topic: "kill",
                [
                    Moment("the first bodies") { $0["saving", default: 0] > 1 },
                    Moment("bodies beside finished images") {
                        $0["saving", default: 0] > 0 && $0["active", default: 0] > 2
                    },
                    Moment("most images finished") { $0["active", default: 0] > 6 },
                ])
        }

        @Test("SIGKILL between commits of a staged import costs nothing: every image arrives once")
        func glanceDirect() async throws {
            try await killed(
                method: "glance-direct", topic: "killimport",
                [
                    Moment("the first stages") { $0["uploading", default: 0] > 1 },
                    Moment("stages beside finished images") {
                        $0["uploading", default: 0] > 0 && $0["active", default: 0] > 2
                    },
                    Moment("most images finished") { $0["active", default: 0] > 6 },
                ])
        }

        @Test("SIGKILL at every commit of the journal, before and after it, costs nothing")
        func everyCommit() async throws {
            // Planning is the same for all ways. Only the runs of one way are killed there as well.
            let all = KillLine.all.filter { !$0.isLong || Self.soakMoments != nil }
            let lines = all.enumerated().map { ($1, $0 == 0 ? 1 : KillLine.planCommits) }
            try await withThrowingTaskGroup(of: String.self) { group in
                var waiting = lines[...]
                func startNext() {
                    guard let (line, first) = waiting.popFirst() else { return }
                    group.addTask {
                        let points = try await everyCommit(line, from: first)
                        return "\(line.name): \(points) points"
                    }
                }
                for _ in 0..<3 { startNext() }
                for try await done in group {
                    print("kill at commits: \(done)")
                    startNext()
                }
            }
        }

        @Test(
            "random SIGKILLs in every way of moving images cost nothing",
            .enabled(if: soakMoments != nil, "make soak"))
        func soak() async throws {
            let moments = Self.soakMoments ?? 0
            let each = (moments + KillLine.all.count - 1) / KillLine.all.count
            let seed = Self.seed
            print("soak: seed \(seed); again with TRANSHIP_SEED=\(seed) TRANSHIP_SOAK=\(moments)")
            for line in KillLine.all {
                print("soak \(line.name): \(each) moments")
                var random = SeededNumbers(seed: seed)
                try await killed(line, times: each, seed: seed, &random)
            }
        }

        private static let soakMoments = ProcessInfo.processInfo.environment["TRANSHIP_SOAK"]
            .flatMap { Int($0) }

        private static var seed: UInt64 {
            ProcessInfo.processInfo.environment["TRANSHIP_SEED"].flatMap { UInt64($0) }
                ?? .random(in: 0..<1 << 32)
        }

        // MARK: Commits

        /// Kills a run of one image at each of its commits, each time with an image and a journal
        /// of its own, until a run has no such commit.
        ///
        /// - Returns: the number of killed runs.
        private func everyCommit(_ line: KillLine, from first: Int) async throws -> Int {
            var killed = 0
            // The short test kills only before commits: a process that dies with everything done
            // but the commit is the harder case.
            let isWhole = first == 1 || Self.soakMoments != nil
            for number in first... {
                for moment in isWhole ? ["before", "after"] : ["before"] {
                    let wasKilled = try await atCommit(
                        "\(moment):\(number)", line, isFirst: number == first)
                    guard wasKilled else {
                        // Fewer kills mean that only the commits of planning were tested.
                        #expect(
                            killed >= (isWhole ? 12 : 6),
                            "\(line.name) was killed at \(killed) points only")
                        return killed
                    }
                    killed += 1
                }
            }
            return killed
        }

        /// - Parameter isFirst: true if only planning was committed before.
        private func atCommit(
            _ point: String, _ line: KillLine, isFirst: Bool
        ) async throws -> Bool {
            var wasKilled = false
            try await scene("commit", cleaning: line.cleaning) { scene in
                let scenery = try await line.prepare(scene, 1, isSlow: false)
                let bystander = try await Bystander(scene, line.targets)
                let first = try await scene.tranship(
                    "run", scenery.file, environment: ["TRANSHIP_KILL_AT_COMMIT": point])
                #expect([0, 128 + SIGKILL].contains(first.status), "\(line.name) \(first.said)")
                wasKilled = first.status != 0
                let context = "\(line.name) killed \(point)"
                if isFirst, wasKilled, point.hasPrefix("before") {
                    let states = try await scene.journalled().map { $0.text("state") }
                    #expect(states.allSatisfy { $0 == "planned" }, "\(context): \(states)")
                    #expect(scene.spooled.isEmpty, "\(context)")
                }
                let last = try await scene.tranship("run", scenery.file)
                #expect(last.status == 0, "\(context)\n\(last.said)")
                try await expectWhole(scenery, line, scene, "\(context)\n\(last.said)")
                try await bystander.expectUntouched(context)
            }
            return wasKilled
        }

        /// Expects every image exactly once at each target, with its bytes, and no other image of
        /// ours.
        private func expectWhole(
            _ scenery: KillLine.Scenery, _ line: KillLine, _ scene: Scene, _ context: String
        ) async throws {
            for target in line.targets {
                let copies = try await target.images(scene.prefix).filter {
                    !$0.name.hasSuffix(Bystander.suffix)
                }
                #expect(
                    copies.map(\.name).sorted() == scenery.data.keys.sorted(),
                    "\(context)\n\(copies)")
                for copy in copies {
                    #expect(copy.text("status") == "active", "\(context)\n\(copy)")
                    let there = try await target.data(copy.id)
                    #expect(there == scenery.data[copy.name], "\(copy.name): \(context)")
                    try await line.check(copy, scenery, "\(context)\n\(copy)")
                }
            }
            #expect(scene.spooled.isEmpty, "\(context)")
        }

        // MARK: Random moments

        private func killed(
            _ line: KillLine, times: Int, seed: UInt64, _ random: inout SeededNumbers
        ) async throws {
            var left = times
            while left > 0 {
                // A group of images; its runs are killed a few times before the last one.
                let kills = min(left, Int.random(in: 1...6, using: &random))
                left -= kills
                let fractions = (0..<kills).map { _ in Double.random(in: 0..<1, using: &random) }
                try await scene("soak", cleaning: line.cleaning) { scene in
                    let scenery = try await line.prepare(scene, 4, isSlow: true)
                    let bystander = try await Bystander(scene, line.targets)
                    for fraction in fractions {
                        let command = try scene.start(["run", scenery.file])
                        try await Task.sleep(for: .seconds(fraction * 4))
                        command.signal(SIGKILL)
                        let outcome = await command.outcome()
                        #expect([128 + SIGKILL, 0].contains(outcome.status), outcome.said)
                    }
                    let moments = fractions.map { $0 * 4 }
                    let context = "soak \(line.name), seed \(seed), at \(moments) s"
                    let last = try await scene.tranship("run", scenery.file)
                    #expect(last.status == 0, "\(context)\n\(last.said)")
                    try await expectWhole(scenery, line, scene, "\(context)\n\(last.said)")
                    try await bystander.expectUntouched(context)
                }
            }
        }

        private func killed(
            method: String, topic: String, _ moments: [Moment]
        ) async throws {
            try await scene(topic) { scene in
                let originals = try await scene.addTwelve(bytes: Sample.mebibyte)
                // Slow enough to meet images in flight.
                let file = try scene.cloudPipeline(
                    targetKeys: "method: \(method)\nimage: { members: drop }",
                    "limits: { images: 4, bandwidth: 4MiB/s }")
                var found: [String] = []
                for moment in moments {
                    let command = try scene.start(["run", file])
                    var states: [String: Int] = [:]
                    try await waits("\(moment)") {
                        states = Dictionary(
                            grouping: try await scene.beta.images(scene.prefix)
                        ) { $0.text("status") }.mapValues(\.count)
                        return moment.isNow(states)
                    }
                    command.signal(SIGKILL)
                    let outcome = await command.outcome()
                    #expect(outcome.status == 128 + SIGKILL, "\(moment): \(outcome.said)")
                    found.append("\(moment): \(states)")
                }
                let context = found.joined(separator: "\n")
                let last = try await scene.tranship("run", file)
                #expect(last.status == 0, "\(context)\n\(last.said)")
                let copies = try await scene.beta.images(scene.prefix)
                Comparison.expectEqual(originals, copies, "\(context)\n\(last.said)")
                // The service's own hash of its stored data proves the bytes. The data that it
                // returns is compared as well.
                for copy in copies {
                    let original = originals.first {
                        $0["os_hash_value"] == copy["os_hash_value"]
                    }
                    let there = try await scene.beta.data(copy.id)
                    let here = try await scene.alpha.data(original?.id ?? "")
                    #expect(there == here, "\(copy.name) (\(context))")
                }
                try await expectJournal(agrees: copies, scene)

                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(again.talk.contains("nothing to do"), again.said)
            }
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
