// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct RunSummaryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Returns the summary of a run whose images ended in the given states, by id.
    private func summary(
        _ ends: [String: (TransferState, TranshipError?)], _ actions: [PlanAction] = []
    ) async throws -> RunSummary {
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        var items = ends.keys.sorted().map { Sample.item($0) }
        for action in actions {
            var item = Sample.item(action.rawValue)
            item.action = action
            item.refusal =
                action == .refuse ? .init(TranshipError(.refused, "it has no data")) : nil
            items.append(item)
        }
        let run = try await journal.takeOver(items)
        for var transfer in try await journal.unfinished(run: run, limit: 99) {
            let end = ends[String(transfer.source.key.dropFirst(6))]
            let states: [TransferState] =
                switch end?.0 {
                case .done: [.registered, .verifying, .publishing, .done]
                case .unpublished: [.registered, .verifying, .publishing, .unpublished]
                case let state?: [state]
                case nil: []
                }
            for state in states { transfer.move(to: state) }
            transfer.tries.failure = end?.1.map { .init($0) }
            try await journal.commit(transfer)
        }
        return try await RunSummary(run: run, journal: journal)
    }

    private let damaged = TranshipError(.checksumMismatch, "wrong bytes")
    private let refused = TranshipError(.forbidden, "no")
    private let busy = TranshipError(.serviceFailed, "busy", isTransient: true)
    private let full = TranshipError(.quotaExceeded, "full")

    @Test func `All done is done`() async throws {
        let summary = try await summary(["a": (.done, nil), "b": (.skipped, nil)])
        #expect(summary.exitStatus == .done)
        #expect(summary.images(in: .done) == 1 && summary.images(in: .failed) == 0)
        #expect(summary.doneBytes == 10)
        #expect(!summary.isNothingToDo)
    }

    @Test func `Nothing to do is told from everything done`() async throws {
        #expect(try await summary(["b": (.skipped, nil)]).isNothingToDo)
    }

    @Test func `Failures that may pass alone say: run again`() async throws {
        let summary = try await summary(["a": (.failed, busy), "b": (.done, nil)])
        #expect(summary.exitStatus == .retryableLeft)
    }

    @Test func `One that will not pass outweighs them`() async throws {
        let summary = try await summary(["a": (.failed, busy), "b": (.failed, refused)])
        #expect(summary.exitStatus == .someFailed)
        #expect(summary.failures.count == 2)
    }

    @Test func `An unpublished copy is a failure`() async throws {
        let error = TranshipError(.unpublished, "not allowed")
        #expect(try await summary(["a": (.unpublished, error)]).exitStatus == .someFailed)
    }

    @Test(arguments: [PlanAction.conflict, .refuse])
    func `Conflicts and refusals of the plan are failures`(action: PlanAction) async throws {
        let summary = try await summary(["a": (.done, nil)], [action])
        #expect(summary.exitStatus == .someFailed)
        #expect(summary.images(action) == 1)
        #expect(!summary.isNothingToDo)
    }

    @Test(arguments: [TranshipError.Code.checksumMismatch, .verificationMismatch])
    func `Wrong data outweighs every other failure`(code: TranshipError.Code) async throws {
        let summary = try await summary(
            ["a": (.failed, refused), "b": (.failed, TranshipError(code, "wrong"))], [.conflict])
        #expect(summary.exitStatus == .verificationMismatch)
    }

    @Test func `An interrupted run is that before anything else`() async throws {
        var summary = try await summary(["a": (.failed, damaged)])
        summary.isInterrupted = true
        #expect(summary.exitStatus == .interrupted)
    }

    @Test func `A full quota is a limit, unless something else failed as well`() async throws {
        var alone = try await summary(["a": (.failed, full), "b": (.done, nil)])
        alone.pausedTargets = ["beta": full]
        #expect(alone.exitStatus == .limitReached)
    }

    @Test func `A full quota outweighs failures that may pass: running again is not enough`()
        async throws
    {
        var both = try await summary(["a": (.failed, full), "b": (.failed, busy)])
        both.pausedTargets = ["beta": full]
        #expect(both.exitStatus == .limitReached)
    }

    @Test func `One image that is too large for any quota is some failed`() async throws {
        #expect(try await summary(["a": (.failed, full)]).exitStatus == .someFailed)
    }

    @Test func `A full quota beside another failure is some failed`() async throws {
        var mixed = try await summary(["a": (.failed, full), "b": (.failed, refused)])
        mixed.pausedTargets = ["beta": full]
        #expect(mixed.exitStatus == .someFailed)
    }
}
