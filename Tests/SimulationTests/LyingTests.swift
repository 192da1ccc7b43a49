// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Simulation
import TestSupport
import Testing

/// Complete runs against services that lie; `make lie` does the same with 50,000 seeds.
///
/// Each runs in a process of its own, which names the seed that ended it: a lie may lead to a trap.
@Suite(.timeLimit(.minutes(30))) struct LyingTests {
    private static let seeds = 60

    /// The bugs that are each found within about 200 seeds. `make soak` looks for the other two as
    /// well.
    private static var bugs: [PlantedBug] {
        let all = PlantedBug.allCases.filter(\.needsLies)
        guard ProcessInfo.processInfo.environment["TRANSHIP_SOAK"] == nil else { return all }
        return all.filter { $0 != .reservesWhatIsDeclared && $0 != .trapsOnSizes }
    }

    private func lie(_ arguments: String...) async throws -> (status: Int32, words: String) {
        let folder = try TemporaryFolder()
        let said = URL(fileURLWithPath: folder.file("said"))
        let process = try StartedProcess(
            StartedProcess.binaries.appendingPathComponent("simulate"),
            ["--lying", "true"] + arguments,
            environment: ["SWIFT_DETERMINISTIC_HASHING": "1", "SWIFT_BACKTRACE": "enable=no"],
            output: said, talk: said)
        let status = await process.status
        return (status, String(decoding: try folder.bytes(of: "said"), as: UTF8.self))
    }

    @Test func `A lie ends no process, and makes it publish, delete or tell nothing`() async throws
    {
        let (status, words) = try await lie("--from", "1", "--seeds", "\(Self.seeds)")
        #expect(status == 0, "\(words)")
    }

    @Test func `A lying seed replays exactly`() async throws {
        for seed in 1...3 {
            let first = try await lie("--seed", "\(seed)")
            let second = try await lie("--seed", "\(seed)")
            #expect(first == second, "seed \(seed)")
            #expect(first.words.contains("seed \(seed)\n"))
        }
    }

    @Test(arguments: bugs)
    func `A planted bug is found by lies`(bug: PlantedBug) async throws {
        let (status, words) = try await lie("--planted", bug.rawValue, "--seeds", "1000")
        #expect(status != 0, "1000 seeds do not find \(bug.rawValue)")
        #expect(words.contains("make lie SEED="), "\(words)")
    }
}
