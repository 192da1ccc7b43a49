// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

@Suite struct VerifyStepTests {
    private let world = FakeWorld()
    private let bytes = noise(1000)

    /// Returns a transfer whose data was sent and has to be compared; the target's record has
    /// `bytes`.
    private func sent(promise: Checksum?, computed: [Checksum]) -> Transfer {
        world.state.withLock {
            $0.records["image:a/0"] = .init(marker: "m", status: "active", data: bytes)
        }
        var transfer = Sample.transfer(
            "a", source: Sample.source("a", sizeBytes: 1000), state: .verifying,
            imageID: "image:a/0", promise: promise)
        transfer.proof.computed = computed
        return transfer
    }

    private func confirm(_ transfer: Transfer) async throws(TranshipError) -> Outcome {
        try await VerifyStep(
            ends: world.stages().ends(of: transfer), queues: StageQueues(),
            monitor: RunMonitor()
        ).run(transfer, .silent(transfer))
    }

    private func report(
        status: ImageStatus = .active, sizeBytes: Int64? = 1000, _ checksums: [Checksum],
        diskFormat: String? = nil
    ) {
        let report = TargetReport(
            status: status, sizeBytes: sizeBytes, checksums: checksums, diskFormat: diskFormat)
        world.state.withLock { $0.report = report }
    }

    @Test func `What was computed on the way proves the copy`() async throws {
        let given = sent(promise: nil, computed: [sha256(bytes)])
        let outcome = try await confirm(given)
        #expect(outcome.transfer.state == .publishing)
        #expect(outcome.transfer.proof.reported == [sha256(bytes)])
        #expect(world.count("readBack image:a") == 0)
    }

    /// The digests are lost with the process, but the source's promise is not.
    @Test func `What the source promised proves a copy whose digests are lost`() async throws {
        let given = sent(promise: sha256(bytes), computed: [])
        #expect(try await confirm(given).transfer.state == .publishing)
    }

    @Test func `Other bytes at the target are a mismatch`() async throws {
        let given = sent(promise: nil, computed: [sha256([1])])
        let error = await failure { _ = try await confirm(given) }
        #expect(error?.code == .verificationMismatch)
        #expect(error?.message.contains("\(sha256(bytes))") == true)
    }

    /// If the target fetches the data, Tranship sends nothing.
    @Test func `What does not fit is named by its cause, with what to do`() async throws {
        func error(
            _ method: UploadMethod, computed: [Checksum], _ verification: VerificationMode = .proof
        ) async -> TranshipError? {
            var given = sent(promise: sha256([1]), computed: computed)
            given.intent.method = method
            given.intent.record.verification = verification
            let transfer = given
            return await failure { _ = try await confirm(transfer) }
        }
        let fetched = await error(.webDownload, computed: [])
        #expect(
            fetched?.message.hasPrefix(
                "the target fetched other data than the source promises: promised \(sha256([1])), ")
                == true, "\(fetched?.message ?? "none")")
        #expect(fetched?.hint?.contains("are of the same version") == true)
        let unhashed = await error(.upload, computed: [])
        #expect(unhashed?.message.contains("than the source promises") == true)
        #expect(unhashed?.hint?.contains("`verify: proof`") == false)
        let trusting = await error(.upload, computed: [], .services)
        #expect(trusting?.hint?.contains("`verify: proof`") == true)
        let uploaded = await error(.upload, computed: [sha256([1])])
        #expect(uploaded?.message.contains("than were sent: sent \(sha256([1]))") == true)
        #expect(uploaded?.hint?.contains("store") == true)
        for error in [fetched, unhashed, uploaded] { #expect(error?.code == .verificationMismatch) }
    }

    @Test func `Another size at the target is a mismatch, whatever the checksums`() async throws {
        let given = sent(promise: nil, computed: [sha256(bytes)])
        report(sizeBytes: 999, [sha256(bytes)])
        #expect(await failure { _ = try await confirm(given) }?.code == .verificationMismatch)
    }

    @Test func `A converted copy is not taken for the original`() async throws {
        let given = sent(promise: nil, computed: [sha256(bytes)])
        report([], diskFormat: "qcow2")
        let error = await failure { _ = try await confirm(given) }
        #expect(error?.code == .transformed)
        #expect(error?.message.contains("converted") == true)
        #expect(error?.hint?.contains("accept_transformed") == true)
        #expect(error?.hint?.contains("administrator") == false)
    }

    /// An upload fills one store, and copying into others is an administrator's right.
    @Test func `If several stores are wanted, the hint says who can upload into them`() async {
        var given = sent(promise: nil, computed: [sha256(bytes)])
        given.intent.record.stores = .all
        report([], diskFormat: "qcow2")
        let error = await failure { _ = try await confirm(given) }
        #expect(error?.hint?.contains("with an administrator's entry: only administrators") == true)
    }

