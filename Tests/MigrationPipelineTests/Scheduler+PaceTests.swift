// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

@Suite(.timeLimit(.minutes(5))) struct SchedulerPaceTests {
    private let fixture: Fixture
    private var world: FakeWorld { fixture.world }

    init() throws { fixture = try Fixture() }

    private func scheduler(
        _ journal: Journal, images: Int = 64, experience: [String: PaceExperience] = [:],
        targets: [String: (endpoint: String, limits: TargetLimits)] = [:]
    ) -> Scheduler {
        Scheduler(
            journal: journal, stages: world.stages(targets: targets),
            limits: .init(
                images: images, isAutomatic: true, experience: experience,
                retries: RetryPolicy(attemptsMax: 3, backoffSecondsMax: 0.01)),
            monitor: RunMonitor())
    }

    @Test func `A run begins with 4 images at once, and finds that more are faster`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver((0..<120).map { fixture.item("i\($0)") })
        world.hold(.send)
        let scheduler = scheduler(journal)
        let world = world
        let work = Task { try await scheduler.work(run) }
        #expect(await eventually { world.sending == 4 })
        world.open(.send)
        try await work.value
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
        #expect(scheduler.experience["target beta"] != nil)
    }

    @Test func `What an earlier run found is where it begins, up to the quota`() async throws {
        for (images, quota, sending) in [(9, nil, 9), (9, 6, 6), (1, nil, 1)] as [(Int, Int?, Int)]
        {
            let fixture = try Fixture()
            let world = fixture.world
            let journal = try await fixture.journal()
            let run = try await journal.takeOver((0..<20).map { fixture.item("i\($0)") })
            world.hold(.send)
            let scheduler = Scheduler(
                journal: journal,
                stages: world.stages(
                    targets: ["beta": ("target beta", TargetLimits(uploading: quota))]),
                limits: .init(
                    images: 64, isAutomatic: true,
                    experience: ["target beta": .init(images: images, isSettled: true)],
                    retries: RetryPolicy(attemptsMax: 3)), monitor: RunMonitor())
            let work = Task { try await scheduler.work(run) }
            #expect(await eventually { world.sending == sending })
            scheduler.change(images: .atMost(1))
            world.open(.send)
            try await work.value
            #expect(world.state.withLock { $0.mostSending } == sending)
        }
    }

    @Test func `A service that refuses because of load gets half as many`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver((0..<8).map { fixture.item("i\($0)") })
        let busy = TranshipError(
            .rateLimited, "too many requests",
            answer: .init(status: 429, message: "slow down", asked: "PUT"), isTransient: true)
        world.fail(.send, "image:i0", with: busy)
        let scheduler = scheduler(
            journal, experience: ["target beta": .init(images: 8, isSettled: true)])
        try await scheduler.work(run)
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
        #expect(scheduler.experience["target beta"] == PaceExperience(images: 4, isSettled: true))
    }

    @Test func `Targets at one service share its number`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver((0..<10).map { fixture.item("i\($0)") })
        world.hold(.send)
        let same: (String, TargetLimits) = ("one service", TargetLimits())
        let scheduler = scheduler(
            journal, experience: ["one service": .init(images: 3, isSettled: true)],
            targets: ["beta": same, "gamma": same, "delta": same])
        let world = world
        let work = Task { try await scheduler.work(run) }
        #expect(await eventually { world.sending == 3 })
        #expect(scheduler.movingMax == 3)
        world.open(.send)
        try await work.value
    }
}
