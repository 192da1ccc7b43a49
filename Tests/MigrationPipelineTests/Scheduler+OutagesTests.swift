// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct SchedulerOutagesTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private let refused = TranshipError(.unreachable, "connection refused", isTransient: true)

    private func fail(_ call: Call, _ id: String, times: Int) {
        for _ in 0..<times { fixture.world.fail(call, "image:\(id)", with: refused) }
    }

    @Test(arguments: [Call.read, .register])
    func `An endpoint that does not answer uses up no image's tries`(call: Call) async throws {
        // Enough failures to end all of the images.
        fixture.world.failNext(call, with: Array(repeating: refused, count: 18))
        let notices = Guarded<[String]>([])
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver((0..<6).map { fixture.item("i\($0)") })
        let scheduler = fixture.scheduler(
            journal,
            events: { event in
                guard case .notice(let notice) = event else { return }
                notices.withLock { $0.append(notice.words) }
            },
            retries: {
                $0.outageFailures = 3
                $0.probeSeconds = 0.005
            })
        try await scheduler.work(run)
        let ends = try await fixture.ends(journal, run)
        #expect(ends.count == 6)
        // The failures before the outage is known cost a try, and no later one does.
        #expect(ends.values.allSatisfy { $0.state == .done })
        #expect(ends.values.map(\.tries.attempts).reduce(0, +) == 2)
        let place = call == .read ? "source 1" : "target beta"
        let said = notices.withLock { $0 }
        #expect(said.count == 2, "\(said)")
        #expect(
            said.first?.hasPrefix("\(place) does not answer; its images wait") == true, "\(said)")
        #expect(said.last?.hasPrefix("\(place) answers again") == true, "\(said)")
        let outages = try await journal.outages(run: run)
        #expect(outages.count == 1)
        #expect(outages.allSatisfy { $0.endedAt != nil && $0.code == .unreachable })
        // Every failure is in the journal, whether it cost a try or not.
        #expect(try await journal.attemptCount(run: run) == 18)
        let tries = try await journal.attempts(of: ends.values.map(\.id), limit: 20)
        #expect(
            tries.values.joined().map(\.message) == Array(repeating: refused.message, count: 18))
        #expect(scheduler.deadEndpoints.isEmpty)
    }

    @Test func `One that stays dead is given up, and its images wait for the next run`()
        async throws
    {
        for index in 0..<4 { fail(.register, "i\(index)", times: 10_000) }
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver((0..<4).map { fixture.item("i\($0)") })
        let scheduler = fixture.scheduler(
            journal,
            retries: {
                $0.outageFailures = 2
                $0.probeSeconds = 0.005
                $0.outageSecondsMax = 0.1
            })
        try await scheduler.work(run)
        #expect(scheduler.deadEndpoints.map(\.key) == ["target beta"])
        let left = try await journal.unfinished(run: run, limit: 10)
        #expect(left.count == 4)
        #expect(left.allSatisfy { $0.tries.attempts <= 1 && $0.failure?.code == .unreachable })
    }

    @Test func `A run has so many failed tries and no more`() async throws {
        let busy = TranshipError(.serviceFailed, "busy", isTransient: true)
        for index in 0..<20 {
            for _ in 0..<50 { fixture.world.fail(.register, "image:i\(index)", with: busy) }
        }
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver((0..<20).map { fixture.item("i\($0)") })
        try await fixture.scheduler(journal, attempts: 40).work(run)
        let ends = try await fixture.ends(journal, run)
        #expect(ends.values.allSatisfy { $0.state == .failed && $0.failure?.isTransient == true })
        let failed = try await journal.attemptCount(run: run)
        #expect((100..<140).contains(failed), "\(failed)")
    }

    @Test func `A due time that no wait of ours can mean counts as now`() async throws {
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver([fixture.item("a"), fixture.item("b")])
        for var transfer in try await journal.unfinished(run: run, limit: 2) {
            transfer.wait.dueAt = Timestamp.now() + 86_400_000
            try await journal.commit(transfer)
        }
        try await fixture.scheduler(journal).work(run)
        let ends = try await fixture.ends(journal, run)
        #expect(ends.values.allSatisfy { $0.state == .done })
    }

    /// The target got no request, so nothing shows that it answers.
    @Test func `A transfer that only waited for room in the spool closes no outage`() async throws {
        let journal = try await Journal.open(path: fixture.path)
        let items = ["b", "a"].map { id -> PlanItem in
            var item = fixture.item(id, count: 3000)
            item.action = .create
            item.start = .fresh(item.intent, promised: item.promise)
            item.start?.intent.spools = true
            return item
        }
        let run = try await journal.takeOver(items)
        // The other transfer starts after the outage has begun, and looks first.
        var other = try await journal.unfinished(run: run, limit: 9)[0]
        other.wait.dueAt = Timestamp.now() + 600_000
        try await journal.commit(other)
        let otherID = other.id
        // The spool has room for one of them: the other waits.
        let spool = try await Spool.open(
            Spool.Place(folder: fixture.folder.file("spool"), maxBytes: 3000), journal: journal,
            run: run)
        fail(.register, "a", times: 10_000)
        let stop = Guarded<(@Sendable () -> Void)?>(nil)
        let scheduler = fixture.scheduler(
            journal, spool: spool,
            events: { event in
                switch event {
                case .notice: Task { try await journal.wake([otherID]) }
                case .waiting(let transfer, _) where transfer.id == otherID:
                    stop.withLock { $0 }?()
                default: break
                }
            },
            retries: {
                $0.outageFailures = 1
                $0.probeSeconds = 0.3
            })
        stop.withLock { $0 = { scheduler.stop(.drain) } }
        try await scheduler.work(run)
        let outages = try await journal.outages(run: run)
        #expect(outages.map(\.endpoint) == ["target beta"])
        #expect(outages.first?.endedAt == nil)
        #expect(fixture.world.count("register image:b") == 0)
    }
}
