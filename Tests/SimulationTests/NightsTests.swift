// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Simulation
import TestSupport
import Testing

/// Months of a nightly mirror over a simulated world, with starts that die. `make nights` plays
/// thousands of them.
@Suite(.timeLimit(.minutes(30))) struct NightsTests {
    @Test func `Each night ends in the state of its table, whatever dies in it`() async throws {
        let failed: Simulator.Report? = try await blocking {
            let simulator = try Simulator()
            for seed: UInt64 in 1...6 {
                let report = try simulator.run(seed: seed, hasNights: true)
                if !report.violations.isEmpty { return report }
            }
            return nil
        }
        #expect(
            failed == nil,
            "\(failed?.violations ?? []): make nights SEED=\(failed?.seed ?? 0)")
    }

    @Test(arguments: PlantedBug.allCases.filter(\.needsNights))
    func `A planted bug is found`(bug: PlantedBug) async throws {
        let found = try await blocking { try Simulator().find(bug, runsMax: 20) }
        #expect(found != nil, "20 months do not find \(bug.rawValue)")
    }
}
