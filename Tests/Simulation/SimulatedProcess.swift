// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import MigrationPipeline
import PipelineFiles
import Planning
import TranshipKit

/// One start of the pipeline: the real planner, scheduler and stages, wired as
/// the program wires them, over a simulated network.
struct SimulatedProcess: Sendable {
    let world: World
    let life: Life
    let host: Host
    let pipeline: Pipeline
    let planted: PlantedBug?

    private var journal: Journal {
        let life = life
        return host.journal.reopened { writes, access in
            guard writes else {
                try life.check()
                return try access()
            }
            try life.step()
            try access()
            try life.step()
        }
    }

    /// - Parameter resuming: goes on with the last run where that was
    ///   interrupted, as `tranship resume` does.
    /// - Returns: the run; nil where another run could not be begun.
    func run(
        resuming: Bool, started: @escaping @Sendable (Scheduler) -> Void
    ) async throws(TranshipError) -> Run {
        let journal = journal
        if resuming, let last = try await journal.lastRun(), last.isInterrupted,
            last.plannedAt != nil
        {
            let opened = try await open()
            try await journal.reopen(last)
            try await ending(last, journal) { () throws(TranshipError) in
                try await work(last, journal, opened, started)
            }
            return last
        }
        let opened = try await open()
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: "simulation", pipelineText: "")
        try await ending(run, journal) { () throws(TranshipError) in
            let plan = try Plan(beside: journal)
            _ = try await Planner(
                journal: journal, plan: plan, sources: opened.sources, targets: opened.targets,
                nowUnixSeconds: world.timeline.now / 1000, mode: pipeline.transfer
            ).makePlan()
            try await planted?.change(plan, beside: journal)
            try await journal.adopt(plan, run: run, order: .smallFirst)
            try await work(run, journal, opened, started)
        }
        return run
    }

    private func ending(
        _ run: Run, _ journal: Journal, _ work: () async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        do throws(TranshipError) {
            try await work()
        } catch {
            try? await journal.endRun(
                run, outcome: error.code == .interrupted ? .interrupted : .failed)
            throw error
        }
        let isLeft = try await !journal.unfinished(run: run, limit: 1).isEmpty
        try await journal.endRun(run, outcome: isLeft ? .interrupted : .done)
    }

    // MARK: Clouds

    private func surroundings(on disk: SpoolDisk) -> Surroundings {
        let world = world
        var surroundings = Surroundings.machine
        surroundings.now = { world.timeline.now }
        surroundings.after = { milliseconds, body in
            let number = world.timeline.after(Int64(milliseconds), body)
            return { world.timeline.cancel(number) }
        }
        surroundings.chance = { world.chance.unit() }
        surroundings.executor = world.timeline
        surroundings.observers = { world.timeline.soon($0) }
        surroundings.disk = disk
        return surroundings
    }

    private func open() async throws(TranshipError) -> OpenedPipeline {
        var tuning = RunTuning()
        tuning.surroundings = surroundings(on: .real)
        tuning.connections = SimulatedConnections(
            world: world, life: life, host: host, planted: planted)
        return try await OpenedPipeline.open(pipeline, environment: [:], tuning: tuning)
    }

    private func work(
        _ run: Run, _ journal: Journal, _ opened: OpenedPipeline,
        _ started: @escaping @Sendable (Scheduler) -> Void
    ) async throws(TranshipError) {
        let world = world
        let stages = opened.stages
        var retries = RetryPolicy(attemptsMax: pipeline.limits.attempts)
        if planted == .retriesForEver {
            retries.attemptsMax = .max
            retries.runTriesMin = .max
        }
        if planted == .trustsTheSpool { try await host.spool.trust(host.journal) }
        let disk = host.spool.disk(world, life, planted)
        let spool = try await Spool.open(
            Spool.Place(folder: host.spool.path, maxBytes: world.scenario.spoolMaxBytes),
            takesFlakySources: pipeline.transfer == .auto, journal: journal, run: run, disk: disk)
        let scheduler = Scheduler(
            journal: journal,
            stages: planted?.wrap(stages) ?? stages,
            limits: .init(images: pipeline.limits.images, retries: retries),
            monitor: RunMonitor(now: { world.timeline.now }) { event in
                world.say(event.words)
            },
            surroundings: surroundings(on: disk), spool: spool)
        started(scheduler)
        try await scheduler.work(run)
    }
}

extension RunEvent {
    fileprivate var words: String {
        switch self {
        case .started(let transfer): "\(transfer.words): begins"
        case .moved(let transfer): "\(transfer.words)"
        case .waiting(let transfer, let seconds):
            "\(transfer.words): waits \(seconds) s: \(transfer.wait.reason ?? "")"
        case .retrying(let transfer, let error, let seconds):
            "\(transfer.words): again in \(seconds) s: \(error.message)"
        case .ended(let transfer):
            "\(transfer.words): ended\(transfer.failure.map { ": \($0.code) \($0.message)" } ?? "")"
        case .note(let transfer, let text): "\(transfer.words): \(text)"
        case .notice(let text): text
        }
    }
}

extension Transfer {
    fileprivate var words: String {
        "[\(source.displayName) to \(targetKey) by \(method.rawValue)] \(state.rawValue)"
    }
}
