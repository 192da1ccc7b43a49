// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationJournal
package import MigrationModel
import MigrationPipeline
import PipelineFiles

/// Whole runs of the real pipeline over a world that a seed makes: starts that
/// crash, fail and are repeated, then calm, and a last start that has to bring
/// everything to its end.
///
/// Not `Sendable`: one thread makes one and uses it.
package final class Simulator {
    /// What came of one seed.
    package struct Report: Sendable {
        package var seed: UInt64
        /// What must never be, in words; empty where all is well.
        package var violations: [String]
        /// What happened, line by line, where it was asked for.
        package var log: [String]
        /// Starts of the pipeline.
        package var runs: Int
        /// Images times targets.
        package var transfers: Int
        /// Jobs of all tasks.
        package var steps: Int
    }

    private let journal: Journal
    private var pipelines: [String: Pipeline] = [:]

    /// Jobs after which a start counts as endless: several times what the
    /// longest ones took that ended.
    private static let stepsMax = 100_000
    private static let millisecondsMax: Int64 = 6 * 3_600_000

    package init() throws(MigrationError) {
        journal = try Journal.inMemory()
    }

    /// - Parameters:
    ///   - planted: a bug to be found.
    ///   - isLogging: whether to write down what happens.
    package func run(
        seed: UInt64, planted: PlantedBug? = nil, isLogging: Bool = false
    ) throws(MigrationError) -> Report {
        var chance = Chance(seed)
        let scenario = try Scenario(&chance)
        let timeline = Timeline(Chance(chance.next()))
        try journal.forget()
        let world = World(
            scenario, timeline, journal: journal, chance: Chance(chance.next()),
            isLogging: isLogging)
        let pipeline = try pipeline(scenario)
        world.say("seed \(seed)\n\(scenario.pipelineText)\(scenario.words)")
        let play = Play(world: world, pipeline: pipeline, planted: planted)
        for start in scenario.starts {
            if world.watch.violations.isEmpty { try play.perform(start) }
        }
        if world.watch.violations.isEmpty { play.settle() }
        return Report(
            seed: seed, violations: world.watch.violations, log: world.log, runs: play.runs,
            transfers: scenario.sources.count * scenario.targets.count, steps: timeline.steps)
    }

    private func pipeline(_ scenario: Scenario) throws(MigrationError) -> Pipeline {
        let text = scenario.pipelineText
        if let known = pipelines[text] { return known }
        let pipeline = try Pipeline.parse(text: text, file: "simulation.yaml", environment: [:])
        pipelines[text] = pipeline
        return pipeline
    }

    /// One seed's starts, one after the other.
    private final class Play {
        let world: World
        let pipeline: Pipeline
        let planted: PlantedBug?
        private(set) var runs = 0
        private var hasLostJournal = false

        init(world: World, pipeline: Pipeline, planted: PlantedBug?) {
            self.world = world
            self.pipeline = pipeline
            self.planted = planted
        }

        func perform(_ start: Scenario.Start) throws(MigrationError) {
            if start.losesJournal {
                try world.loseJournal()
                hasLostJournal = true
            }
            for milliseconds in start.deletions {
                world.timeline.after(milliseconds) { [world] in world.deleteSomething() }
            }
            for milliseconds in start.forgeries {
                world.timeline.after(milliseconds) { [world] in world.forgeSomething() }
            }
            let ended = begin(
                dieAfterSteps: start.dieAfterSteps, resuming: start.resumes,
                stopAfter: start.stopAfter)
            if let ended {
                checkEnd(ended, rows(in: Self.telling), wasStopped: start.stopAfter != nil)
            }
            world.timeline.pass(start.pauseMilliseconds)
        }

        /// Calm weather: one start that has to do all that is left, and one
        /// that has to find nothing to do.
        func settle() {
            world.say("calm")
            world.isCalm = true
            world.timeline.pass(3 * 3_600_000)
            guard let ended = begin(dieAfterSteps: nil, resuming: false, stopAfter: nil) else {
                return
            }
            var rows = rows()
            checkEnd(ended, rows, wasStopped: false)
            if rows.contains(where: { $0.failure?.code == Self.mismatch }) {
                // What a broken store or proxy had made of a copy was found out
                // and discarded; the next start copies it.
                _ = begin(dieAfterSteps: nil, resuming: false, stopAfter: nil)
                rows = self.rows()
            }
            var isQuiet = false
            for standing in Standing.all(world, rows, hasLostJournal: hasLostJournal) {
                if let wrong = standing.wrong { world.violation(wrong) }
                isQuiet = isQuiet || !standing.isSettled
            }
            guard world.watch.violations.isEmpty, !isQuiet else { return }
            world.changes = 0
            _ = begin(dieAfterSteps: nil, resuming: false, stopAfter: nil)
            if world.changes > 0 {
                world.violation("a run after everything was done changed something")
            }
        }

        /// - Returns: how it ended; nil where it died or got stuck.
        private func begin(
            dieAfterSteps: Int?, resuming: Bool,
            stopAfter: (milliseconds: Int64, isAbort: Bool)?
        ) -> Result<Run, MigrationError>? {
            runs += 1
            world.say("start \(runs)")
            let world = world
            let end = Box<Result<Run, MigrationError>>()
            let task = Box<Task<Void, Never>>()
            let scheduler = Box<Scheduler>()
            let life = Life(stepsLeft: dieAfterSteps) {
                world.say("the process dies")
                task.value?.cancel()
            }
            let process = SimulatedProcess(
                world: world, life: life, pipeline: pipeline, planted: planted)
            if let stopAfter {
                world.timeline.after(stopAfter.milliseconds) {
                    guard end.value == nil else { return }
                    world.say("somebody asks it to \(stopAfter.isAbort ? "abort" : "drain")")
                    if let scheduler = scheduler.value {
                        scheduler.stop(stopAfter.isAbort ? .abort : .drain)
                    } else {
                        task.value?.cancel()
                    }
                }
            }
            task.value = Task(executorPreference: world.timeline) {
                do throws(MigrationError) {
                    end.value = .success(
                        try await process.run(resuming: resuming) { scheduler.value = $0 })
                } catch {
                    end.value = .failure(error)
                }
            }
            do throws(Timeline.Stuck) {
                try world.timeline.work(
                    until: { end.value != nil }, stepsMax: Simulator.stepsMax,
                    within: Simulator.millisecondsMax)
            } catch {
                world.violation("start \(runs): \(error.rawValue)")
                return nil
            }
            if life.isDead { return nil }
            life.end()
            if case .failure(let error) = end.value { world.say("it ends: \(error.message)") }
            return end.value
        }

        /// A run that was not disturbed from outside ends every image.
        private func checkEnd(
            _ ended: Result<Run, MigrationError>, _ rows: [Transfer], wasStopped: Bool
        ) {
            guard case .success(let run) = ended else {
                if world.isCalm, case .failure(let error) = ended {
                    world.violation("the last start fails: \(error.message)")
                }
                return
            }
            for row in rows where row.state == .failed && row.failure == nil {
                world.violation("\(row.source.displayName) failed without a reason")
            }
            let open = rows.filter { !$0.state.isFinal }
            let isPaused = rows.contains { $0.failure?.code == Self.quota }
            guard !open.isEmpty, !wasStopped, !isPaused else { return }
            let left = unfinished(run)
            for row in open where left.contains(row.id) {
                world.violation(
                    "start \(runs): \(row.source.displayName) to \(row.targetKey) is left "
                        + row.state.rawValue)
            }
        }

        private static let mismatch = MigrationError.Code.verificationMismatch.rawValue

        private static let quota = MigrationError.Code.quotaExceeded.rawValue

        private func unfinished(_ run: Run) -> Set<Int64> {
            let found = Box<[Transfer]>()
            wait { [journal = world.journal] in
                found.value =
                    (try? await journal.unfinished(run: run, limit: 100)) ?? []
            }
            return Set((found.value ?? []).map(\.id))
        }

        /// What is not as it should be is in one of these.
        private static let telling = TransferState.allCases.filter {
            !$0.isFinal || $0 == .failed || $0 == .unpublished
        }

        private func rows(in states: [TransferState] = TransferState.allCases) -> [Transfer] {
            let found = Box<[Transfer]>()
            wait { [world] in found.value = await world.rows(in: states) }
            return found.value ?? []
        }

        /// The journal's calls are asynchronous; one in memory ends at once.
        private func wait(_ body: @escaping @Sendable () async -> Void) {
            let end = Box<Bool>()
            _ = Task(executorPreference: world.timeline) {
                await body()
                end.value = true
            }
            do throws(Timeline.Stuck) {
                try world.timeline.work(
                    until: { end.value != nil }, stepsMax: 1000, within: .max / 2)
            } catch {
                world.violation("a look into the journal: \(error.rawValue)")
            }
        }
    }
}

/// A variable that tasks of one thread share.
///
/// `@unchecked Sendable`: touched by the thread of a timeline alone.
final class Box<Value>: @unchecked Sendable {
    var value: Value?
}