    @Test func `A conversion that auto ran into is followed by an upload`() async throws {
        var given = sent(promise: nil, computed: [sha256(bytes)])
        given.intent.method = .glanceDirect
        given.intent.methodReason = .fillsSeveralStores(.dataIsLocal)
        report([], diskFormat: "qcow2")
        guard case .restart(let next, let error) = try await confirm(given) else {
            Issue.record("it did not start over")
            return
        }
        #expect(error.code == .transformed)
        #expect(next.method == .upload && next.intent.fallbacks.isEmpty)
        #expect(next.remarks == [.converted(.glanceDirect)])
        // A method that the pipeline names stays, and so does a copy that may be converted.
        given.intent.methodReason = .namedByPipeline
        #expect(await failure { _ = try await confirm(given) }?.code == .transformed)
        given.intent.record.acceptsTransformed = true
        #expect(try await confirm(given).transfer.state == .publishing)
    }

    /// Cases without a digest of ours: the target fetched the data, or `services` left the hash to
    /// it, or the digests were lost with another process.
    private static let unhashed: [(UploadMethod, VerificationMode)] = [
        (.webDownload, .proof), (.glanceDownload, .proof), (.webDownload, .paranoid),
        (.glanceDirect, .services), (.glanceDirect, .proof),
    ]

    private func accepted(
        _ method: UploadMethod, _ mode: VerificationMode, promise: Checksum?
    ) -> Transfer {
        var given = sent(promise: promise, computed: [])
        given.intent.method = method
        given.intent.record.verification = mode
        given.intent.record.acceptsTransformed = true
        given.placement.claimContents()
        report(sizeBytes: 20, [sha256([9])], diskFormat: "qcow2")
        return given
    }

    @Test(arguments: unhashed)
    func `A conversion is accepted if the source has what it promises`(
        method: UploadMethod, mode: VerificationMode
    ) async throws {
        world.state.withLock { $0.sources["image:a"] = bytes }
        let given = accepted(method, mode, promise: sha256(bytes))
        let outcome = try await confirm(given)
        #expect(outcome.transfer.state == .publishing)
        #expect(outcome.transfer.proof.computed == [sha256(bytes)])
        #expect(outcome.transfer.proof.reported == [sha256([9])])
        #expect(outcome.transfer.isProvedBeforeConversion && outcome.transfer.proofs.isEmpty)
        #expect(world.count("read image:a") == 1)
    }

    @Test(arguments: unhashed)
    func `A conversion of other data than the source promises is wrong`(
        method: UploadMethod, mode: VerificationMode
    ) async throws {
        world.state.withLock { $0.sources["image:a"] = noise(1000, seed: 2) }
        let given = accepted(method, mode, promise: sha256(bytes))
        let error = await failure { _ = try await confirm(given) }
        #expect(error?.code == .checksumMismatch)
    }

    @Test func `A conversion without a promise is called unproved, or made again`()
        async throws
    {
        let fetched = try await confirm(accepted(.webDownload, .proof, promise: nil)).transfer
        #expect(fetched.state == .publishing && !fetched.isProvedBeforeConversion)
        #expect(fetched.remarks.map(\.code) == ["unverifiable", "transformed"])
        #expect(fetched.proofWords.hasPrefix("nothing proves it"))
        let sent = try await confirm(accepted(.glanceDirect, .proof, promise: nil)).transfer
        #expect(sent.state == .planned && sent.placement.generation == 1)
        var adopted = accepted(.glanceDirect, .proof, promise: nil)
        adopted.placement.adoptContents()
        let other = adopted
        #expect(await failure { _ = try await confirm(other) }?.code == .unverifiable)
    }

    @Test func `A copy that is as it was sent is not called converted any more`() async throws {
        var given = sent(promise: sha256(bytes), computed: [sha256(bytes)])
        given.remark(.transformed(.diskFormat(sent: "raw", found: "qcow2")))
        let transfer = try await confirm(given).transfer
        #expect(transfer.conversion == nil && transfer.proofs == [sha256(bytes)])
    }

    @Test func `Another size alone is not called a conversion`() async throws {
        var given = sent(promise: nil, computed: [sha256(bytes)])
        given.intent.method = .webDownload
        given.intent.fallbacks = [.upload]
        world.state.withLock { $0.report = nil }
        report(sizeBytes: 10, [sha256([1])])
        #expect(await failure { _ = try await confirm(given) }?.code == .verificationMismatch)
    }

    @Test func `Reports that prove nothing are replaced by reading it back`() async throws {
        let given = sent(promise: nil, computed: [sha256(bytes)])
        report([try Sample.checksum(.md5, "a")])
        let outcome = try await confirm(given)
        #expect(outcome.transfer.state == .publishing)
        #expect(outcome.transfer.proof.reported == [sha256(bytes)])
        #expect(world.count("readBack image:a") == 1)
    }

