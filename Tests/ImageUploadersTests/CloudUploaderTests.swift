// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import GlanceServer
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import ImageUploaders

@Suite(.timeLimit(.minutes(5))) struct CloudUploaderTests {
    private let target: Target

    init() throws { target = try Target() }

    /// Returns a ring that is filled with these bytes while it is read.
    private func ring(_ bytes: [UInt8]) -> ByteRing {
        let ring = ByteRing()
        Task {
            try await blocking {
                try bytes.withUnsafeBytes { try ring.write($0) }
                ring.finishWriting()
            }
        }
        return ring
    }

    // MARK: Sending

    @Test(arguments: [UploadMethod.upload, .glanceDirect])
    func `The body goes where its method says`(method: UploadMethod) async throws {
        let bytes = noise(500_000)
        var given = target.begun(.sending, [:])
        given.intent.method = method
        given.proof.sizeBytes = 500_000
        let sent = try await target.uploader.send(given, from: ring(bytes))
        let isUpload = method == .upload
        #expect(sent.state == (isUpload ? .verifying : .importing))
        let request = try #require(target.glance.server.requests.last)
        #expect(request.path.hasSuffix(isUpload ? "/file" : "/stage"))
        #expect(request[header: "content-length"] == "500000")
        #expect(request[header: "x-openstack-image-size"] == "500000")
        #expect(target.glance.data(target.id()) == bytes)
    }

    @Test func `A body of unknown size is sent in chunks`() async throws {
        var given = target.begun(.sending, [:])
        given.proof.sizeBytes = nil
        _ = try await target.uploader.send(given, from: ring([1, 2, 3]))
        let request = try #require(target.glance.server.requests.last)
        #expect(request[header: "transfer-encoding"] == "chunked")
        #expect(target.glance.data(target.id()) == [1, 2, 3])
    }

    @Test func `An upload names the store that is wanted`() async throws {
        var given = target.begun(.sending, [:])
        given.intent.record.stores = .named(["fast", "slow"])
        given.proof.sizeBytes = 1
        _ = try await target.uploader.send(given, from: ring([1]))
        #expect(target.glance.server.requests.last?[header: "x-image-meta-store"] == "fast")
    }

    @Test func `A refused body is told, and ends its source`() async throws {
        let given = target.begun(.sending, ["status": "active"])
        let ring = ring(noise(5_000_000))
        let error = await failure { _ = try await target.uploader.send(given, from: ring) }
        #expect(error?.code == .conflict)
        #expect(error?.hint?.hasPrefix("run again, which makes another record") == true)
        #expect(ring.failure != nil)
    }

    @Test func `The hint for a refused format is about the pipeline, not about the copy`()
        async throws
    {
        var given = target.begun(.sending, [:])
        given.proof.sizeBytes = 1
        target.glance.refuse("PUT", "/v2/images/\(target.id())/file", status: 415)
        let error = await failure { _ = try await target.uploader.send(given, from: ring([1])) }
        #expect(error?.code == .formatRejected)
        #expect(error?.hint?.hasPrefix("correct `disk_format` in the pipeline file") == true)
    }

    // MARK: Looking

    @Test func `A report is what the service says now`() async throws {
        let given = target.begun(.verifying, [:])
        target.glance.put(target.id(), data: [1, 2, 3], ["stores": "fast,slow"])
        let report = try await target.uploader.report(given)
        #expect(report.status == .active && report.sizeBytes == 3)
        #expect(
            report.checksums == [
                try digest(.sha512, of: [1, 2, 3]), try digest(.md5, of: [1, 2, 3]),
            ])
        #expect(report.stores == ["fast", "slow"] && report.missingStores.isEmpty)
    }

    @Test func `A report names the stores that are still missing`() async throws {
        var given = target.begun(.verifying, [:])
        given.intent.record.stores = .named(["fast", "far"])
        target.glance.put(target.id(), data: [1], ["stores": "fast"])
        #expect(try await target.uploader.report(given).missingStores == ["far"])
    }

    /// A copy that is not listed would be made again.
    @Test(arguments: [nil, "project"])
    func `Copies of all owners are listed, hidden and community ones too`(
        ownerID: String?
    ) async throws {
        for (id, owner, visibility, isHidden) in [
            ("own", "project", "private", false), ("hidden", "project", "community", true),
            ("theirs", "other", "community", false), ("theirs-hidden", "other", "community", true),
        ] {
            target.glance.put(
                id,
                [
                    "owner": .string(owner), "visibility": .string(visibility),
                    "os_hidden": .bool(isHidden), "status": "active",
                ])
        }
        var listed: Set<String> = []
        try await target.uploader.list(ownerID: ownerID) { listed.formUnion($0.map(\.id)) }
        let own: Set = ["own", "hidden"]
        #expect(listed == (ownerID == nil ? own.union(["theirs", "theirs-hidden"]) : own))
    }

    @Test func `The data can be read back`() async throws {
        var given = target.begun(.verifying, [:])
        given.proof.sizeBytes = 100_000
        target.glance.put(target.id(), data: noise(100_000))
        let read = ByteRing(hasReader: false)
        try await target.uploader.readBack(given, into: read)
        #expect(read.writtenBytes == 100_000)
    }

    @Test func `What is read back is no longer than what was sent`() async throws {
        var given = target.begun(.verifying, [:])
        given.proof.sizeBytes = 50_000
        target.glance.put(target.id(), data: noise(100_000))
        let read = ByteRing(hasReader: false)
        let error = await failure { try await target.uploader.readBack(given, into: read) }
        #expect(error?.code == .sourceTruncated)
        #expect(read.writtenBytes == 50_000)
    }

    // MARK: Which digest the target will report

    @Test func `The newest image of the target shows its algorithm, once`() async throws {
        target.glance.put("other", data: [1])
        let given = target.begun(.reading)
        for _ in 0..<3 {
            #expect(try await target.uploader.reportedAlgorithm(for: given) == .sha512)
        }
        #expect(target.glance.asked == ["GET /v2/images"])
    }

    @Test func `An old target that knows only MD5 is asked for no more`() async throws {
        target.glance.put("other", data: [1], ["os_hash_algo": nil, "os_hash_value": nil])
        #expect(try await target.uploader.reportedAlgorithm(for: target.begun(.reading)) == .md5)
    }

    /// Otherwise every image of the run would be read back for proof.
    @Test func `An empty target is asked again once it has an image`() async throws {
        let given = target.begun(.reading)
        #expect(try await target.uploader.reportedAlgorithm(for: given) == .sha512)
        target.glance.put(
            "first", data: [1],
            [
                "os_hash_algo": "sha256",
                "os_hash_value": .string(try digest(.sha256, of: [1]).value),
            ])
        #expect(try await target.uploader.reportedAlgorithm(for: given) == .sha256)
    }

    // MARK: Discarding

    @Test(arguments: ["queued", "saving", "uploading", "importing", "active", "killed"])
    func `What is ours and was never published is removed, in every state`(
        status: String
    ) async throws {
        let wasThere = try await target.uploader.discard(
            target.begun(.sending, ["status": .string(status)]))
        #expect(wasThere)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `What is gone already is fine, and so is what was never made`() async throws {
        #expect(try await !target.uploader.discard(target.begun(.sending)))
        #expect(try await !target.uploader.discard(Sample.transfer("a", state: .failed)))
        #expect(target.glance.changes.isEmpty)
        target.putOurs([:])
        target.glance.refuse("DELETE", "/v2/images/\(target.id())", status: 404)
        try await target.uploader.discard(target.begun(.sending))
    }

    @Test(arguments: ["public", "shared", "community"])
    func `What others can see is left alone`(visibility: String) async throws {
        let given = target.begun(
            .verifying, ["status": "active", "visibility": .string(visibility)])
        let error = await failure { try await target.uploader.discard(given) }
        #expect(error?.code == .targetConflict)
        #expect(error?.message.contains("is \(visibility)") == true)
        #expect(target.glance.changes.isEmpty)
    }

    @Test func `What is protected, hidden, adopted or marked by someone else is left alone`()
        async throws
    {
        var adopted = target.begun(.verifying, ["status": "active"])
        adopted.placement.adoptContents()
        #expect(
            await failure { try await target.uploader.discard(adopted) }?.code == .targetConflict)
        for key in ["protected", "os_hidden"] {
            let published = target.begun(.verifying, [key: true])
            let error = await failure { try await target.uploader.discard(published) }
            #expect(error?.code == .targetConflict)
            target.glance.put(target.id(), [key: false])
        }
        for marker in ["l/v", nil, ""] as [JSONValue] {
            target.glance.put(target.id(), [Origin.propertyName: marker])
            let error = await failure {
                try await target.uploader.discard(target.begun(.verifying))
            }
            #expect(error?.code == .targetConflict)
        }
        #expect(target.glance.changes.isEmpty)
    }

    @Test func `A refused removal is told`() async throws {
        let given = target.begun(.sending, [:])
        target.glance.refuse("DELETE", "/v2/images/\(target.id())", status: 409, text: "in use")
        let error = await failure { try await target.uploader.discard(given) }
        #expect(error?.code == .conflict)
    }
}
