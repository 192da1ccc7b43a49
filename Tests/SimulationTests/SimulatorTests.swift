// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Simulation
import TestSupport
import Testing

/// Complete runs of the real pipeline over a simulated world. `make simulate` does the same with a
/// hundred thousand seeds; see docs/simulation.md.
@Suite(.timeLimit(.minutes(30))) struct SimulatorTests {
    /// Plays seeds until one fails.
    ///
    /// - Returns: the report of the first seed that fails.
    private func explore(
        _ seeds: some Sequence<UInt64> & Sendable
    ) async throws -> Simulator.Report? {
        try await blocking {
            let simulator = try Simulator()
            for seed in seeds {
                let report = try simulator.run(seed: seed)
                if !report.violations.isEmpty { return report }
            }
            return nil
        }
    }

    @Test func `Nothing is lost, doubled, published unproved or deleted without right`()
        async throws
    {
        // The same seeds each time: `make simulate` plays others.
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

    /// Checks that a search over seeds finds each bug. A new draw in the simulation changes the
    /// seed that finds it, and breaks no test.
    @Test(arguments: PlantedBug.allCases.filter { !$0.needsLies && !$0.needsNights })
    func `A planted bug is found`(bug: PlantedBug) async throws {
        let found = try await blocking { try Simulator().find(bug, runsMax: 500) }
        #expect(found != nil, "500 seeds do not find \(bug.rawValue)")
    }
}
