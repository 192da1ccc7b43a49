// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import MigrationJournal
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TranshipKit

/// One start of the pipeline: the program's own `PipelineRun`, with a simulated network, disk and
/// clock.
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

    /// Runs the pipeline.
    ///
    /// - Parameters:
    ///   - resuming: continues the last run if that was interrupted, as `tranship resume` does.
    ///   - started: receives the run that is about to begin.
    func run(
        resuming: Bool, started: (PipelineRun) -> Void
    ) async throws(TranshipError) -> RunSummary {
        let (journal, world) = (journal, world)
        let last = resuming ? try await journal.lastRunWithWork() : nil
        let interrupted = last.flatMap { $0.isInterrupted ? $0 : nil }
        let newest = try await interrupted == nil ? nil : journal.lastRun()?.id
        let run = PipelineRun(
            pipeline, journal: journal, environment: [:], tuning: tuning, resuming: interrupted,
            failedSince: newest == interrupted?.id ? nil : newest,
            events: { event in
                world.say(event.words)
                if world.isLying { world.check(event.words, "an event") }
            })
        started(run)
        let plan = try await run.plan()
        if let made = plan.inJournal { try await planted?.change(made, beside: journal) }
        if planted == .trustsTheSpool { try await host.spool.trust(host.journal) }
        return try await run.carryOut(plan)
    }

    private var tuning: RunTuning {
        let (world, planted) = (world, planted)
        var tuning = RunTuning()
        tuning.surroundings.now = { world.timeline.now }
        tuning.surroundings.after = { milliseconds, body in
            let number = world.timeline.after(Int64(milliseconds), body)
            return { world.timeline.cancel(number) }
        }
        tuning.surroundings.chance = { world.chance.unit() }
        tuning.surroundings.executor = world.timeline
        tuning.surroundings.observers = { world.timeline.soon($0) }
        tuning.surroundings.disk = host.spool.disk(world, life, planted)
        tuning.connections = SimulatedConnections(
            world: world, life: life, host: host, planted: planted)
        tuning.stages = { planted?.wrap($0) ?? $0 }
        // The images are small, and services should fetch some of them as well.
        tuning.methodAssumptions.millisecondsPerGiB[.webDownload] = 1
        tuning.methodAssumptions.millisecondsPerGiB[.glanceDownload] = 1
        tuning.methodAssumptions.smallBytes = 0
        tuning.spool = .init(folder: host.spool.path, maxBytes: world.scenario.spoolMaxBytes)
        if planted == .retriesForEver {
            tuning.retries = {
                $0.attemptsMax = .max
                $0.runTriesMin = .max
            }
        }
        return tuning
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
        case .note(let transfer, let notice), .waitsForEndpoint(let transfer, let notice):
            "\(transfer.words): \(notice.words)"
        case .changed(let change): "\(change.label) \(change.action): \(change.state)"
        case .notice(let notice): notice.words
        }
    }
}

extension Transfer {
    fileprivate var words: String {
        "[\(source.displayName) to \(targetKey) by \(method.rawValue)] \(state.rawValue)"
    }
}
