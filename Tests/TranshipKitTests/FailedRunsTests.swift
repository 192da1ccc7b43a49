// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

/// Runs that end before they are planned.
@Suite(.timeLimit(.minutes(2))) struct FailedRunsTests {
    private let folder: TemporaryFolder
    private let glance: GlanceServer
    private var path: String { folder.file("journal.sqlite") }

    /// An address at which no server answers: port 9 of this machine.
    private static let deadAddress = "http://127.0.0.1:9"

    /// The refusal by `tranship copy` of names that no image has.
    private static let refusal: @Sendable ([MissedSelection]) async -> TranshipError = { _ in
        TranshipError(.noImageSelected, "no such image")
    }

    init() throws {
        folder = try TemporaryFolder()
        glance = try GlanceServer()
        try folder.write(noise(1000), to: "disk.raw")
    }

    private func pipeline(_ name: String = "disk.raw") throws -> Pipeline {
        try Pipeline.parse(
            text: """
                version: 1
                name: night
                sources:
                  - file: \(name)
                    image: { name: a, disk_format: raw, container_format: bare }
                targets:
                  - cloud: beta
                """, file: folder.file("night.yaml"), environment: [:])
    }

    private func run(
        target: String?, resuming interrupted: Run? = nil, failedSince: Int64? = nil,
        refusal: (@Sendable ([MissedSelection]) async -> TranshipError)? = nil,
        warnings: @escaping @Sendable (String) -> Void = { _ in },
        _ work: (PipelineRun) async throws -> RunSummary?
    ) async throws -> RunSummary? {
        _ = await eventually { Journal.holder(path: path) == nil }
        var tuning = RunTuning()
        tuning.connections = ModelClouds(urls: target.map { ["beta": $0] } ?? [:])
        return try await work(
            PipelineRun(
                try pipeline(), journal: try await .open(path: path), environment: [:],
                tuning: tuning, resuming: interrupted, refusal: refusal,
                failedSince: failedSince,
                planning: { if case .warning(let warning) = $0 { warnings(warning.words) } }))
    }

    /// Performs a complete run.
    private func night(
        target: String?, resuming interrupted: Run? = nil, failedSince: Int64? = nil,
        warnings: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> RunSummary? {
        try await run(
            target: target, resuming: interrupted, failedSince: failedSince, warnings: warnings
        ) { try await $0.carryOut(try await $0.plan()) }
    }

    @Test func `A night with its only target down is in the journal with its cause`() async throws {
        #expect(try await night(target: glance.url)?.exitStatus == .done)
        let good = try #require(try await RunStatus.read(journalPath: path))
        let before = Timestamp.now()
        let error = await #expect(throws: TranshipError.self) {
            _ = try await night(target: Self.deadAddress)
        }
        let status = try #require(try await RunStatus.read(journalPath: path))
        #expect(status.run.id == 2 && status.run.outcome == .failed)
        #expect(status.run.startedAt >= before)
        #expect(try #require(status.run.endedAt) >= status.run.startedAt)
        let end = try #require(status.end)
        #expect(end.exitStatus == .fatal)
        #expect(end.cause?.code == .unreachable && end.cause?.message == error?.message)
        #expect(end.cause?.hint == error?.hint)
        #expect(end.place == folder.file("night.yaml") + ":7:5")
        // The results of the good night are unchanged.
        #expect(status.states == [] && status.statesInAll == good.statesInAll)
        let first = try #require(try await RunStatus.read(journalPath: path, run: 1))
        #expect(first.run.outcome == .done && first.end == RunEnd(exitStatus: .done))
        let metrics = try #require(try await RunMetrics.read(journalPath: path))
        #expect(metrics.run.id == 2 && metrics.cause?.code == .unreachable)
        #expect(metrics.lastSuccessAt == first.run.endedAt)
        // The next good night succeeds.
        #expect(try await night(target: glance.url)?.isNothingToDo == true)
        #expect(try await RunStatus.read(journalPath: path)?.end == RunEnd(exitStatus: .done))
    }

    @Test func `So is the first night, and one whose cloud is unknown`() async throws {
        await #expect(throws: TranshipError.self) { _ = try await night(target: nil) }
        let status = try #require(try await RunStatus.read(journalPath: path))
        #expect(status.run.id == 1 && status.end?.cause?.code == .unknownCloud)
        #expect(status.end?.exitStatus == .usage)
        let nothing = try await PipelineRun.nothingToResume(journalPath: path, environment: [:])
        #expect(nothing.words.contains("failed before it was planned: beta; `tranship run "))
        #expect(nothing.exitStatus == .usage)
    }

    @Test func `Where nothing was interrupted, resume ends as the last run did`() async throws {
        glance.answer(with: .status(400, text: "no")) { $0.method == "PUT" }
        let summary = try await night(target: glance.url)
        #expect(summary?.exitStatus == .someFailed)
        let nothing = try await PipelineRun.nothingToResume(journalPath: path, environment: [:])
        #expect(nothing.exitStatus == .someFailed)
        #expect(nothing.words.contains("run 1 of "), "\(nothing.words)")
        #expect(nothing.words.contains(" came to its end, with exit 3; `tranship run "))
    }

    @Test func `An interrupted run is planned again after a night that failed`() async throws {
        let stopped = try await run(target: glance.url) { run in
            let plan = try await run.plan()
            run.stop(drains: false, status: .limitReached)
            return try await run.carryOut(plan)
        }
        #expect(stopped?.exitStatus == .interrupted)
        #expect(try await RunStatus.read(journalPath: path)?.end?.exitStatus == .limitReached)
        await #expect(throws: TranshipError.self) { _ = try await night(target: Self.deadAddress) }
        let found = try await JournalPlace.interrupted(journalPath: path, environment: [:])
        let interrupted = try #require(found?.run)
        #expect(interrupted.id == 1)
        let warnings = Guarded<[String]>([])
        let summary = try await night(target: glance.url, resuming: interrupted, failedSince: 2) {
            words in warnings.withLock { $0.append(words) }
        }
        #expect(
            warnings.withLock { $0 }
                == ["run 2 failed since run 1 was interrupted, so the work is planned again"])
        #expect(summary?.status.run.id == 3 && summary?.exitStatus == .done)
        #expect(summary?.images(in: .done) == 1)
        #expect(try await JournalPlace.interrupted(journalPath: path, environment: [:]) == nil)
    }

    @Test func `A run that cannot go on says why, and stays as it was interrupted`() async throws {
        _ = try await run(target: glance.url) { run in
            let plan = try await run.plan()
            run.stop(drains: false)
            return try await run.carryOut(plan)
        }
        let interrupted = try #require(try await RunStatus.read(journalPath: path)?.run)
        await #expect(throws: TranshipError.self) {
            _ = try await night(target: Self.deadAddress, resuming: interrupted)
        }
        let status = try #require(try await RunStatus.read(journalPath: path))
        #expect(status.run == interrupted && status.end?.cause?.code == .unreachable)
        let summary = try await night(target: glance.url, resuming: interrupted)
        #expect(summary?.status.run.id == 1 && summary?.exitStatus == .done)
        #expect(
            try await RunStatus.read(journalPath: path)?.end == RunEnd(exitStatus: .done))
    }

    @Test func `A copy that is mistyped leaves no file, unless it ran before`() async throws {
        func mistype() async {
            await #expect(throws: TranshipError.self) {
                _ = try await run(target: nil, refusal: Self.refusal) {
                    try await $0.carryOut(try await $0.plan())
                }
            }
        }
        await mistype()
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["disk.raw"])
        _ = try await night(target: glance.url)
        await mistype()
        let status = try #require(try await RunStatus.read(journalPath: path))
        #expect(status.run.id == 2 && status.end?.exitStatus == .usage)
    }

    @Test func `A copy whose target is down is in the journal`() async throws {
        await #expect(throws: TranshipError.self) {
            _ = try await run(target: Self.deadAddress, refusal: Self.refusal) {
                try await $0.carryOut(try await $0.plan())
            }
        }
        #expect(try await RunStatus.read(journalPath: path)?.end?.exitStatus == .fatal)
    }
}
