// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct CommitHookTests {
    private final class Seen: Sendable {
        let moments = Guarded<[String]>([])
    }

    @Test func `Every write is a commit, and no look is one`() async throws {
        let seen = Seen()
        let folder = try TemporaryFolder()
        let journal = try await Journal.open(
            path: folder.file("journal.sqlite"),
            hook: CommitHook { moment, number in
                seen.moments.withLock { $0.append("\(moment.rawValue) \(number)") }
            })
        let run = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "/p.yaml", pipelineText: "")
        _ = try await journal.lastRun()
        try await journal.endRun(run, outcome: .done)
        #expect(
            seen.moments.withLock { $0 } == ["before 1", "after 1", "before 2", "after 2"])
    }

    @Test func `A commit that failed has no moment after it`() async throws {
        let seen = Seen()
        let folder = try TemporaryFolder()
        let journal = try await Journal.open(
            path: folder.file("journal.sqlite"),
            hook: CommitHook { moment, _ in
                seen.moments.withLock { $0.append(moment.rawValue) }
            })
        struct Refused: Error {}
        let error = await failure {
            try await journal.write { _ in throw Refused() }
        }
        #expect(error?.code == .journalFailed)
        #expect(seen.moments.withLock { $0 } == ["before"])
    }
}
