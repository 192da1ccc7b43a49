// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

@Suite(.timeLimit(.minutes(5))) struct SchedulerFollowUpsTests {
    private let fixture: Fixture
    private var world: FakeWorld { fixture.world }

    init() throws { fixture = try Fixture() }

    /// The calls so far, and the targets with a call under way.
    private final class Calls: Sendable {
        private let state = Guarded((keys: [String](), busy: Set<String>(), isTwice: false))

        func begin(_ key: String) -> Int {
            state.withLock { state in
                state.keys.append(key)
                if !state.busy.insert(key).inserted { state.isTwice = true }
                return state.keys.count { $0 == key }
            }
        }

        func end(_ key: String) { state.withLock { _ = $0.busy.remove(key) } }

        func count(_ key: String) -> Int { state.withLock { $0.keys.count { $0 == key } } }

        var count: Int { state.withLock(\.keys.count) }

        var isTwice: Bool { state.withLock(\.isTwice) }
    }

    private func scheduler(
        _ journal: Journal, followUp: @escaping Scheduler.FollowUp
    ) -> Scheduler {
        var retries = RetryPolicy(attemptsMax: 3, backoffSecondsMax: 0.01)
        retries.followUpMilliseconds = 20
        return Scheduler(
            journal: journal, stages: world.stages(), limits: .init(images: 4, retries: retries),
            monitor: RunMonitor(), followUp: followUp)
    }

    @Test func `What follows at a target goes on beside transfers, and again if it was silent`()
        async throws
    {
        world.hold(.send)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(["a", "b", "c"].map { fixture.item($0) })
        let (calls, world) = (Calls(), world)
        let scheduler = scheduler(journal) { key in
            let count = calls.begin(key)
            await Task.yield()
            // No data is sent before the target was called twice.
            if key == "beta", count == 3 { world.open(.send) }
            calls.end(key)
            return key != "beta" || count > 2
        }
        try await scheduler.work(run)
        #expect(try await journal.unfinished(run: run, limit: 1).isEmpty)
        #expect(calls.count("beta") > 3 && !calls.isTwice)
        // No transfer goes to gamma.
        #expect(calls.count("gamma") == 1)
    }

    @Test func `It follows what failed as well`() async throws {
        let journal = try await fixture.journal()
        let item = fixture.item("a")
        world.fail(.read, item.source.key, with: TranshipError(.invalidAnswer, "wrong"))
        let run = try await journal.takeOver([item])
        let states = Guarded<[TransferState]>([])
        let scheduler = scheduler(journal) { (key) throws(TranshipError) in
            guard key == "beta" else { return true }
            let transfer = try await journal.transfer(
                versionID: item.origin.versionID, targetKey: key)
            states.withLock { $0 += [transfer?.state].compactMap(\.self) }
            return true
        }
        try await scheduler.work(run)
        #expect(states.withLock { $0.last } == .failed)
    }

    @Test func `An error of it ends the run`() async throws {
        world.hold(.send)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([fixture.item("a")])
        let scheduler = scheduler(journal) { (_) throws(TranshipError) in
            throw TranshipError(.journalFailed, "full")
        }
        let error = await failure { try await scheduler.work(run) }
        #expect(error?.code == .journalFailed)
    }

    @Test func `None begins after a stop, and one that has begun is waited for`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([fixture.item("a")])
        let calls = Calls()
        let ended = Guarded(0)
        let followUp: Scheduler.FollowUp = { key in
            _ = calls.begin(key)
            try? await Task.sleep(for: .milliseconds(50))
            ended.withLock { $0 += 1 }
            calls.end(key)
            return true
        }
        let stopped = scheduler(journal, followUp: followUp)
        stopped.stop(.drain)
        try await stopped.work(run)
        #expect(calls.count == 0)
        try await scheduler(journal, followUp: followUp).work(run)
        #expect(calls.count("beta") > 1 && calls.count == ended.withLock { $0 })
    }
}
