// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationJournal
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

/// The limits of single targets, and methods that fail.
@Suite(.timeLimit(.minutes(5))) struct ImportSchedulingTests {
    private let fixture: Fixture
    private var world: FakeWorld { fixture.world }
    /// The number of looks for an import that should not end on its own.
    private static let forEver = 1_000_000

    init() throws { fixture = try Fixture() }

    private func item(
        _ id: String, from source: Int = 0, to target: String = "beta", count: Int = 1000,
        method: UploadMethod = .upload
    ) -> PlanItem {
        var item = fixture.item(id, count: count, method: method)
        item.intent.targetKey = target
        item.intent.source.sourceIndex = source
        return item
    }

    private func scheduler(
        _ journal: Journal, images: Int = 4,
        targets: [String: (endpoint: String, limits: TargetLimits)] = [:],
        sources: [Int: (endpoint: String, images: Int?)] = [:], waiter: (any TaskWaiter)? = nil
    ) -> Scheduler {
        Scheduler(
            journal: journal,
            stages: world.stages(sources: sources, targets: targets, waiter: waiter),
            limits: .init(
                images: images, retries: RetryPolicy(attemptsMax: 3, backoffSecondsMax: 0.01)),
            monitor: RunMonitor())
    }

    private func limited(
        _ endpoint: String, _ images: Int
    ) -> (endpoint: String, limits: TargetLimits) {
        (endpoint, TargetLimits(images: images))
    }

    private func sends() -> Int { world.log.count { $0.hasPrefix("send ") } }
    private func looks() -> Int { world.log.count { $0.hasPrefix("look ") } }

    // MARK: Limits of a target

    @Test func `A target's own limit holds, and leaves the other targets theirs`() async throws {
        world.hold(.send)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(
            (0..<4).map { item("b\($0)") } + (0..<2).map { item("g\($0)", to: "gamma") })
        let scheduler = scheduler(journal, images: 6, targets: ["beta": limited("beta", 1)])
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.sending == 3 })
        world.open(.send)
        try await work.value
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
        #expect(world.state.withLock { $0.mostSending } <= 3)
    }

    @Test(
        arguments: [
            TargetLimits(uploading: 2), TargetLimits(stagedBytes: 2500),
        ])
    func `Images in import count against a target's quotas until they end`(
        limits: TargetLimits
    ) async throws {
        let items = (0..<5).map { item("i\($0)", method: .glanceDirect) }
        world.state.withLock { state in
            for item in items { state.looks[item.source.key] = Self.forEver }
        }
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(items)
        let scheduler = scheduler(journal, targets: ["beta": ("beta", limits)])
        let work = Task { try await scheduler.work(run) }
        let world = world
        // The scheduler has many turns, in each of which it could start a third image.
        #expect(await eventually { world.log.count { $0.hasPrefix("look ") } > 30 })
        #expect(sends() == 2)
        world.state.withLock { $0.looks = [:] }
        try await work.value
        #expect(sends() == 5)
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    @Test func `An image that is larger than the staging quota goes alone, not never`() async throws
    {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(
            [item("a", count: 5000, method: .glanceDirect), item("b", method: .glanceDirect)])
        try await scheduler(
            journal, targets: ["beta": ("beta", .init(uploading: 0, stagedBytes: 10))]
        ).work(run)
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    @Test func `Plain uploads stage nothing`() async throws {
        world.hold(.send)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver((0..<3).map { item("i\($0)") })
        let scheduler = scheduler(journal, targets: ["beta": ("beta", .init(stagedBytes: 1))])
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.sending == 3 })
        world.open(.send)
        try await work.value
    }

    @Test func `Targets of one service share its limit`() async throws {
        world.hold(.send)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(
            [item("b0"), item("g0", to: "gamma"), item("g1", to: "gamma"), item("d0", to: "delta")])
        // The lowest limit that any of them states holds for all.
        let scheduler = scheduler(
            journal, targets: ["beta": limited("beta", 1), "gamma": limited("beta", 3)])
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.sending == 2 })
        #expect(reads() == ["b0", "d0"])
        world.open(.send)
        try await work.value
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    // MARK: Limits of a source

    /// Returns the images that are or were read, by id.
    private func reads() -> [String] {
        world.log.filter { $0.hasPrefix("read ") }.map { String($0.dropFirst(11)) }.sorted()
    }

    @Test func `A source's own limit holds, and leaves the other sources theirs`() async throws {
        world.hold(.send)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(
            (0..<4).map { item("a\($0)") } + (0..<3).map { item("c\($0)", from: 1) })
        let scheduler = scheduler(
            journal, images: 4, sources: [0: ("alpha", 1)])
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.sending == 4 })
        #expect(reads() == ["a0", "c0", "c1", "c2"])
        world.open(.send)
        try await work.value
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    @Test func `Sources of one place share its limit`() async throws {
        world.hold(.send)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(
            [item("a0"), item("b0", from: 1), item("b1", from: 1), item("c0", from: 2)])
        // One source states no limit, so that of the other holds for both.
        let scheduler = scheduler(journal, sources: [0: ("alpha", 2), 1: ("alpha", nil)])
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.sending == 3 })
        #expect(reads() == ["a0", "b0", "c0"])
        world.open(.send)
        try await work.value
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    @Test(arguments: [UploadMethod.webDownload, .glanceDownload])
    func `What a target fetches counts against its source until it has it`(
        method: UploadMethod
    ) async throws {
        let items = (0..<5).map { item("i\($0)", method: method) } + [item("z", from: 1)]
        world.state.withLock { state in
            for item in items.dropLast() { state.looks[item.source.key] = Self.forEver }
        }
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(items)
        let scheduler = scheduler(journal, sources: [0: ("alpha", 2)])
        let work = Task { try await scheduler.work(run) }
        let world = world
        // The scheduler has many turns, in each of which it could start a third image.
        #expect(await eventually { world.log.count { $0.hasPrefix("look ") } > 30 })
        #expect(world.count("publish image:z") == 1)
        let asked = world.log.filter { $0.hasPrefix("register image:i") }
        #expect(asked.sorted() == ["register image:i0", "register image:i1"])
        world.state.withLock { $0.looks = [:] }
        try await work.value
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    @Test func `What was staged by us is read from the source no more`() async throws {
        let items = (0..<3).map { item("i\($0)", method: .glanceDirect) }
        world.state.withLock { state in
            for item in items { state.looks[item.source.key] = Self.forEver }
        }
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(items)
        let scheduler = scheduler(journal, sources: [0: ("alpha", 1)])
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.log.count { $0.hasPrefix("send ") } == 3 })
        world.state.withLock { $0.looks = [:] }
        try await work.value
    }

    // MARK: A quota that is full

    private func refusal(_ words: String) -> TranshipError {
        TranshipError(
            .quotaExceeded, "Glance answered 413: \(words)",
            answer: .init(status: 413, message: words, asked: "PUT /v2/images/x/file"))
    }

    @Test(arguments: [
        "The quota has been exceeded",
        "Image storage media is full: There is not enough disk space on the image storage media.",
    ])
    func `A full quota or store pauses its target, and the other goes on`(
        words: String
    ) async throws {
        world.fail(.send, "image:a", with: refusal(words))
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([
            item("a", count: 100), item("b", count: 200), item("c", count: 300),
            item("d", to: "gamma", count: 400), item("e", to: "gamma", count: 500),
        ])
        let scheduler = scheduler(journal, images: 1)
        try await scheduler.work(run)
        let ends = try await fixture.ends(journal, run)
        #expect(ends["a"]?.state == .failed)
        #expect(ends["b"]?.state == .planned)
        #expect(ends["c"]?.state == .planned)
        #expect(ends["d"]?.state == .done)
        #expect(ends["e"]?.state == .done)
        #expect(scheduler.pausedTargets.keys.sorted() == ["beta"])
        #expect(world.count("discard image:a") == 1)
    }

    @Test func `A full disk pauses its target`() async throws {
        let full = TranshipError(.targetFailed, "cannot write", cause: FullTarget())
        world.fail(.send, "image:a", with: full)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([
            item("a", count: 100), item("b", count: 200), item("c", to: "gamma", count: 400),
        ])
        let scheduler = scheduler(journal, images: 1)
        try await scheduler.work(run)
        let ends = try await fixture.ends(journal, run)
        #expect(ends["a"]?.state == .failed)
        #expect(ends["b"]?.state == .planned)
        #expect(ends["c"]?.state == .done)
        #expect(scheduler.pausedTargets.keys.sorted() == ["beta"])
    }

    @Test func `One image that is too large pauses nothing`() async throws {
        world.fail(.send, "image:a", with: refusal("Image exceeds the size cap"))
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([item("a", count: 100), item("b", count: 200)])
        let scheduler = scheduler(journal, images: 1)
        try await scheduler.work(run)
        let ends = try await fixture.ends(journal, run)
        #expect(ends["a"]?.state == .failed)
        #expect(ends["b"]?.state == .done)
        #expect(scheduler.pausedTargets.isEmpty)
    }

    // MARK: The ladder

    /// A waiter for which every import fails, so the next method is used.
    private struct FailingWaiter: TaskWaiter {

        func look(_ given: Transfer) async throws(TranshipError) -> Look {
            var transfer = given
            let error = TranshipError(.importFailed, "its task says: no")
            guard let next = transfer.intent.fallbacks.first else { throw error }
            transfer.intent.fallbacks.removeFirst()
            transfer.intent.method = next
            transfer.tries.importFailures += 1
            return .outcome(.restart(transfer, after: error))
        }

        func requested(
            _ request: ImportNeed, for transfer: Transfer, refusal: TranshipError?
        ) async throws(TranshipError) -> Outcome {
            preconditionFailure("it needs no request")
        }
    }

    @Test func `A method that fails is followed by the next, in a new record, once`() async throws {
        var item = item("a", method: .glanceDirect)
        item.intent.fallbacks = [.upload]
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([item])
        try await scheduler(journal, waiter: FailingWaiter()).work(run)
        let transfer = try #require(try await fixture.ends(journal, run)["a"])
        #expect(transfer.state == .done)
        #expect(transfer.method == .upload)
        #expect(transfer.placement.generation == 1)
        #expect(transfer.imageID == "image:a/1")
        #expect(world.record("image:a/0") == nil)
        #expect(world.count("discard image:a") == 1)
        #expect(world.count("send image:a") == 2)
    }

    @Test func `Where the ladder ends, the image fails and nothing is left`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([item("a", method: .glanceDirect)])
        try await scheduler(journal, waiter: FailingWaiter()).work(run)
        let transfer = try #require(try await fixture.ends(journal, run)["a"])
        #expect(transfer.state == .failed)
        #expect(transfer.failure?.code == .importFailed)
        #expect(world.record("image:a/0") == nil)
        #expect(world.count("send image:a") == 1)
    }
}
