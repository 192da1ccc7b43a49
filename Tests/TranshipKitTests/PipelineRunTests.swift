// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite(.timeLimit(.minutes(2))) struct PipelineRunTests {
    @Test func `A run plans while someone looks at a plan`() async throws {
        let scene = try CloudScene()
        scene.put()
        let run = try await scene.start()
        let looked = try Plan(beside: run.journal)
        let plan = try await run.plan()
        #expect(plan.work.images == 1)
        #expect(try await run.carryOut(plan).exitStatus == .done)
        #expect(throws: TranshipError.self) { _ = try Plan(beside: run.journal) }
        withExtendedLifetime(looked) {}
    }

    @Test func `Commands that have the journal work while others make plans and lists`()
        async throws
    {
        let scene = try CloudScene()
        scene.put()
        let run = try await scene.start()
        _ = try await run.carryOut(try await run.plan())
        let others = try Plan.Purpose.allCases.filter { $0 != .run }.map {
            try Plan(beside: run.journal, for: $0)
        }
        #expect(try await run.clean(removes: true) { _ in }.isEmpty)
        #expect(try await run.adopt { _ in }[.known] == 1)
        #expect(try await run.prunable().isEmpty)
        withExtendedLifetime(others) {}
    }

    @Test func `A service that does not answer takes its part of a short run, and no more`()
        async throws
    {
        let run = try Nights("alpha", "beta").run(rules: "previous: hide")
        #expect(run.tuning.transport.answerSecondsMax == nil)
        run.expectEnd(withinSeconds: 6 * 3600)
        let long = try #require(run.tuning.transport.answerSecondsMax)
        #expect(long > HTTPRequest(.get, "http://127.0.0.1").timeoutSeconds)
        run.expectEnd(withinSeconds: 30)
        // The time is shared by two targets and the listing of the sources.
        #expect(run.tuning.transport.answerSecondsMax == 30 / 2 / 3)
        run.expectEnd(withinSeconds: 6)
        var transport = run.tuning.transport
        #expect(transport.answerSecondsMax == PipelineRun.leastAnswerSeconds)

        let server = try RawHTTPServer { _ in .hanging() }
        transport.answerSecondsMax = 1
        let client = HTTPClient(transport)
        let start = ContinuousClock.now
        let error = await failure { _ = try await client.send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .timedOut)
        // Without the limit, each of its tries takes a minute.
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test func `A list works beside a plan, and a second one of its kind says what holds it up`()
        async throws
    {
        let scene = try CloudScene()
        scene.put()
        let run = try await scene.start(writes: false)
        let others = try [Plan.Purpose.plan, .check, .run, .rollback].map {
            try Plan(beside: run.journal, for: $0)
        }
        #expect(try await run.prunable().isEmpty)
        withExtendedLifetime(others) {}
        let same = try Plan(beside: run.journal, for: .prune)
        let error = await failure { _ = try await run.prunable() }
        #expect(error?.code == .journalInUse)
        #expect(
            error?.message.hasPrefix("the list of `prune` ") == true, "\(String(describing: error))"
        )
        #expect(error?.hint == "wait until that process ends")
        withExtendedLifetime(same) {}
    }
}
