// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

/// The result at the target if the bytes are wrong, and the errors that are thrown.
@Suite(.timeLimit(.minutes(5))) struct StreamStepTests {
    private let world = FakeWorld()
    private let committed = Committed()

    private final class Committed: Sendable {
        let states = Guarded<[TransferState]>([])
        let reading = Guarded<SourceReading?>(nil)
    }

    private func step(_ transfer: Transfer) async throws(TranshipError) -> Outcome {
        let step = StreamStep(
            ends: try world.stages().ends(of: transfer), references: [:],
            queues: StageQueues(), limiter: nil, monitor: RunMonitor(), disk: .real)
        let committed = committed
        let trip = Trip(transfer) { transfer throws(TranshipError) in
            committed.states.withLock { $0.append(transfer.state) }
            committed.reading.withLock { $0 = transfer.reading }
        } answered: { (_) async throws(TranshipError) in
        }
        return try await step.run(transfer, trip)
    }

    private var states: [TransferState] { committed.states.withLock { $0 } }
    private var body: FakeWorld.Body? { world.bodies("image:a").last }

    /// Returns a transfer of `bytes`, of which the source promised `promised` bytes.
    private func transfer(
        _ bytes: [UInt8], promised: Int? = nil, checksum: Checksum? = nil
    ) -> Transfer {
        world.state.withLock { $0.sources["image:a"] = bytes }
        let source = Sample.source(
            "a", sizeBytes: Int64(promised ?? bytes.count),
            checksums: [checksum ?? sha256(bytes)])
        return Sample.transfer("a", source: source)
    }

    @Test(arguments: [1, 100, 65_536, 65_537, 3_000_000], [true, false])
    func `Right bytes arrive whole, with a size or without`(
        count: Int, declaresSize: Bool
    ) async throws {
        world.state.withLock { $0.declaresSize = declaresSize }
        let bytes = noise(count)
        let outcome = try await step(transfer(bytes))
        #expect(outcome.transfer.state == .verifying)
        #expect(outcome.transfer.proof.computed == [sha256(bytes)])
        #expect(outcome.transfer.proof.sizeBytes == Int64(count))
        #expect(body == .init(bytes: bytes, isWhole: true))
        #expect(states == [.reading, .registered, .sending])
    }

    @Test(arguments: [true, false])
    func `No bytes at all are an image too`(declaresSize: Bool) async throws {
        world.state.withLock { $0.declaresSize = declaresSize }
        let outcome = try await step(transfer([]))
        #expect(outcome.transfer.proof.computed == [sha256([])])
        #expect(body == .init(bytes: [], isWhole: true))
    }

    @Test(arguments: [1, 70_000, 3_000_000], [true, false])
    func `Wrong bytes never become a whole body`(count: Int, declaresSize: Bool) async throws {
        world.state.withLock { $0.declaresSize = declaresSize }
        let given = transfer(noise(count), checksum: sha256([1, 2, 3]))
        let error = await failure { _ = try await step(given) }
        #expect(error?.code == .checksumMismatch)
        #expect(error?.message.contains("promised sha256:039058c6f2c0cb49") == true)
        // Small data is judged before there is a record, or afterwards.
        #expect(body?.isWhole != true)
        #expect(body.map { $0.bytes.count < count } != false)
        #expect([nil, "queued"].contains(world.record("image:a/0")?.status))
        #expect(count < 1_000_000 || body != nil)
    }

    @Test func `A wrong image of no bytes is not sent at all`() async throws {
        let error = await failure {
            _ = try await step(transfer([], checksum: sha256([1])))
        }
        #expect(error?.code == .checksumMismatch)
        #expect(world.count("send image:a") == 0)
    }

    @Test(arguments: [999, 1001, 0])
    func `A source of another size than promised never becomes a whole body`(
        count: Int
    ) async throws {
        world.state.withLock { $0.declaresSize = false }
        let error = await failure { _ = try await step(transfer(noise(count), promised: 1000)) }
        #expect(error?.code == .sourceTruncated)
        #expect(
            error?.message.contains("promised 1000 bytes and gave \(count)") == true)
        #expect(body?.isWhole != true)
    }

    @Test(arguments: [0, 1, 100_000, 2_999_999])
    func `A source that breaks ends the upload with its error`(afterBytes: Int) async throws {
        let given = transfer(noise(3_000_000))
        world.state.withLock {
            $0.breaks["image:a"] = (
                afterBytes, TranshipError(.connectionLost, "reset", isTransient: true)
            )
        }
        let error = await failure { _ = try await step(given) }
        #expect(error?.message == "reset")
        #expect(error?.isTransient == true)
        #expect(body?.isWhole != true)
        #expect(world.sending == 0)
    }

    @Test func `What was read in vain is counted, and written down`() async throws {
        var given = transfer(noise(1_000_000))
        world.state.withLock {
            $0.breaks["image:a"] = (
                600_000, TranshipError(.connectionLost, "reset", isTransient: true)
            )
        }
        _ = await failure { _ = try await step(given) }
        given.reading = committed.reading.withLock { $0 }
        #expect(given.reading?.readBytes == 600_000)
        world.state.withLock { $0.breaks = [:] }
        let reading = try await step(given).transfer.reading
        #expect(reading?.readBytes == 1_600_000)
        #expect(reading?.againBytes == 600_000)
    }

    @Test func `A source that cannot be opened leaves no record`() async throws {
        world.fail(.read, "image:a", with: TranshipError(.sourceUnavailable, "404"))
        let error = await failure { _ = try await step(transfer([1])) }
        #expect(error?.message == "404")
        #expect(world.count("register image:a") == 0)
        #expect(states == [.reading])
    }

    @Test(arguments: [Call.register, .send])
    func `A refusal of the target ends the reading of a large source`(call: Call) async throws {
        let given = transfer(noise(8_000_000))
        world.fail(call, "image:a", with: TranshipError(.quotaExceeded, "full"))
        let error = await failure { _ = try await step(given) }
        #expect(error?.message == "full")
        #expect(body == nil)
    }

    /// The service cuts the connection of a body that stops. The upload's error is then an effect
    /// and not the cause.
    @Test func `The first error is told, and not one that it caused`() async throws {
        let given = transfer(noise(3_000_000))
        world.state.withLock {
            $0.breaks["image:a"] = (10, TranshipError(.sourceChanged, "changed"))
        }
        world.state.withLock { $0.sendsAfterFailure = true }
        world.fail(
            .send, "image:a",
            with: TranshipError(
                .badRequest, "the body ended early",
                answer: ServiceAnswer(status: 400, message: "", asked: "PUT")))
        let error = await failure { _ = try await step(given) }
        #expect(error?.message == "changed")
    }

    /// Any body that the record gets then is another host's.
    @Test func `A body that is refused because another one arrives counts as not begun`()
        async throws
    {
        let given = transfer([1, 2, 3])
        world.fail(.send, "image:a", with: TranshipError(.conflict, "Glance answered 409"))
        let error = await failure { _ = try await step(given) }
        #expect(error?.code == .conflict)
        #expect(states == [.reading, .registered, .sending, .registered])
    }

    @Test func `The stage's words for a refusal are preferred to the transport's`() async throws {
        let answer = ServiceAnswer(status: 401, message: "", asked: "PUT")
        world.state.withLock {
            $0.transportFailure = TranshipError(
                .unauthorized, "the service answered 401", answer: answer)
        }
        world.fail(
            .send, "image:a",
            with: TranshipError(
                .unauthorized, "Glance answered 401", answer: answer, isTransient: true))
        let given = transfer([1, 2, 3])
        let error = await failure { _ = try await step(given) }
        #expect(error?.message == "Glance answered 401")
        #expect(error?.isTransient == true)
    }

    // MARK: Going on

    @Test func `A copy whose data is there already is not read again`() async throws {
        var given = transfer([1])
        given.placement.imageID = "image:a/0"
        given.move(to: .registered)
        given.move(to: .sending)
        world.state.withLock {
            $0.records["image:a/0"] = .init(marker: "m", status: "active", data: [1])
        }
        #expect(try await step(given).transfer.state == .verifying)
        #expect(world.log == ["reconcile image:a"])
    }

    @Test func `A record that is still busy is looked at again later`() async throws {
        var given = transfer([1])
        given.placement.imageID = "image:a/0"
        given.move(to: .registered)
        world.state.withLock { $0.records["image:a/0"] = .init(marker: "m", status: "saving") }
        guard case .snooze(_, let seconds, let reason) = try await step(given) else {
            Issue.record("it did not wait")
            return
        }
        #expect(seconds == 0.01 && reason == .brokenBody(status: .saving))
        #expect(states.isEmpty)
    }

    @Test func `A broken body is sent again into the same record`() async throws {
        var given = transfer([1, 2])
        given.placement.imageID = "image:a/0"
        given.move(to: .registered)
        given.move(to: .sending)
        world.state.withLock { $0.records["image:a/0"] = .init(marker: "m") }
        let outcome = try await step(given)
        #expect(outcome.transfer.imageID == "image:a/0")
        #expect(outcome.transfer.placement.generation == 0)
        #expect(body == .init(bytes: [1, 2], isWhole: true))
    }

    // MARK: What the data is

    @Test func `Data that is not what the record says leaves no record`() async throws {
        let error = await failure { _ = try await step(transfer(DiskHeads.qcow2())) }
        #expect(error?.code == .formatRejected)
        #expect(error?.message == "image a is a qcow2 image, and its disk_format is raw")
        #expect(world.count("register image:a") == 0)
        #expect(body == nil && !states.contains(.registered))
    }

    /// The plan may not have seen the data, and the source may report no size.
    @Test(arguments: [Inspection.refuses, .remarks, .off])
    func `Data that turns out to be empty leaves no record, unless it is meant`(
        inspection: Inspection
    ) async throws {
        world.state.withLock { $0.inspection = inspection }
        var given = transfer([])
        given.intent.source.sizeBytes = nil
        let planned = given
        let error = await failure { _ = try await step(planned) }
        #expect(error?.code == (inspection == .refuses ? .formatRejected : nil))
        if inspection == .refuses {
            #expect(error?.message.hasSuffix(" is empty") == true, "\(error?.message ?? "")")
            #expect(world.count("register image:a") == 0)
        }
    }

    @Test func `What a source holds so is copied so, and the result says it`() async throws {
        world.state.withLock { $0.inspection = .remarks }
        let bytes = DiskHeads.qcow2(backing: "base.qcow2")
        var given = transfer(bytes)
        given.intent.source.imageID = "s1"
        for _ in 0..<2 {
            given = try await step(given).transfer
            #expect(
                given.remarks.map(\.words) == [
                    "copied as it is at the source: image s1 is a qcow2 image and needs its "
                        + "backing file \"base.qcow2\""
                ])
            given = Sample.transfer("a", source: given.source)
            given.remarks = [
                .copiedAsIs(
                    objection: "image s1 is a qcow2 image and needs its backing file "
                        + "\"base.qcow2\"")
            ]
        }
        #expect(body == .init(bytes: bytes, isWhole: true))
    }

    /// The target's own hint is to correct `disk_format`, which is right in this case.
    @Test func `A target that refuses such data gets the hint of our look`() async throws {
        world.state.withLock { $0.inspection = .remarks }
        world.fail(
            .send, "image:a",
            with: TranshipError(.formatRejected, "Glance answered 415", hint: "another format"))
        let error = await failure {
            _ = try await step(transfer(DiskHeads.qcow2(backing: "base.qcow2")))
        }
        #expect(error?.message == "Glance answered 415")
        #expect(error?.hint?.contains("qemu-img convert") == true)
    }

    @Test func `Data that is meant is not looked at`() async throws {
        world.state.withLock { $0.inspection = .off }
        let outcome = try await step(transfer(DiskHeads.html))
        #expect(outcome.transfer.remarks == [] && body?.isWhole == true)
    }

    @Test func `Cancelling ends all three tasks with an interruption`() async throws {
        let given = transfer(noise(8_000_000))
        world.hold(.send)
        let (world, step) = (world, { try await self.step(given) })
        let work = Task { await failure { _ = try await step() } }
        #expect(await eventually { world.isWaiting(.send) })
        work.cancel()
        #expect(await work.value?.code == .interrupted)
        #expect(body?.isWhole != true)
    }
}
