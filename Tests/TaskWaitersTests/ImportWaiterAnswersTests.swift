// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import MigrationPipeline
import OpenStackImage
import TestSupport
import Testing

@testable import TaskWaiters

@Suite(.timeLimit(.minutes(5))) struct ImportWaiterAnswersTests {
    private let glance: GlanceServer
    private let clock = Clock()
    private let waiter: ImportFollower

    private final class Clock: Sendable {
        let milliseconds = Guarded<Int64>(1_000_000)
    }

    init() throws {
        glance = try GlanceServer()
        let clock = clock
        waiter = ImportFollower(glance, url: "http://mirror.example/image:a") {
            clock.milliseconds.withLock { $0 }
        }
    }

    private func pass(seconds: Int64) {
        clock.milliseconds.withLock { $0 += seconds * 1000 }
    }

    private func importing(
        _ status: String, method: UploadMethod = .glanceDirect, asked: Bool = false
    ) -> Transfer {
        glance.put("i", ["status": .string(status)])
        var transfer = Sample.transfer("a", method: method, state: .importing, imageID: "i")
        if asked { transfer.wait.importRequestedAt = 1_000_000 }
        return transfer
    }

    private func snoozed(_ outcome: Outcome) throws -> (Transfer, Double, String) {
        guard case .snooze(let transfer, let seconds, let reason) = outcome else {
            throw TranshipError(.unclassified, "it did not wait but \(outcome)")
        }
        return (transfer, seconds, reason.words)
    }

    private var imports: [ReceivedRequest] {
        glance.server.requests.filter { $0.method == "POST" && $0.path.hasSuffix("/import") }
    }

    private func task(_ status: String, _ message: String = "") -> [String: JSONValue] {
        [
            "id": "t1", "status": .string(status), "message": .string(message),
            "created_at": "2026-11-21T00:00:05Z",
        ]
    }

    // MARK: Asking

    @Test func `Staged data is imported, and that is asked for once`() async throws {
        var (transfer, seconds, _) = try snoozed(try await waiter.look(importing("uploading")))
        #expect(imports.map(\.text) == [#"{"method":{"name":"glance-direct"}}"#])
        #expect(seconds == 0.5)
        #expect(transfer.wait.importRequestedAt != nil && transfer.wait.importSince != nil)
        for _ in 0..<3 { (transfer, _, _) = try snoozed(try await waiter.look(transfer)) }
        #expect(imports.count == 1)
        // The image is active, and its task may still write the record once more.
        glance.put("i", ["status": "active"])
        (transfer, _, _) = try snoozed(try await waiter.look(transfer))
        glance.setTasks([task("success")], of: "i")
        guard case .advance(let arrived) = try await waiter.look(transfer) else {
            Issue.record("it did not go on")
            return
        }
        #expect(arrived.state == .verifying)
        #expect(arrived.wait.importRequestedAt == nil && arrived.wait.importSince == nil)
    }

    @Test func `The service is told where to fetch, and into which stores`() async throws {
        var given = importing("queued", method: .webDownload)
        given.intent.record.stores = .named(["fast", "far"])
        glance.answer("POST", "/v2/images/i/import", with: .status(202))
        _ = try snoozed(try await waiter.look(given))
        let text = try #require(imports.first?.text)
        #expect(text.contains(#""uri":"http://mirror.example/image:a""#))
        #expect(text.contains(#""stores":["fast","far"]"#))
        #expect(text.contains(#""all_stores_must_succeed":true"#))
    }

    /// The answer was lost, or the process died: the import runs.
    @Test func `A refusal because an import runs already is not a failure`() async throws {
        let given = importing("uploading")
        glance.refuse("POST", "/v2/images/i/import", status: 409, text: "Image has active task")
        glance.setTasks([task("processing", "Copied 5 MiB")], of: "i")
        let (transfer, _, _) = try snoozed(try await waiter.look(given))
        let next = try snoozed(try await waiter.look(transfer))
        #expect(next.2.contains("Copied 5 MiB"))
    }

    @Test(arguments: [
        "Image has active task", "an operation is in progress", "locked by a prior operation",
    ])
    func `The lock of an import that has just ended is waited for`(words: String) async throws {
        let given = importing("uploading")
        glance.refuse("POST", "/v2/images/i/import", status: 409, text: words, times: 1)
        let (transfer, _, reason) = try snoozed(try await waiter.look(given))
        #expect(reason.contains("lock"))
        #expect(transfer.wait.importRequestedAt == nil)
        _ = try snoozed(try await waiter.look(transfer))
        #expect(glance.image("i")?["status"] == "importing")
    }

    @Test(arguments: [400, 403, 404, 409])
    func `An import that is refused for good is told`(status: Int) async throws {
        var given = importing("uploading")
        given.tries.importFailures = 1
        let last = given
        glance.refuse("POST", "/v2/images/i/import", status: status, text: "no store far")
        let error = await failure { _ = try await waiter.look(last) }
        #expect(error?.code == .importFailed)
        #expect(error?.message.contains("no store far") == true)
        #expect(error?.hint != nil)
    }

    @Test(arguments: [PlannedRecord.KeptID.preferred, .required])
    func `A kept id whose record is staged and cannot be imported is given up, or blocked`(
        kept: PlannedRecord.KeptID
    ) async throws {
        var given = importing("uploading")
        given.intent.record.keptID = kept
        given.intent.source.imageID = "i"
        let last = given
        glance.refuse("POST", "/v2/images/i/import", status: 409, text: "it is uploading")
        guard kept == .preferred else {
            let error = await failure { _ = try await waiter.look(last) }
            #expect(error?.code == .idBlocked)
            #expect(error?.message.contains("it is uploading") == true)
            return
        }
        guard case .restart(let next, _) = try await waiter.look(last) else {
            Issue.record("it did not start over")
            return
        }
        #expect(next.imageID == nil && next.placement.generation == given.placement.generation + 1)
        #expect(next.remarks.last?.words.contains("id i could not be kept") == true)
        #expect(glance.image("i") != nil)
    }

    @Test(arguments: [500, 503, 413])
    func `What may pass, and a full quota, are the pipeline's to judge`(status: Int) async throws {
        let given = importing("uploading")
        glance.refuse("POST", "/v2/images/i/import", status: status, text: "over quota")
        let error = await failure { _ = try await waiter.look(given) }
        #expect(error?.answer?.status == status)
    }

    @Test func `An image that was deleted meanwhile starts over`() async throws {
        let given = importing("importing", asked: true)
        glance.burn("i")
        guard case .restart(_, let error) = try await waiter.look(given) else {
            Issue.record("it did not start over")
            return
        }
        #expect(error.code == .gone)
    }

    @Test(arguments: ["deleted", "pending_delete"])
    func `An image that is just being deleted starts over`(status: String) async throws {
        let given = importing(status, asked: true)
        guard case .restart(_, let error) = try await waiter.look(given) else {
            Issue.record("it did not start over")
            return
        }
        #expect(error.code == .gone)
    }

    @Test func `A service without a list of tasks is judged by the image alone`() async throws {
        let given = importing("importing", asked: true)
        glance.refuse("GET", "/v2/images/i/tasks", status: 404)
        let (_, _, reason) = try snoozed(try await waiter.look(given))
        #expect(reason.contains("importing"))
    }

    @Test func `The newest task is the one that counts`() async throws {
        let given = importing("importing", asked: true)
        var old = task("failure", "old trouble")
        old["created_at"] = "2026-11-20T00:00:00Z"
        glance.setTasks([task("processing", "Copied 7 MiB"), old], of: "i")
        #expect(try snoozed(try await waiter.look(given)).2.contains("Copied 7 MiB"))
    }

    // MARK: Copying into further stores

    private func copying(_ held: String, wanted: [String] = ["fast", "far"]) -> Transfer {
        var transfer = importing("active")
        glance.put("i", ["stores": .string(held)])
        transfer.intent.record.stores = .named(wanted)
        transfer.placement.isCopying = true
        return transfer
    }

    @Test func `A proved copy is copied into the stores that are missing`() async throws {
        glance.answer("POST", "/v2/images/i/import", with: .status(202))
        let (transfer, _, reason) = try snoozed(try await waiter.look(copying("fast")))
        #expect(imports.first?.text.contains(#""name":"copy-image""#) == true)
        #expect(imports.first?.text.contains(#""stores":["far"]"#) == true)
        #expect(reason.contains("far"))
        glance.put("i", ["stores": "fast,far"])
        guard case .advance(let done) = try await waiter.look(transfer) else {
            Issue.record("it did not go on")
            return
        }
        #expect(done.state == .publishing && !done.placement.isCopying)
        #expect(done.placement.heldStores == ["fast", "far"])
    }

    @Test(arguments: [true, false])
    func `A refused copy leaves the image proved where it is`(mustSucceed: Bool) async throws {
        var given = copying("fast")
        given.intent.record.allStoresMustSucceed = mustSucceed
        glance.refuse("POST", "/v2/images/i/import", status: 403, text: "admins only")
        guard case .advance(let ended) = try await waiter.look(given) else {
            Issue.record("it did not end")
            return
        }
        #expect(ended.state == (mustSucceed ? .unpublished : .publishing))
        #expect(ended.remarks.first?.words.contains("it lies in fast, not in far") == true)
        if mustSucceed {
            #expect(ended.failure?.message.contains("admins only") == true)
        }
        #expect(glance.image("i") != nil)
    }
}
