// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

@Suite(.timeLimit(.minutes(5))) struct SchedulerTests {
    private let fixture: Fixture
    private var world: FakeWorld { fixture.world }

    init() throws { fixture = try Fixture() }

    private func state(_ transfers: [String: Transfer], _ id: String) -> TransferState? {
        transfers[id]?.state
    }

    // MARK: The way of an image

    @Test(arguments: UploadMethod.allCases)
    func `An image goes from its source to a published copy`(method: UploadMethod) async throws {
        world.state.withLock { $0.looks["image:a"] = 3 }
        let ends = try await fixture.run([fixture.item("a", count: 300_000, method: method)])
        let transfer = try #require(ends["a"])
        #expect(transfer.state == .done)
        #expect(transfer.tries.attempts == 0)
        let record = try #require(world.record("image:a/0"))
        #expect(record.isPublished)
        #expect(record.data == world.state.withLock { $0.sources["image:a"] })
        #expect(transfer.proof.computed == (method.isServerSide ? [] : [sha256(record.data)]))
        #expect(transfer.proof.reported == [sha256(record.data)])
        #expect(world.count("look image:a") == (method.isImport ? 4 : 0))
        #expect(world.count("send image:a") == (method.isServerSide ? 0 : 1))
        #expect(world.count("read image:a") == (method.isServerSide ? 0 : 1))
    }

    @Test func `A run with nothing in it ends at once`() async throws {
        #expect(try await fixture.run([]).isEmpty)
    }

    @Test func `What ended before is not started again`() async throws {
        var done = fixture.item("a")
        done.action = .skip
        done.start = Sample.transfer("a", state: .skipped, imageID: "x")
        let ends = try await fixture.run([done, fixture.item("b")])
        #expect(state(ends, "a") == .skipped)
        #expect(state(ends, "b") == .done)
        #expect(!world.log.contains { $0.hasSuffix("image:a") })
    }

    // MARK: Limits

    @Test func `No more images move at once than allowed`() async throws {
        world.hold(.send)
        let (fixture, world) = (fixture, world)
        let items = (0..<7).map { fixture.item("i\($0)") }
        let work = Task { try await fixture.run(items, images: 2) }
        #expect(await eventually { world.sending == 2 })
        world.open(.send)
        let ends = try await work.value
        #expect(ends.values.allSatisfy { $0.state == .done })
        #expect(world.state.withLock { $0.mostSending } == 2)
    }

    @Test func `The number of images at once changes while a run goes on`() async throws {
        world.hold(.send)
        let (fixture, world) = (fixture, world)
        let journal = try await fixture.journal()
        let run = try await journal.takeOver((0..<7).map { fixture.item("i\($0)") })
        let scheduler = fixture.scheduler(journal, images: 1)
        let work = Task { try await scheduler.work(run) }
        #expect(await eventually { world.sending == 1 })
        scheduler.change(images: 3)
        #expect(await eventually { world.sending == 3 })
        // Images in flight continue; the next one begins when fewer are left than allowed.
        scheduler.change(images: 2)
        world.open(.send)
        try await work.value
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
        #expect(world.state.withLock { $0.mostSending } == 3)
    }

    @Test func `An image that waits for its import leaves its place to others`() async throws {
        world.state.withLock { $0.looks["image:a"] = 1_000_000 }
        let (fixture, world) = (fixture, world)
        let items = [fixture.item("a", method: .glanceDirect), fixture.item("b")]
        let work = Task { try await fixture.run(items, images: 1) }
        #expect(await eventually { world.record("image:b/0")?.isPublished == true })
        #expect(world.record("image:a/0")?.isPublished == false)
        world.state.withLock { $0.looks["image:a"] = 0 }
        #expect(try await work.value.values.allSatisfy { $0.state == .done })
    }

    /// A snooze is not a failed try: imports may take hours.
    @Test func `Waiting costs no attempt`() async throws {
        world.state.withLock { $0.looks["image:a"] = 20 }
        let ends = try await fixture.run(
            [fixture.item("a", method: .glanceDirect)], attempts: 1)
        #expect(state(ends, "a") == .done)
        #expect(ends["a"]?.tries.attempts == 0)
    }

    @Test func `Many small images all arrive, each once`() async throws {
        let items = (0..<60).map {
            fixture.item("i\($0)", count: $0, method: $0 % 3 == 0 ? .glanceDirect : .upload)
        }
        let ends = try await fixture.run(items, images: 8)
        #expect(ends.values.allSatisfy { $0.state == .done && $0.tries.attempts == 0 })
        for index in 0..<60 {
            #expect(world.count("send image:i\(index)") == 1)
            #expect(world.count("publish image:i\(index)") == 1)
            #expect(world.bodies("image:i\(index)").map(\.isWhole) == [true])
        }
    }

    // MARK: Failures

    private func transient(_ words: String = "busy") -> TranshipError {
        TranshipError(.serviceFailed, words, isTransient: true)
    }

    @Test(arguments: [Call.algorithm, .read, .register, .send, .report, .publish, .look])
    func `A failure that may pass is tried again, wherever it happens`(call: Call) async throws {
        world.fail(call, "image:a", with: transient(), transient())
        let ends = try await fixture.run(
            [fixture.item("a", method: call == .look ? .glanceDirect : .upload)])
        #expect(state(ends, "a") == .done)
        #expect(ends["a"]?.tries.attempts == 2)
        #expect(ends["a"]?.failure == nil)
        #expect(world.record("image:a/0")?.isPublished == true)
    }

    @Test func `After so many tries it has failed, and its record is discarded`() async throws {
        world.fail(.send, "image:a", with: transient("1"), transient("2"), transient("3"))
        let ends = try await fixture.run([fixture.item("a"), fixture.item("b")])
        let transfer = try #require(ends["a"])
        #expect(transfer.state == .failed)
        #expect(transfer.tries.attempts == 3)
        #expect(transfer.failure?.message == "3")
        #expect(transfer.failure?.isTransient == true)
        #expect(world.record("image:a/0") == nil)
        // That id is burned: the next run uses the next one.
        #expect(transfer.imageID == nil && transfer.placement.generation == 1)
        #expect(state(ends, "b") == .done)
    }

    /// An id that was never given out stays reserved for the transfer: otherwise another host would
    /// use it, and there would be two copies.
    @Test func `A record that was never made leaves its id to be tried again`() async throws {
        world.fail(.create, "image:a", with: transient("1"), transient("2"), transient("3"))
        let transfer = try #require(try await fixture.run([fixture.item("a")])["a"])
        #expect(transfer.state == .failed)
        #expect(world.count("discard image:a") == 1)
        #expect(transfer.imageID == nil && transfer.placement.generation == 0)
    }

    @Test func `What will not pass is not tried again`() async throws {
        world.fail(.register, "image:a", with: TranshipError(.forbidden, "no"))
        let ends = try await fixture.run([fixture.item("a")])
        #expect(state(ends, "a") == .failed)
        #expect(world.count("register image:a") == 1)
        #expect(ends["a"]?.failure?.code == .forbidden)
    }

    @Test func `Every failed try is in the journal`() async throws {
        world.fail(.read, "image:a", with: transient(), transient())
        try await fixture.run([fixture.item("a")])
        let journal = try await fixture.journal()
        let run = try #require(try await journal.lastRun())
        #expect(try await journal.attemptCount(run: run) == 2)
    }

    @Test func `A refused last step leaves the copy there, unpublished`() async throws {
        world.fail(.publish, "image:a", with: TranshipError(.invalidAnswer, "not JSON"))
        let ends = try await fixture.run([fixture.item("a")])
        #expect(state(ends, "a") == .unpublished)
        #expect(world.record("image:a/0")?.status == "active")
        #expect(world.count("discard image:a") == 0)
    }

    @Test func `A copy that cannot be discarded keeps its id for the next run`() async throws {
        world.fail(.send, "image:a", with: TranshipError(.formatRejected, "not raw"))
        world.fail(.discard, "image:a", with: transient())
        let ends = try await fixture.run([fixture.item("a")])
        #expect(state(ends, "a") == .failed)
        #expect(ends["a"]?.imageID == "image:a/0")
        #expect(ends["a"]?.failure?.code == .formatRejected)
    }

    @Test func `A hint does not say that nothing was left if the copy could not be discarded`()
        async throws
    {
        let cause = TranshipError(
            .checksumMismatch, "not that data", hint: "look", leavesNothing: true)
        world.fail(.send, "image:a", with: cause)
        world.fail(.send, "image:b", with: cause)
        world.fail(.discard, "image:a", with: TranshipError(.forbidden, "not yours"))
        let ends = try await fixture.run([fixture.item("a"), fixture.item("b")])
        #expect(ends["b"]?.failure?.hint == cause.hint && ends["b"]?.imageID == nil)
        let left = try #require(ends["a"]?.failure)
        #expect(left.code == .checksumMismatch && left.hint?.hasPrefix("look; the unf") == true)
        #expect(left.hint?.contains("nothing was left") == false)
        for words in ["not yours", "image delete image:a/0"] {
            #expect(left.hint?.contains(words) == true)
        }
    }

    @Test func `A wrong copy that cannot be discarded is named`() async throws {
        var item = fixture.item("a")
        item.action = .update
        item.start = Sample.transfer(
            "a", source: item.source, state: .verifying, imageID: "image:a/0")
        world.state.withLock { state in
            state.records["image:a/0"] = .init(marker: "m", status: "active", data: [1, 2, 3])
        }
        world.fail(.discard, "image:a", with: transient())
        let ends = try await fixture.run([item])
        #expect(ends["a"]?.failure?.code == .verificationMismatch)
        #expect(ends["a"]?.failure?.hint?.contains("image delete image:a/0") == true)
    }

    @Test func `What was adopted is never discarded`() async throws {
        var item = fixture.item("a")
        item.action = .update
        var start = Sample.transfer("a", source: item.source, state: .verifying, imageID: "old")
        start.placement.adoptContents()
        item.start = start
        world.state.withLock { state in
            state.records["old"] = .init(marker: "m", status: "active", data: [1, 2, 3])
        }
        let ends = try await fixture.run([item])
        #expect(state(ends, "a") == .failed)
        #expect(ends["a"]?.failure?.code == .verificationMismatch)
        #expect(world.count("discard image:a") == 0)
        #expect(world.record("old")?.data == [1, 2, 3])
    }

    // MARK: What ends a run

    @Test(arguments: [
        TranshipError.Code.authenticationFailed, .unauthorized, .noImageService, .notKeystone,
        .journalFailed,
    ])
    func `Lost credentials end the run, and nothing is failed for them`(
        code: TranshipError.Code
    ) async throws {
        world.fail(.register, "image:a", with: TranshipError(code, "gone"))
        let items = (0..<5).map { fixture.item("i\($0)") } + [fixture.item("a")]
        let error = await failure { try await fixture.run(items) }
        #expect(error?.code == code)
        let journal = try await fixture.journal()
        let run = try #require(try await journal.lastRun())
        let ends = try await fixture.ends(journal, run)
        #expect(ends["a"]?.state.isFinal == false)
        #expect(!ends.values.contains { $0.state == .failed })
        try await fixture.scheduler(journal).work(run)
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    /// A node behind the address of the service reads an older state of the database.
    @Test(arguments: 1...Trip.lostLooksMax)
    func `A copy that the target does not show at once is not made again`(times: Int) async throws {
        let lost = TranshipError(.notFound, "no image")
        for _ in 0..<times { world.fail(.report, "image:a", with: lost) }
        let transfer = try #require(try await fixture.run([fixture.item("a")])["a"])
        #expect(transfer.state == .done && transfer.imageID == "image:a/0")
        #expect(transfer.placement.generation == 0 && transfer.wait.lostLooks == nil)
        #expect(transfer.tries.attempts == 0 && transfer.tries.surprises == 0)
        #expect(world.bodies("image:a").count == 1)
    }

    /// The number of answers after which a copy counts as deleted.
    private static let looks = Trip.lostLooksMax + 1

    /// A service that loses the data would otherwise get it without an end.
    @Test(arguments: [(looks, TransferState.done), (9 * looks, .failed)])
    func `A copy that is deleted before it is compared is made again, a few times`(
        times: Int, end: TransferState
    ) async throws {
        let lost = TranshipError(.notFound, "no image")
        for _ in 0..<times { world.fail(.report, "image:a", with: lost) }
        let ends = try await fixture.run([fixture.item("a")])
        #expect(state(ends, "a") == end)
        #expect((0...3).contains(ends["a"]?.tries.attempts ?? 9))
        #expect(ends["a"]?.failure?.code == (end == .failed ? .gone : nil))
    }

    /// Someone deleted the copy after an earlier run: no try of this run failed.
    @Test(arguments: [(looks, TransferState.done), (2 * looks, .failed)])
    func `With one try, a copy that is deleted before it is compared is made again once`(
        times: Int, end: TransferState
    ) async throws {
        let lost = TranshipError(.notFound, "no image")
        for _ in 0..<times { world.fail(.report, "image:a", with: lost) }
        let ends = try await fixture.run([fixture.item("a")], attempts: 1)
        #expect(state(ends, "a") == end)
    }

    @Test func `A token that ended under a body costs a try and not the run`() async throws {
        world.fail(
            .send, "image:a", with: TranshipError(.unauthorized, "expired", isTransient: true))
        let ends = try await fixture.run([fixture.item("a")])
        #expect(state(ends, "a") == .done)
        #expect(ends["a"]?.tries.attempts == 1)
    }

    @Test func `Draining finishes what was begun and starts nothing more`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(["a", "b", "c"].map { fixture.item($0) })
        let scheduler = fixture.scheduler(journal, images: 1)
        world.hold(.send)
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.isWaiting(.send) })
        scheduler.stop(.drain)
        world.open(.send)
        try await work.value
        let ends = try await fixture.ends(journal, run)
        #expect(world.bodies("image:a").map(\.isWhole) == [true])
        #expect(ends["a"]?.state == .done)
        #expect(ends["b"]?.state == .planned && ends["c"]?.state == .planned)
    }

    @Test func `Aborting leaves every transfer where the next run finds it`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(["a", "b", "c"].map { fixture.item($0) })
        let scheduler = fixture.scheduler(journal, images: 2)
        world.hold(.send)
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.sending == 2 })
        scheduler.stop(.drain)
        scheduler.stop(.abort)
        try await work.value
        #expect(world.sending == 0)
        let stopped = try await fixture.ends(journal, run)
        #expect(stopped["a"]?.state == .sending && stopped["a"]?.tries.attempts == 0)
        #expect(stopped["c"]?.state == .planned)
        world.open(.send)
        try await fixture.scheduler(journal).work(run)
        #expect(try await fixture.ends(journal, run).values.allSatisfy { $0.state == .done })
    }

    @Test func `A cancelled task aborts the run and does not spin`() async throws {
        let journal = try await fixture.journal()
        let run = try await journal.takeOver(["a", "b"].map { fixture.item($0) })
        let scheduler = fixture.scheduler(journal)
        world.hold(.send)
        let work = Task { try await scheduler.work(run) }
        let world = world
        #expect(await eventually { world.sending == 2 })
        work.cancel()
        try await work.value
        #expect(world.count("send image:a") == 1)
        #expect(try await fixture.ends(journal, run)["a"]?.state == .sending)
    }

    // MARK: Images that name others

    @Test func `A kernel arrives before the image that names it`() async throws {
        let ends = try await fixture.run(
            [fixture.item("ami", naming: "kernel"), fixture.item("kernel", method: .glanceDirect)])
        #expect(ends.values.allSatisfy { $0.state == .done })
        let published = try #require(world.log.firstIndex(of: "publish image:kernel"))
        let read = try #require(world.log.firstIndex(of: "read image:ami"))
        #expect(published < read)
    }

    @Test func `An image whose kernel failed is told so and not left waiting`() async throws {
        world.fail(.read, "image:kernel", with: TranshipError(.sourceUnavailable, "gone"))
        // The real uploader throws this error when it looks for the kernel.
        world.fail(.register, "image:ami", with: TranshipError(.dependencyFailed, "no kernel"))
        let ends = try await fixture.run(
            [fixture.item("ami", naming: "kernel"), fixture.item("kernel")])
        #expect(state(ends, "kernel") == .failed)
        #expect(ends["ami"]?.failure?.code == .dependencyFailed)
    }

    @Test func `Images that name each other fail instead of waiting for ever`() async throws {
        let ends = try await fixture.run([
            fixture.item("a", naming: "b"), fixture.item("b", naming: "a"),
            fixture.item("c", naming: "c"), fixture.item("d"),
        ])
        for id in ["a", "b", "c"] {
            #expect(state(ends, id) == .failed)
            #expect(ends[id]?.failure?.code == .dependencyFailed)
        }
        #expect(state(ends, "d") == .done)
        #expect(world.log.allSatisfy { $0.hasSuffix("image:d") })
    }

    // MARK: What is told

    @Test func `Each image is told to have started and to have ended`() async throws {
        let told = Guarded<[String]>([])
        let journal = try await fixture.journal()
        let run = try await journal.takeOver([fixture.item("a"), fixture.item("b")])
        world.fail(.send, "image:b", with: TranshipError(.formatRejected, "not raw"))
        let scheduler = fixture.scheduler(journal) { event in
            switch event {
            case .ended(let transfer):
                told.withLock { $0.append("\(transfer.source.key) \(transfer.state.rawValue)") }
            default: break
            }
        }
        try await scheduler.work(run)
        #expect(told.withLock { $0.sorted() } == ["image:a done", "image:b failed"])
    }
}
