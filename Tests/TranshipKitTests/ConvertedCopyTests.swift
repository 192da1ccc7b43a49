// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Complete runs to a target that converts the images that it imports.
@Suite(.timeLimit(.minutes(5))) struct ConvertedCopyTests {
    private let scene: CloudScene
    private let publisher: RawHTTPServer
    private let bytes = noise(3000, seed: 3)

    init() throws {
        scene = try CloudScene()
        let bytes = bytes
        publisher = try RawHTTPServer { _ in .status(200, body: bytes) }
        scene.beta.endImports(fetching: bytes)
        scene.beta.configure {
            $0.conversion = GlanceModel.Conversion(to: "qcow2") { $0.reversed() + $0 }
        }
    }

    private static let accepts = "accept_transformed: true"

    private func start(
        _ checksum: String?, _ keys: String = Self.accepts, method: String = "web-download"
    ) async throws -> PipelineRun {
        let promise = checksum.map { "checksum: '\($0)', " } ?? ""
        return try await scene.start(
            to: "{ cloud: beta, method: \(method), \(keys) }",
            from:
                "{ url: '\(publisher.url)/a.img', \(promise)image: { name: a, disk_format: raw } }"
        )
    }

    private func run(_ checksum: String?) async throws -> RunSummary {
        let run = try await start(checksum)
        return try await run.carryOut(try await run.plan())
    }

    /// Returns the results of `check`, without and with the data read.
    private func checked(_ checksum: String?) async throws -> [CheckedImage] {
        var all: [CheckedImage] = []
        for downloads in [false, true] {
            let found = Guarded<[CheckedImage]>([])
            _ = try await start(checksum).check(downloads: downloads) { image in
                found.withLock { $0.append(image) }
            }
            all += found.withLock { $0 }
        }
        return all
    }

    private func entry() async throws -> RunAudit.Entry {
        let found = Guarded<[RunAudit.Entry]>([])
        let audit = try await RunAudit.read(journalPath: scene.folder.file("journal.sqlite"))
        try await audit.eachEntry { entry in found.withLock { $0.append(entry) } }
        return try #require(found.withLock { $0 }.first)
    }

    @Test func `Data that the target fetches and converts is compared with the promise`()
        async throws
    {
        let wrong = try await run("\(sha256(noise(3000, seed: 4)))")
        #expect(wrong.exitStatus == .verificationMismatch)
        let failed = try await wrong.status.transfers(in: [.failed], limit: 2)
        #expect(failed.map { $0.failure?.code } == [.checksumMismatch])
        #expect(scene.beta.ids.isEmpty)
    }

    @Test func `A converted copy is proved as it was sent, and no more`() async throws {
        let promise = sha256(bytes)
        #expect(try await run("\(promise)").exitStatus == .done)
        let entry = try await entry()
        #expect(
            entry.proofWords
                == "what the source has is proved; the target converted it (disk format raw -> qcow2)"
        )
        let image = try #require(scene.beta.active.first)
        #expect(entry.digest?.value == image.fields["os_hash_value"]?.string)
        #expect(entry.transfer.proof.computed.contains(promise))
        for checked in try await checked("\(promise)") {
            #expect(checked.verdict == .unproved && checked.proofs.isEmpty, "\(checked)")
            #expect(checked.note?.contains("disk format raw -> qcow2") == true)
        }
        let again = try await start("\(promise)").plan()
        #expect(again.tallies.map(\.kind) == [.skip])
        // The image has other data than it had when it was published.
        scene.beta.put(image.id, data: noise(10), ["disk_format": "qcow2"])
        for checked in try await checked("\(promise)") {
            #expect(checked.verdict == .differs, "\(checked)")
        }
    }

    @Test func `Without a promise, nothing proves a converted copy`() async throws {
        #expect(try await run(nil).exitStatus == .done)
        let entry = try await entry()
        #expect(entry.proofWords.hasPrefix("nothing proves it"))
        #expect(entry.transfer.remarks.map(\.code).contains("unverifiable"))
        #expect(try await checked(nil).map(\.verdict) == [.unproved, .unproved])
    }

    // MARK: What a later plan knows

    private func notes(_ keys: String, method: String) async throws -> [Note] {
        var notes: [Note] = []
        try await start("\(sha256(bytes))", keys, method: method).plan().items {
            notes += $0.flatMap(\.notes)
        }
        return notes.filter { ["imports-convert", "above-property-limit"].contains($0.code) }
    }

    /// Carries out a run, which then releases its journal.
    private func ended(
        _ keys: String, method: String
    ) async throws -> (failed: [Transfer], runID: Int64, exitStatus: MigrationModel.ExitStatus) {
        let run = try await start("\(sha256(bytes))", keys, method: method)
        let summary = try await run.carryOut(try await run.plan())
        return (
            try await summary.status.transfers(in: [.failed], limit: 2), summary.status.run.id,
            summary.exitStatus
        )
    }

    @Test func `A plan says what imports converted in the last run`() async throws {
        let method = "glance-direct"
        scene.beta.endImports()
        #expect(try await notes("accept_transformed: false", method: method).isEmpty)
        let ended = try await ended("accept_transformed: false", method: method)
        #expect(ended.failed.map { $0.failure?.code } == [.transformed])
        let id = ended.runID
        func note(_ isAccepted: Bool) -> Note {
            .importsConvert(images: 1, diskFormat: "raw", isAccepted: isAccepted, runID: id)
        }
        #expect(
            try await notes("accept_transformed: false", method: method) == [note(false)])
        #expect(try await notes(Self.accepts, method: "web-download") == [note(true)])
        #expect(try await notes(Self.accepts, method: "upload").isEmpty)
    }

    @Test func `A plan warns of a limit that the last run met, and the run tries again`()
        async throws
    {
        let keys = "image: { properties: { set: { p1: x, p2: x, p3: x } } }"
        scene.beta.configure { $0.propertiesMax = 3 }
        #expect(try await notes(keys, method: "upload").isEmpty)
        let first = try await ended(keys, method: "upload")
        #expect(first.failed.map { $0.failure?.code } == [.quotaExceeded])
        let count = try #require(first.failed.first).record.propertyCount
        #expect(
            try await notes(keys, method: "upload") == [
                .tooManyProperties(count: count, max: 3, runID: first.runID)
            ])
        scene.beta.configure { $0.propertiesMax = 128 }
        #expect(try await ended(keys, method: "upload").exitStatus == .done)
        #expect(try await notes(keys, method: "upload").isEmpty)
    }
}