    @Test(arguments: [Array(noise(999)), noise(1000, seed: 2), []])
    func `Other bytes that are read back are a mismatch`(other: [UInt8]) async throws {
        let given = sent(promise: nil, computed: [sha256(bytes)])
        report([])
        world.state.withLock { $0.readBackBytes = other }
        let error = await failure { _ = try await confirm(given) }
        #expect(error?.code == .verificationMismatch)
        #expect(error?.message.hasPrefix("read back from the target: ") == true)
        // An error about a source that is too short would blame the wrong side.
        if other.count < 1000 {
            #expect(
                error?.message == "read back from the target: of 1000 bytes came \(other.count)")
        }
    }

    @Test(arguments: [true, false])
    func `Only a read-back whose connection broke is tried again`(isCut: Bool) async throws {
        let given = sent(promise: nil, computed: [sha256(bytes)])
        report([])
        world.state.withLock {
            $0.outages[.readBack] = [
                TranshipError(.sourceTruncated, "the body ended early", isTransient: isCut)
            ]
        }
        let error = await failure { _ = try await confirm(given) }
        #expect(error?.code == .verificationMismatch && error?.isTransient == isCut)
    }

    @Test func `A copy that nothing can prove is sent again under a new id`() async throws {
        let given = sent(promise: nil, computed: [])
        report([])
        let outcome = try await confirm(given)
        #expect(outcome.transfer.state == .planned)
        #expect(outcome.transfer.placement.generation == 1)
        #expect(world.record("image:a/0") == nil)
    }

    @Test func `An adopted copy that nothing can prove is left alone`() async throws {
        var given = sent(promise: nil, computed: [])
        given.placement.adoptContents()
        report([])
        let error = await failure { _ = try await confirm(given) }
        #expect(error?.code == .unverifiable)
        #expect(world.record("image:a/0") != nil)
    }

    @Test func `The source proves an adopted copy without a checksum`() async throws {
        var given = sent(promise: nil, computed: [])
        given.placement.adoptContents()
        world.state.withLock { $0.sources["image:a"] = bytes }
        let outcome = try await confirm(given)
        #expect(outcome.transfer.state == .publishing)
        #expect(outcome.transfer.proof.reported == [sha256(bytes)])
        #expect(world.count("send image:a") == 0)
    }

    /// The record stays, so a second copy would be beside it.
    @Test(arguments: [true, false])
    func `The source proves a copy under a kept id, or it is made again`(
        hasSameData: Bool
    ) async throws {
        var given = sent(promise: nil, computed: [])
        given.intent.record.keptID = .preferred
        given.intent.source.imageID = given.imageID
        world.state.withLock {
            $0.sources["image:a"] = hasSameData ? bytes : noise(1000, seed: 2)
        }
        let outcome = try await confirm(given)
        #expect(outcome.transfer.state == (hasSameData ? .publishing : .planned))
        #expect(world.count("read image:a") == 1)
    }

    @Test func `An adopted copy stays where the source has other data, or none`() async throws {
        var given = sent(promise: nil, computed: [])
        given.placement.adoptContents()
        world.state.withLock { $0.sources["image:a"] = noise(1000, seed: 2) }
        let other = await failure { _ = try await confirm(given) }
        #expect(other?.code == .unverifiable)
        #expect(other?.message.contains("the source has other data") == true)
        world.fail(.read, "image:a", with: TranshipError(.sourceUnavailable, "gone"))
        let gone = await failure { _ = try await confirm(given) }
        #expect(gone?.code == .sourceUnavailable)
        #expect(world.record("image:a/0") != nil)
    }

    /// Once without a failed try, since an earlier run may have left the copy to a person who
    /// deleted it.
    @Test(arguments: [0, 1])
    func `A copy that someone removed is made again`(surprises: Int) async throws {
        var given = sent(promise: nil, computed: [sha256(bytes)])
        given.tries.surprises = surprises
        given.placement.imageID = "image:a/gone"
        given.wait.lostLooks = Trip.lostLooksMax
        let trip = Trip.silent(given)
        let step = VerifyStep(
            ends: try world.stages().ends(of: given), queues: StageQueues(),
            monitor: RunMonitor())
        let next: Transfer
        do throws(TranshipError) {
            next = try await step.run(given, trip).transfer
            #expect(surprises == 0)
        } catch {
            #expect(error.code == .gone && surprises == 1)
            next = trip.committed
        }
        #expect(next.state == .planned && next.placement.generation == 1)
        #expect(next.tries.surprises == 1 && next.tries.attempts == 0)
    }

    @Test(arguments: [ImageStatus.queued, .killed])
    func `Only an active copy can be compared`(status: ImageStatus) async throws {
        let given = sent(promise: nil, computed: [sha256(bytes)])
        report(status: status, [sha256(bytes)])
        #expect(await failure { _ = try await confirm(given) }?.code == .unexpectedState)
    }
}
