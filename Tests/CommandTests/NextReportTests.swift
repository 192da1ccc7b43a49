// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal
@testable import TranshipKit
@testable import tranship

/// The next steps after failures that have no hint.
@Suite struct NextReportTests {
    private static let run = "tranship run p.yaml"

    /// Returns the steps after a run with these failures, without the one that names `status`.
    private func steps(
        changes failed: [TranshipError] = [], images: [TranshipError] = [],
        paused: TranshipError? = nil, copy command: String? = nil
    ) async throws -> [String] {
        let items = images.indices.map { Sample.item("s\($0)") }
        let reported = try await ReportedRun(items)
        let transfers = try await reported.journal.unfinished(run: reported.run, limit: 9)
        for (var transfer, error) in zip(transfers, images) {
            transfer.fail(error)
            try await reported.journal.commit(transfer)
        }
        let changes = failed.indices.map { index in
            Change(
                .delete, Sample.target("image-\(index)", name: "a (\(index))"),
                origin: Origin(lineageID: "l", versionID: "v\(index)"), currentVersionID: "v",
                record: Sample.record(), reason: .isCurrent
            ).ended(.failed, failure: failed[index])
        }
        try await reported.journal.takeOver(changes, run: reported.run)
        var summary = try await RunSummary(run: reported.run, journal: reported.journal)
        if let paused { summary.pausedTargets = ["beta": paused] }
        let report = try await EndReport(
            summary, pipeline: "p", status: .someFailed,
            facts: EndFacts(
                pipelineFile: "p.yaml", seconds: 1, sentBytes: 0, pipelineName: "p",
                ownCommand: command))
        return report.steps.map(\.text).filter { !$0.hasPrefix("every try and message") }
    }

    @Test func `An earlier version that a service does not change has a step`() async throws {
        let refused = TranshipError(.forbidden, "Glance answered 403 (DELETE /v2/images)")
        let steps = try await steps(changes: [refused])
        #expect(steps.count == 2)
        let words = "a (0) (image-0) at beta: not deleted: Glance answered 403"
        #expect(steps.first?.hasPrefix(words) == true, "\(steps)")
        #expect(steps.first?.contains("use a user who may do that") == true, "\(steps)")
        #expect(steps.last == "run again once that is changed: \(Self.run)")
    }

    @Test func `Those that fail alike have one step, and a hint is the step`() async throws {
        let alike = TranshipError(.forbidden, "403", hint: "use the role member")
        let other = TranshipError(.serviceFailed, "503", isTransient: true)
        let steps = try await steps(changes: [alike, alike, other])
        #expect(steps.count == 3)
        #expect(steps[0].contains("(image-1) at beta: not deleted: use the role member"))
        #expect(steps[1].contains("503; run again later"), "\(steps)")
        #expect(steps[2] == "then run again: \(Self.run)")
    }

    @Test(arguments: [
        (TranshipError.Code.serviceFailed, true, "run again later; if it stays so, ask"),
        (.serviceFailed, false, "ask the operator of that service"),
        (.forbidden, false, "use a user who may do that"),
    ])
    func `A message without a hint is not the whole step of an image`(
        code: TranshipError.Code, passes: Bool, words: String
    ) async throws {
        let error = TranshipError(code, "Glance answered so", isTransient: passes)
        let steps = try await steps(images: [error])
        #expect(steps.first?.contains("Glance answered so; \(words)") == true, "\(steps)")
    }

    @Test(arguments: TranshipError.Code.allCases, [nil, "tranship copy a beta"])
    func `Every code without a hint has a step behind its message`(
        code: TranshipError.Code, command: String?
    ) async throws {
        let error = TranshipError(code, "Glance answered so")
        let steps = try await steps(images: [error], copy: command)
        let words = "Glance answered so; "
        let place = try #require(steps.first?.firstRange(of: words), "\(steps)")
        #expect(steps[0][place.upperBound...].count > 8, "\(steps)")
    }

    @Test func `A target with a full quota has a step that shows its quotas`() async throws {
        let full = TranshipError(.quotaExceeded, "Glance answered 413")
        let steps = try await steps(images: [full], paused: full)
        let advice = "Glance answered 413; make room, or have the limit raised; `tranship doctor`"
        #expect(steps.first?.hasPrefix("beta: \(advice)") == true, "\(steps)")
        #expect(steps.dropFirst().first?.contains(": \(advice)") == true, "\(steps)")
    }

    @Test func `The step after an import that failed names what a copy can do`() async throws {
        let error = TranshipError(.importFailed, "the import failed")
        let steps = try await steps(images: [error], copy: "tranship copy a beta")
        let words = "write `method: upload` at the target, or ask the operator of that service"
        #expect(steps.first?.contains("; \(words). A copy has no option for `method`: ") == true)
    }

    @Test func `Without a step before it, running again does not come then`() async throws {
        #expect(try await steps() == ["run again: \(Self.run)"])
    }
}
