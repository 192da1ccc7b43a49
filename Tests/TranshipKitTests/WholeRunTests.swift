// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import HTTPTransport
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import SourceReaders
import TestSupport
import Testing

@testable import TranshipKit

/// Complete runs with a kind of source that the format does not have: a line gives it to the
/// factory.
@Suite(.timeLimit(.minutes(5))) struct WholeRunTests {
    private let folder: TemporaryFolder
    private let glance: GlanceServer
    private let pipeline: Pipeline

    private struct TestConnections: Connections {
        let glance: GlanceServer
        var weaknesses: [Warning] = []

        func client(for url: URLSource) -> HTTPClient { HTTPClient() }

        func signIn(_ name: CloudName) async throws(TranshipError) -> SignedInCloud {
            SignedInCloud(
                glance.service.session, endpoint: glance.server.url, region: nil, projectID: nil)
        }
    }

    init() throws {
        folder = try TemporaryFolder()
        glance = try GlanceServer()
        pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: memory
                sources: [{ memory: images }]
                targets: [{ cloud: beta }]
                """, file: folder.file("memory.yaml"), environment: [:],
            kinds: [MemoryImages.kind])
    }

    /// Makes one start, in which `work` uses the run.
    private func start<Value: Sendable>(
        _ images: [String: [UInt8]], writes: Bool = true, resuming interrupted: Run? = nil,
        _ work: (PipelineRun) async throws -> Value
    ) async throws -> Value {
        let path = folder.file("journal.sqlite")
        _ = await eventually { Journal.holder(path: path) == nil }
        var tuning = RunTuning()
        tuning.connections = TestConnections(glance: glance)
        tuning.kinds[MemoryImages.kind] = { MemoryImages(images, sourceIndex: $1) }
        return try await work(
            PipelineRun(
                pipeline,
                journal: writes ? try await .open(path: path) : try .openIfPresent(path: path),
                environment: [:], tuning: tuning, writes: writes, resuming: interrupted))
    }

    /// Performs a complete run, and returns its summary and the data of the copies by name.
    private func run(
        _ images: [String: [UInt8]]
    ) async throws -> (summary: RunSummary, copies: [String: [UInt8]]) {
        try await start(images) { run in
            let summary = try await run.carryOut(try await run.plan())
            var copies: [String: [UInt8]] = [:]
            for transfer in try await summary.status.transfers(in: [.done, .skipped], limit: 10) {
                copies[transfer.source.location] = glance.data(transfer.imageID ?? "")
            }
            return (summary, copies)
        }
    }

    /// The journal's last run.
    private var lastRun: Run? {
        get async throws {
            try await Journal.openIfPresent(path: folder.file("journal.sqlite")).lastRun()
        }
    }

    @Test func `Images in memory arrive, and a second run finds nothing to do`() async throws {
        let images = ["small": noise(1), "large": noise(300_001), "empty": []]
        let (summary, copies) = try await run(images)
        #expect(summary.failures == [])
        #expect(summary.exitStatus == .done && !summary.isNothingToDo)
        #expect(copies == images)
        let changes = glance.changes.count
        #expect(try await run(images).summary.isNothingToDo)
        #expect(glance.changes.count == changes)
    }

    @Test func `An image whose copy was deleted does not count as read again`() async throws {
        let images = ["a": noise(3000)]
        _ = try await run(images)
        for id in glance.ids { glance.burn(id) }
        let second = try await run(images)
        #expect(second.copies == images)
        #expect(second.summary.status.reading.readBytes == 3000)
        #expect(second.summary.status.reading.againBytes == 0)
    }

    @Test func `With few open files, fewer images are in flight, and the plan says it`()
        async throws
    {
        let path = folder.file("journal.sqlite")
        for (openFiles, images) in [(256, 12), (1128, 100), (.max, 100)] {
            let warnings = Guarded<[String]>([])
            var tuning = RunTuning()
            tuning.connections = TestConnections(glance: glance)
            tuning.kinds[MemoryImages.kind] = { MemoryImages(["a": noise(10)], sourceIndex: $1) }
            tuning.openFiles = openFiles
            let run = PipelineRun(
                try Pipeline.parse(
                    text: """
                        version: 1
                        name: memory
                        limits: { images: 100 }
                        sources: [{ memory: images }]
                        targets: [{ cloud: beta }]
                        """, file: folder.file("memory.yaml"), environment: [:],
                    kinds: [MemoryImages.kind]),
                journal: try .openIfPresent(path: path), environment: [:], tuning: tuning,
                writes: false,
                planning: { event in
                    guard case .warning(let warning) = event else { return }
                    warnings.withLock { $0.append(warning.words) }
                })
            _ = try await run.plan()
            #expect(run.imagesInFlight == images)
            let said = warnings.withLock { $0.first }
            #expect((said == nil) == (images == 100))
            let words = "limits.images: 100 needs about 1128 open files"
            #expect(said?.contains(words) != false && said?.contains("12 images") != false)
        }
    }

    @Test func `Ways without protection are told with the plan`() async throws {
        let warnings = Guarded<[String]>([])
        var tuning = RunTuning()
        tuning.connections = TestConnections(
            glance: glance,
            weaknesses: [.weakConnection("no TLS"), .weakConnection("no certificates")])
        tuning.kinds[MemoryImages.kind] = { MemoryImages(["a": noise(10)], sourceIndex: $1) }
        let run = PipelineRun(
            pipeline, journal: try .openIfPresent(path: folder.file("journal.sqlite")),
            environment: [:], tuning: tuning, writes: false,
            planning: { event in
                guard case .warning(let warning) = event else { return }
                warnings.withLock { $0.append(warning.words) }
            })
        _ = try await run.plan()
        #expect(warnings.withLock { $0 }.suffix(2) == ["no TLS", "no certificates"])
    }

    @Test func `An edited pipeline file and an edited image end a run with a saved plan`()
        async throws
    {
        let saved = try await start(Self.two, writes: false) { try await $0.plan().saved() }
        #expect(saved.settings["targets[0].cloud"] == "beta")
        var edited = saved
        edited.settings["targets[0].keep"] = "2"
        edited.entries[0].fields["visibility"] = "public"
        let error = await #expect(throws: TranshipError.self) {
            try await start(Self.two) { try await $0.plan(matching: edited) }
        }
        #expect(error?.code == .planDrifted)
        #expect(error?.message.contains("pipeline file: targets[0].keep: 2 -> none") == true)
        #expect(error?.message.contains("visibility: public -> private") == true)
        #expect(glance.changes.isEmpty)
    }

    @Test func `Another version is another copy`() async throws {
        _ = try await run(["a": noise(1000)])
        let (summary, copies) = try await run(["a": noise(1000, seed: 2)])
        #expect(summary.images(in: .done) == 1)
        #expect(copies == ["a": noise(1000, seed: 2)])
        #expect(glance.changes.count { $0 == "POST /v2/images" } == 2)
    }

    private static let two: [String: [UInt8]] = ["a": noise(1000), "b": noise(5)]

    @Test func `A plan is shown before it is carried out, and its items go with it`() async throws {
        try await start(Self.two) { run in
            let plan = try await run.plan()
            #expect(plan.tallies == [Tally(.create, images: 2, sizeBytes: 1005)])
            #expect(
                plan.work.sizeBytes == 1005 && plan.work.images == 2 && plan.shortfalls.isEmpty
                    && !plan.isResumed)
            var items: [PlanItem] = []
            try await plan.items { items += $0 }
            #expect(items.map(\.source.location).sorted() == ["a", "b"])
            try await plan.items([.skip, .conflict]) { #expect($0.isEmpty) }
            #expect(try await run.carryOut(plan).images(in: .done) == 2)
            try await plan.items { #expect($0.isEmpty) }
        }
    }

    @Test func `A plan that is made to be shown leaves no trace, and is not carried out`()
        async throws
    {
        try await start(Self.two, writes: false) { run in
            let plan = try await run.plan()
            #expect(plan.work.images == 2)
            let error = await #expect(throws: TranshipError.self) { try await run.carryOut(plan) }
            #expect(error?.code == .usage)
        }
        #expect(try await lastRun == nil)
        #expect(glance.changes.isEmpty)
    }

    @Test func `A plan that differs from the saved one ends the run before it begins`() async throws
    {
        let saved = try await start(Self.two, writes: false) { try await $0.plan().saved() }
        #expect(saved.entries.map(\.action) == [.create, .create])
        let error = await #expect(throws: TranshipError.self) {
            try await start(["a": noise(1000)]) { try await $0.plan(matching: saved) }
        }
        #expect(error?.code == .planDrifted)
        // A run without a plan does not hide an interrupted one before it.
        let drifted = try #require(try await lastRun)
        #expect(drifted.outcome == .failed && drifted.plannedAt == nil)
        #expect(glance.changes.isEmpty)
        let done = try await start(Self.two) { run in
            try await run.carryOut(try await run.plan(matching: saved)).images(in: .done)
        }
        #expect(done == 2)
        // Approved work that is already done is not drift.
        try await start(Self.two) { run in
            let plan = try await run.plan(matching: saved)
            #expect(plan.work.images == 0)
        }
    }

    @Test func `A run that was stopped goes on as it was planned`() async throws {
        try await start(Self.two) { run in
            let plan = try await run.plan()
            run.stop(drains: false)
            #expect(try await run.carryOut(plan).exitStatus == .interrupted)
        }
        let interrupted = try #require(try await lastRun)
        #expect(interrupted.isInterrupted && interrupted.plannedAt != nil)
        // Later changes to the sources are left for the next plan.
        let more = Self.two.merging(["c": noise(1)]) { one, _ in one }
        try await start(more, resuming: interrupted) { run in
            let plan = try await run.plan()
            #expect(plan.isResumed && plan.work.images == 2)
            try await plan.items { #expect($0.isEmpty) }
            let summary = try await run.carryOut(plan)
            #expect(summary.status.run.id == interrupted.id && summary.images(in: .done) == 2)
        }
        #expect(try await lastRun?.outcome == .done)
    }

    @Test func `A refused run of a saved plan leaves the interrupted one as it was planned`()
        async throws
    {
        let saved = try await start(Self.two, writes: false) { try await $0.plan().saved() }
        try await start(Self.two) { run in
            let plan = try await run.plan(matching: saved)
            run.stop(drains: false)
            #expect(try await run.carryOut(plan).exitStatus == .interrupted)
        }
        let interrupted = try #require(try await lastRun)
        // A run of the same plan that is interrupted before it begins does not hide the other run.
        try await start(Self.two) { run in
            run.stop(drains: true)
            let error = await #expect(throws: TranshipError.self) {
                try await run.plan(matching: saved)
            }
            #expect(error?.code == .interrupted)
        }
        #expect(try await lastRun?.id == interrupted.id)
        let more = Self.two.merging(["c": noise(1)]) { one, _ in one }
        for _ in 1...2 {
            let error = await #expect(throws: TranshipError.self) {
                try await start(more) { try await $0.plan(matching: saved) }
            }
            #expect(error?.code == .planDrifted)
        }
        #expect(try await lastRun?.isFailedBeforeItsPlan == true)
        let failed = try await start(more) { run in
            try await PipelineRun.failedSince(interrupted, in: run.journal)
        }
        #expect(failed == nil)
        try await start(more, resuming: interrupted) { run in
            let plan = try await run.plan()
            #expect(plan.isResumed && plan.work.images == 2)
            #expect(try await run.carryOut(plan).images(in: .done) == 2)
        }
        #expect(glance.changes.count { $0 == "POST /v2/images" } == 2)
        let last = try #require(try await lastRun)
        #expect(last.id == interrupted.id && last.outcome == .done)
    }

    @Test func `A run that was stopped while it was planned is planned again`() async throws {
        try await start(Self.two) { run in
            run.stop(drains: true)
            let error = await #expect(throws: TranshipError.self) { try await run.plan() }
            #expect(error?.code == .interrupted)
        }
        let interrupted = try #require(try await lastRun)
        #expect(interrupted.isInterrupted && interrupted.plannedAt == nil)
        try await start(Self.two, resuming: interrupted) { run in
            let plan = try await run.plan()
            #expect(!plan.isResumed && plan.work.images == 2)
            #expect(try await run.carryOut(plan).images(in: .done) == 2)
        }
    }
}
