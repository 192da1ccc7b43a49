// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Simulation
import TestSupport
import Testing

/// Whole runs of the real pipeline over a simulated world. `make simulate` does
/// the same with a hundred thousand seeds; docs/simulation.md tells more.
@Suite(.timeLimit(.minutes(10))) struct SimulatorTests {
    /// Every test makes its own, on one thread.
    private func explore(
        _ seeds: some Sequence<UInt64> & Sendable, planted: PlantedBug? = nil
    ) async throws -> Simulator.Report? {
        try await blocking {
            let simulator = try Simulator()
            for seed in seeds {
                let report = try simulator.run(seed: seed, planted: planted)
                if !report.violations.isEmpty { return report }
            }
            return nil
        }
    }

    @Test func `Nothing is lost, doubled, published unproved or deleted without right`()
        async throws
    {
        // The same ones each time: `make simulate` is for others.
        let failed = try await explore(1...50)
        #expect(
            failed == nil,
            "\(failed?.violations ?? []): make simulate SEED=\(failed?.seed ?? 0)")
    }

    @Test func `A seed replays exactly`() async throws {
        try await blocking {
            let one = try Simulator()
            let other = try Simulator()
            for seed: UInt64 in 1...10 {
                let first = try one.run(seed: seed, isLogging: true)
                let second = try other.run(seed: seed, isLogging: true)
                #expect(first.log == second.log, "seed \(seed)")
                #expect(first.log.count > 20, "seed \(seed)")
            }
        }
    }

    /// Seeds that find each, so that this is a matter of seconds: those after
    /// them are tried as well.
    private static let firstSeeds: [PlantedBug: UInt64] = [
        .ignoresBrokenPromises: 15, .releasesTheEndEarly: 1113,
        .createsAgainAfterALostAnswer: 53, .discardsWithoutLooking: 12,
        .takesBusyForComplete: 84, .keepsSpoiledRecords: 49, .takesShortForWhole: 5,
        .waitsByTheImageAlone: 5, .retriesForEver: 5, .skipsByName: 39, .discardsKeptIDs: 49,
        .takesOthersForDead: 1603, .trustsTheSpool: 438,
    ]

    @Test(arguments: PlantedBug.allCases)
    func `A planted bug is found`(bug: PlantedBug) async throws {
        let first = Self.firstSeeds[bug] ?? 1
        let seeds = first...(first + 2000)
        let found = try await explore(seeds, planted: bug)
        #expect(found != nil, "\(bug.rawValue) is not found by \(seeds.count) seeds")
    }
}
