// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import Digests
import GlanceModel

extension PlantedBug {
    /// True if a scenario has the conditions in which this bug does harm. In other scenarios, the
    /// bug rarely has an effect.
    func canShow(in scenario: Scenario) -> Bool {
        let hasManyFaults = scenario.faultRate > 0.05
        let keepsIDs = scenario.targets.contains { $0.keepID != "false" }
        let lying = scenario.sources.filter { $0.lies && !$0.breaksOff }
        let diesLast = scenario.starts.last?.dieAfterSteps != nil
        return switch self {
        case .ignoresBrokenPromises: !lying.isEmpty
        case .releasesTheEndEarly: !lying.isEmpty
        case .takesBusyForComplete: diesLast
        case .takesShortForWhole: scenario.sources.contains { $0.breaksOff }
        case .createsAgainAfterALostAnswer, .keepsSpoiledRecords, .waitsByTheImageAlone,
            .retriesForEver, .leavesUnfinishedCopies:
            hasManyFaults
        case .skipsByName:
            scenario.targets.contains { $0.namesakes.values.contains(false) }
        case .ownsWhatItAdopts: scenario.hasTwoHosts
        case .discardsKeptIDs: keepsIDs && hasManyFaults
        case .ownsWhatOthersSent: keepsIDs && scenario.hasTwoHosts
        case .takesOthersForDead: keepsIDs && scenario.hasTwoHosts && scenario.endsTogether
        case .trustsTheSpool: diesLast && scenario.sources.contains { !$0.lies }
        case .keepsSpooledData: scenario.transfer == "spool"
        case .publishesBeforeProof, .comparesNothing, .createsBeforeCommitting,
            .discardsWithoutLooking, .forgetsGenerations:
            true
        default: needsLies || needsNights
        }
    }

    /// Adds the conditions that few scenarios have by chance.
    func shape(_ scenario: inout Scenario) throws(TranshipError) {
        switch self {
        case .releasesTheEndEarly:
            scenario.transfer = "stream"
            // For a smaller body, the look at the first bytes would wait for all data, and so for
            // its digest.
            for index in scenario.sources.indices {
                try scenario.sources[index].grow(to: 65 << 10)
            }
        case .ownsWhatItAdopts: scenario.faultRate = 0.15
        case .takesOthersForDead:
            // All work is left to the last start, which both hosts perform at the same time.
            scenario.starts = Array(scenario.starts.filter { $0.second != nil }.prefix(1))
            scenario.starts[0].dieAfterSteps = 14
            scenario.starts[0].second?.dieAfterSteps = 14
            // The body takes so long that the other host meets it.
            for index in scenario.sources.indices {
                try scenario.sources[index].grow(to: 512 << 10)
            }
        case .trustsTheSpool:
            scenario.transfer = "spool"
            for index in scenario.sources.indices where !scenario.sources[index].lies {
                // With a promise, the run would find the damage at the end, and read the data
                // again.
                scenario.sources[index].promise = .none
                try scenario.sources[index].grow(to: 16 << 10)
            }
        default: break
        }
    }
}

extension Scenario.Source {
    /// Repeats the source's bytes until there are enough.
    fileprivate mutating func grow(to count: Int) throws(TranshipError) {
        let pattern = bytes.isEmpty ? [UInt8(truncatingIfNeeded: number)] : bytes
        while bytes.count < count { bytes += pattern }
        md5 = try digest(.md5, of: bytes).value
        sha512 = try digest(.sha512, of: bytes).value
    }
}

extension Simulator {
    /// Runs the first seeds from 1 whose scenarios can show a planted bug, until one of them does.
    ///
    /// - Parameter runsMax: the number of seeds to run.
    /// - Returns: the report of the seed that found the bug; nil if none did.
    package func find(
        _ planted: PlantedBug, runsMax: Int
    ) throws(TranshipError) -> Report? {
        var seed: UInt64 = 0
        for _ in 0..<runsMax {
            seed = try next(after: seed, for: planted)
            let report = try run(
                seed: seed, planted: planted, isLying: planted.needsLies,
                hasNights: planted.needsNights)
            if !report.violations.isEmpty { return report }
        }
        return nil
    }

    /// Returns the next seed whose scenario can show a planted bug.
    package func next(
        after seed: UInt64, for planted: PlantedBug
    ) throws(TranshipError) -> UInt64 {
        var seed = seed
        repeat { seed += 1 } while try !planted.canShow(in: scenario(seed))
        return seed
    }

    /// Returns the scenario that ``Simulator/run(seed:planted:isLying:hasNights:isLogging:)``
    /// plays.
    private func scenario(_ seed: UInt64) throws(TranshipError) -> Scenario {
        var chance = Chance(seed)
        var scenario = try Scenario(&chance)
        // The seeds of the timeline and the world.
        _ = (chance.next(), chance.next())
        scenario.chooseWay(&chance)
        return scenario
    }
}
