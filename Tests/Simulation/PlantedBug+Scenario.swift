// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import GlanceModel

extension PlantedBug {
    /// Whether a scenario has what this bug needs to do harm. Other scenarios may
    /// show it as well, but rarely.
    func canShow(in scenario: Scenario) -> Bool {
        let hasManyFaults = scenario.faultRate > 0.05
        let keepsIDs = scenario.targets.contains { $0.keepID != "false" }
        let hasLies = scenario.sources.contains { $0.lies && !$0.breaksOff }
        return switch self {
        case .ignoresBrokenPromises: hasLies
        case .releasesTheEndEarly: hasLies && scenario.transfer != "spool"
        case .takesShortForWhole: scenario.sources.contains { $0.breaksOff }
        case .createsAgainAfterALostAnswer, .takesBusyForComplete, .keepsSpoiledRecords,
            .waitsByTheImageAlone, .retriesForEver, .leavesUnfinishedCopies:
            hasManyFaults
        case .skipsByName:
            scenario.targets.contains { $0.namesakes.values.contains(false) }
        case .ownsWhatItAdopts: scenario.hasTwoHosts
        case .discardsKeptIDs: keepsIDs && hasManyFaults
        case .ownsWhatOthersSent: keepsIDs && scenario.hasTwoHosts
        case .takesOthersForDead: keepsIDs && scenario.hasTwoHosts && scenario.endsTogether
        case .trustsTheSpool:
            scenario.transfer == "spool" && scenario.starts.last?.dieAfterSteps != nil
        case .keepsSpooledData: scenario.transfer == "spool"
        case .publishesBeforeProof, .comparesNothing, .createsBeforeCommitting,
            .discardsWithoutLooking, .forgetsGenerations:
            true
        default: needsLies
        }
    }
}

extension Simulator {
    /// Runs the first seeds from 1 whose scenarios can show a planted bug, until one
    /// of them does.
    ///
    /// - Parameter runsMax: how many seeds to run.
    /// - Returns: the report of the seed that found the bug; nil if none did.
    package func find(
        _ planted: PlantedBug, runsMax: Int
    ) throws(TranshipError) -> Report? {
        var seed: UInt64 = 0
        for _ in 0..<runsMax {
            repeat { seed += 1 } while try !planted.canShow(in: scenario(seed))
            let report = try run(seed: seed, planted: planted, isLying: planted.needsLies)
            if !report.violations.isEmpty { return report }
        }
        return nil
    }

    /// The scenario that ``run(seed:planted:isLogging:)`` plays.
    private func scenario(_ seed: UInt64) throws(TranshipError) -> Scenario {
        var chance = Chance(seed)
        var scenario = try Scenario(&chance)
        // What the timeline and the world are seeded with.
        _ = (chance.next(), chance.next())
        scenario.chooseWay(&chance)
        return scenario
    }
}
