// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import GlanceModel
import MigrationJournal
internal import MigrationModel
import PipelineFiles
import TranshipKit

/// Complete runs of the real pipeline over a world that a seed makes: starts that crash, fail and
/// are repeated, then a calm phase, and a last start that has to finish everything.
///
/// Not `Sendable`: one thread makes one and uses it.
package final class Simulator {
    /// The result of one seed.
    package struct Report: Sendable {
        package var seed: UInt64
        /// The violated rules, in words; empty if there are none.
        package var violations: [String]
        /// The events, line by line, if a log was requested.
        package var log: [String]
        /// The number of starts of the pipeline.
        package var runs: Int
        /// The number of images times the number of targets.
        package var transfers: Int
        /// The number of jobs of all tasks.
        package var steps: Int
    }

    /// One journal for each host.
    private let journals: [Journal]
    private let spools = [SpoolFolder(), SpoolFolder()]
    private var pipelines: [String: Pipeline] = [:]

    /// The number of jobs after which a start counts as endless: several times the number in the
    /// longest starts that ended.
    private static let stepsMax = 100_000
    private static let millisecondsMax: Int64 = 6 * 3_600_000

    package init() throws(TranshipError) {
        journals = [try Journal.inMemory(), try Journal.inMemory()]
    }

    /// Runs one seed.
    ///
    /// - Parameters:
    ///   - planted: a bug to find.
    ///   - isLying: true if services lie; see ``Liar``.
    ///   - hasNights: true for a month of a nightly mirror; see ``Nights``.
    ///   - isLogging: true to log the events.
    package func run(
        seed: UInt64, planted: PlantedBug? = nil, isLying: Bool = false, hasNights: Bool = false,
        isLogging: Bool = false
    ) throws(TranshipError) -> Report {
        var chance = Chance(seed)
        var scenario = try hasNights ? Scenario(nights: &chance) : Scenario(&chance)
        let timeline = Timeline(Chance(chance.next()))
        let worldChance = Chance(chance.next())
        if !hasNights { scenario.chooseWay(&chance) }
        try planted?.shape(&scenario)
        if isLying { scenario.leaveToLies() }
        defer { for spool in spools { spool.clear() } }
        var hosts: [Host] = []
        for (index, journal) in journals.prefix(scenario.hasTwoHosts ? 2 : 1).enumerated() {
            try journal.forget()
            hosts.append(Host(number: index + 1, journal: journal, spool: spools[index]))
        }
        let world = World(
            scenario, timeline, hosts: hosts, chance: worldChance, isLying: isLying,
            isLogging: isLogging)
        if isLying {
            world.liar = Liar(Chance(chance.next()), places: scenario.places)
        }
        let pipeline = try pipeline(scenario)
        world.say("seed \(seed)\n\(scenario.pipelineText)\(scenario.words)")
        world.say(world.liar?.words ?? "no lies")
        let play = Play(world: world, pipeline: pipeline, planted: planted)
        if let nights = scenario.nights { try play.perform(nights) }
        for start in scenario.starts {
            if world.watch.violations.isEmpty { try play.perform(start) }
        }
        if world.watch.violations.isEmpty, !hasNights {
            if isLying { play.settleAfterLies() } else { play.settle() }
        }
        return Report(
            seed: seed, violations: world.watch.violations, log: world.log, runs: play.runs,
            transfers: (scenario.nights?.nights.count ?? scenario.sources.count)
                * scenario.targets.count, steps: timeline.steps)
    }

    private func pipeline(_ scenario: Scenario) throws(TranshipError) -> Pipeline {
        let text = scenario.pipelineText
        if let known = pipelines[text] { return known }
        let pipeline = try Pipeline.parse(text: text, file: "simulation.yaml", environment: [:])
        pipelines[text] = pipeline
        return pipeline
    }

    /// The starts of one seed, one after the other.
    final class Play {
        let world: World
        let pipeline: Pipeline
        let planted: PlantedBug?
        fileprivate(set) var runs = 0

        init(world: World, pipeline: Pipeline, planted: PlantedBug?) {
            self.world = world
            self.pipeline = pipeline
            self.planted = planted
        }

        func perform(_ start: Scenario.Start) throws(TranshipError) {
            let first = world.hosts[0]
            if start.losesJournal { try world.loseJournal(of: first) }
            for milliseconds in start.deletions {
                world.timeline.after(milliseconds) { [world] in world.deleteSomething() }
            }
            for milliseconds in start.forgeries {
                world.timeline.after(milliseconds) { [world] in world.forgeSomething() }
            }
            var launches = [
                Launch(
                    host: first, dieAfterSteps: start.dieAfterSteps, resumes: start.resumes,
                    stopAfter: start.stopAfter)
            ]
            if let second = start.second {
                launches.append(
                    Launch(
                        host: world.hosts[1], afterMilliseconds: second.afterMilliseconds,
                        dieAfterSteps: second.dieAfterSteps, resumes: second.resumes))
            }
            for (launch, ended) in zip(launches, begin(launches)) {
                guard let ended else {
                    for row in rows(of: launch.host, in: [.sending, .importing]) {
                        world.clouds[row.targetKey]?.isSentTo(row.imageID ?? "", by: launch.host)
                    }
                    continue
                }
                checkEnd(
                    ended, launch.host, rows(of: launch.host, in: Self.telling),
                    wasStopped: launch.stopAfter != nil)
            }
            world.timeline.pass(start.pauseMilliseconds)
        }

        /// Plays the calm phase: one start on each host that has to do all the remaining work, and
        /// one that has to find none.
        func settle() {
            world.say("calm")
            world.isCalm = true
            world.timeline.pass(3 * 3_600_000)
            let hosts = world.hosts.filter(\.isUsed)
            var rows = finish(hosts, together: world.scenario.endsTogether)
            var isBroken = holdsMismatch(rows)
            // Each host may have used up its tries because of the other one. And if one host may
            // not change an image, because its journal does not know it, the other one mends it:
            // the first one finds that at its next start.
            if hosts.count > 1 {
                rows = finish(hosts, together: false)
            }
            // The run found a copy that a broken store or proxy had damaged, and discarded it. The
            // next start copies it. After that, another host that adopted or refused the broken
            // copy finds the new one.
            for _ in hosts {
                isBroken = isBroken || holdsMismatch(rows)
                if isBroken { rows = finish(hosts, together: false) }
            }
            var isQuiet = true
            for standing in Standing.all(world, rows) {
                if let wrong = standing.wrong { world.violation(wrong) }
                isQuiet = isQuiet && standing.isSettled
            }
            for host in hosts where rows[host.number]?.allSatisfy(\.state.isFinal) == true {
                for file in host.spool.files {
                    world.violation("host \(host.number): \(file) is left over")
                }
            }
            guard world.watch.violations.isEmpty, isQuiet else { return }
            world.changes = 0
            for host in hosts { _ = begin([Launch(host: host)]) }
            if world.changes > 0 {
                world.violation("a run after everything was done changed something")
            }
        }

        /// Starts the pipeline on each host, and waits until all processes have ended.
        ///
        /// - Returns: the rows of their journals afterwards, by host.
        private func finish(_ hosts: [Host], together: Bool) -> [Int: [Transfer]] {
            var all: [Int: [Transfer]] = [:]
            for hosts in together ? [hosts] : hosts.map({ [$0] }) {
                for (host, ended) in zip(hosts, begin(hosts.map { Launch(host: $0) })) {
                    let rows = rows(of: host)
                    all[host.number] = rows
                    if let ended { checkEnd(ended, host, rows, wasStopped: false) }
                }
            }
            return all
        }

        /// A start on a host.
        struct Launch {
            var host: Host
            /// The delay after the first start.
            var afterMilliseconds: Int64 = 0
            var dieAfterSteps: Int?
            var resumes = false
            var stopAfter: (milliseconds: Int64, isAbort: Bool)?
        }

        /// A process, from its launch to its end.
        private struct Running: Sendable {
            let life: Life
            let end = Box<Result<RunSummary, TranshipError>>()
        }

        /// Starts processes and works until all have ended.
        ///
        /// - Returns: the result of each process; nil if it died or got stuck.
        func begin(_ launches: [Launch]) -> [Result<RunSummary, TranshipError>?] {
            let all = launches.map(launch)
            do throws(Timeline.Stuck) {
                try world.timeline.work(
                    until: { all.allSatisfy { $0.end.value != nil } },
                    stepsMax: Simulator.stepsMax * launches.count,
                    within: Simulator.millisecondsMax)
            } catch {
                world.violation("start \(runs): \(error.rawValue)")
                return all.map { _ in nil }
            }
            return all.map { running in
                if running.life.isDead { return nil }
                running.life.end()
                if case .failure(let error) = running.end.value {
                    world.say("it ends: \(error.message)")
                }
                return running.end.value
            }
        }

        private func launch(_ launch: Launch) -> Running {
            runs += 1
            launch.host.isUsed = true
            let (world, number, damages) = (world, runs, planted == .trustsTheSpool)
            let task = Box<Task<Void, Never>>()
            let process = Box<PipelineRun>()
            let running = Running(
                life: Life(stepsLeft: launch.dieAfterSteps) {
                    world.say("the process of start \(number) dies")
                    launch.host.spool.goesDown(world, damages: damages)
                    task.value?.cancel()
                })
            let end = running.end
            let simulated = SimulatedProcess(
                world: world, life: running.life, host: launch.host, pipeline: pipeline,
                planted: planted)
            if let stopAfter = launch.stopAfter {
                world.timeline.after(stopAfter.milliseconds) {
                    guard end.value == nil else { return }
                    world.say("someone asks it to \(stopAfter.isAbort ? "abort" : "drain")")
                    process.value?.stop(drains: !stopAfter.isAbort)
                    if stopAfter.isAbort || process.value == nil { task.value?.cancel() }
                }
            }
            let resumes = launch.resumes
            let start: @Sendable () -> Void = {
                world.say("start \(number), on host \(simulated.host.number)")
                task.value = Task(executorPreference: world.timeline) {
                    do throws(TranshipError) {
                        end.value = .success(
                            try await simulated.run(resuming: resumes) { process.value = $0 })
                    } catch {
                        end.value = .failure(error)
                    }
                }
            }
            if launch.afterMilliseconds == 0 {
                start()
            } else {
                world.timeline.after(launch.afterMilliseconds, start)
            }
            return running
        }

        /// Checks that a run that was not disturbed from outside ends every image.
        private func checkEnd(
            _ ended: Result<RunSummary, TranshipError>, _ host: Host, _ rows: [Transfer],
            wasStopped: Bool
        ) {
            if world.isLying { return checkEndOfLies(ended, host, rows) }
            guard case .success(let summary) = ended else {
                if world.isCalm, case .failure(let error) = ended {
                    world.violation("the last start fails: \(error.message)")
                }
                return
            }
            for row in rows where row.state == .failed {
                if row.failure == nil {
                    world.violation("\(row.source.displayName) failed without a reason")
                }
                if row.failure?.code == Self.idBlocked, let wrong = Standing.wrongBlock(world, row)
                {
                    world.violation(wrong)
                }
            }
            let open = rows.filter { !$0.state.isFinal }
            let isPaused = rows.contains { $0.failure?.code == Self.quota }
            guard !open.isEmpty, !wasStopped, !isPaused else { return }
            let left = unfinished(summary.status.run, host)
            for row in open where left.contains(row.id) {
                world.violation(
                    "start \(runs): \(row.source.displayName) to \(row.targetKey) is left "
                        + row.state.rawValue)
            }
        }

        private static let idBlocked = TranshipError.Code.idBlocked

        private func holdsMismatch(_ rows: [Int: [Transfer]]) -> Bool {
            rows.values.joined().contains { $0.failure?.code == .verificationMismatch }
        }

        private static let quota = TranshipError.Code.quotaExceeded

        private func unfinished(_ run: Run, _ host: Host) -> Set<Int64> {
            let found = Box<[Transfer]>()
            wait {
                found.value = (try? await host.journal.unfinished(run: run, limit: 100)) ?? []
            }
            return Set((found.value ?? []).map(\.id))
        }

        /// The states that may show a mistake.
        private static let telling = TransferState.allCases.filter {
            !$0.isFinal || $0 == .failed || $0 == .unpublished
        }

        func rows(
            of host: Host, in states: [TransferState] = TransferState.allCases
        ) -> [Transfer] {
            let found = Box<[Transfer]>()
            wait { [world] in found.value = await world.rows(of: host, in: states) }
            return found.value ?? []
        }

        /// Waits for a call of the journal. The calls are asynchronous, but those of a journal in
        /// memory end at once.
        func wait(_ body: @escaping @Sendable () async -> Void) {
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
/// `@unchecked Sendable`: only the thread of a timeline touches it.
final class Box<Value>: @unchecked Sendable {
    var value: Value?
}
