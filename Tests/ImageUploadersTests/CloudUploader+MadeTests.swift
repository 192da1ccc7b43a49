// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import ImageUploaders

/// Records that differ from the request that made them.
@Suite(.timeLimit(.minutes(5))) struct CloudUploaderMadeTests {
    private let target: Target

    init() throws { target = try Target() }

    private func refusal(_ transfer: Transfer = Sample.transfer("a")) async -> TranshipError? {
        await failure { _ = try await target.register(transfer) }
    }

    private var made: Int { target.glance.changes.count { $0 == "POST /v2/images" } }

    @Test func `An empty checksum and a size of 0 are none`() async throws {
        target.glance.making([
            "checksum": "", "os_hash_value": "", "os_hash_algo": "", "size": 0, "stores": "",
        ])
        let transfer = try await target.register(Sample.transfer("a"))
        #expect(transfer.state == .registered && transfer.imageID == target.id())
        #expect(target.glance.changes == ["POST /v2/images"])
    }

    @Test(arguments: ["stores", "checksum", "os_hash_value"])
    func `Where each new record has something in it, that is told, and no more are made`(
        key: String
    ) async throws {
        target.glance.making([key: "fast"])
        let error = await refusal()
        #expect(error?.code == .targetConflict)
        #expect(
            error?.message.hasPrefix("the target's new records have \(key) fast before any data")
                == true)
        #expect(made == CloudUploader.spoiledMax)
        for generation in 0..<CloudUploader.spoiledMax {
            #expect(target.glance.isBurned(target.id(generation)))
        }
        let other = target.uploader.objection(to: Sample.transfer("b"))
        #expect(other?.message.contains("before any data") == true)
    }

    @Test(arguments: ["public", "community", "shared"])
    func `A record that others can see becomes private before data goes in`(
        visibility: String
    ) async throws {
        target.glance.making(["visibility": .string(visibility)])
        let transfer = try await target.register(Sample.transfer("a"))
        #expect(transfer.state == .registered)
        #expect(target.glance.image(target.id())?["visibility"] == "private")
        #expect(
            target.glance.changes == ["POST /v2/images", "PATCH /v2/images/\(target.id())"])
    }

    @Test func `A record that stays in the sight of others gets no data, and goes`() async throws {
        target.glance.making(["visibility": "public"])
        target.glance.refuse(
            "PATCH", "/v2/images/\(target.id())", status: 403, text: "all images are public")
        let error = await refusal()
        #expect(error?.code == .targetConflict)
        #expect(error?.message.contains("is public") == true)
        #expect(error?.message.contains("all images are public") == true)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `The answer to the change is not believed`() async throws {
        target.glance.making(["visibility": "shared"])
        let lie: [String: JSONValue] = ["id": .string(target.id()), "visibility": "private"]
        target.glance.answer(
            "PATCH", "/v2/images/\(target.id())",
            with: .status(200, body: Array(try JSONEncoder().encode(JSONValue.object(lie)))))
        #expect(await refusal()?.code == .targetConflict)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `An empty record of an earlier try becomes private too`() async throws {
        let given = target.begun(.registered, ["visibility": "public"])
        guard case .send(let next) = try await target.uploader.reconcile(given) else {
            Issue.record("it is not sent into")
            return
        }
        #expect(next.imageID == given.imageID)
        #expect(target.glance.image(target.id())?["visibility"] == "private")
    }

    @Test(arguments: [JSONValue.null, "another/version"])
    func `Without our marker nothing is sent, and the record goes`(marker: JSONValue) async throws {
        target.glance.making([Origin.propertyName: marker])
        let error = await refusal()
        #expect(error?.code == .forbidden)
        #expect(error?.hint?.contains("nothing is copied without our marker") == true)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `A record in another project than planned gets no data, and goes`() async throws {
        var given = Sample.transfer("a")
        given.intent.record.ownerID = "project-9"
        target.glance.making(["owner": "someone", "visibility": "public"])
        let error = await refusal(given)
        #expect(error?.code == .targetConflict)
        #expect(error?.message.contains("in project someone, not in project-9") == true)
        let id = try #require(target.committed.last?.imageID)
        #expect(target.glance.isBurned(id) || error?.message.contains("is still there") == true)
    }

    @Test func `One project counts as one with hyphens and without`() async throws {
        let id = "6F1CDF4C-6A3C-4D3E-9B0A-0A5B1E9F3C11"
        var given = Sample.transfer("a")
        given.intent.record.ownerID = id.lowercased().replacing("-", with: "")
        target.glance.making(["owner": .string(id)])
        #expect(try await target.register(given).state == .registered)
    }

    @Test func `A record that cannot be removed is named`() async throws {
        target.glance.making([Origin.propertyName: nil])
        target.glance.refuse("DELETE", "/v2/images/\(target.id())", status: 403)
        let error = await refusal()
        #expect(error?.message.contains("empty record \(target.id()) is still there") == true)
    }

    @Test func `An answer that says less than the record has is looked up`() async throws {
        target.putOurs(["visibility": "private"])
        target.glance.answer(
            "POST", "/v2/images",
            with: .status(201, text: #"{"id": "\#(target.id())", "status": "queued"}"#))
        // An existing record is not made again, so only the answer shows that it was made.
        let transfer = try await target.register(
            Sample.transfer("a", state: .reading))
        #expect(transfer.imageID == target.id())
        #expect(target.glance.changes == ["POST /v2/images"])
    }
}
