// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import MigrationPipeline
import OpenStackImage
import TaskWaiters
import TestSupport
import Testing

/// The requests to the service, and the consequences of its refusals.
@Suite(.timeLimit(.minutes(5))) struct ImportWaiterTests {
    private let glance: GlanceServer
    private static let id = "id-1"
    private static let importPath = "/v2/images/id-1/import"
    private static let start: Int64 = 1_000_000_000

    init() throws { glance = try GlanceServer() }

    private func waiter(seconds: Int64 = 0) -> ImportFollower {
        ImportFollower(glance, url: "http://source/image") { Self.start + seconds * 1000 }
    }

    private func transfer(isCopying: Bool = false) -> Transfer {
        var transfer = Sample.transfer(
            method: .webDownload, state: isCopying ? .verifying : .registered, imageID: Self.id)
        transfer.move(to: .importing)
        transfer.placement.claimContents()
        transfer.placement.isCopying = isCopying
        if isCopying { transfer.intent.record.stores = .named(["fast", "slow"]) }
        transfer.wait.importSince = Self.start
        return transfer
    }

    private var imports: Int { glance.asked.count { $0 == "POST \(Self.importPath)" } }

    private func isWaiting(_ outcome: Outcome) -> Bool {
        if case .snooze = outcome { true } else { false }
    }

    // MARK: Asking

    @Test func `The import is asked for once, whatever later looks find`() async throws {
        glance.put(Self.id, [:])
        glance.answer("POST", Self.importPath, with: .status(202))
        let first = try await waiter().look(transfer())
        #expect(first.transfer.wait.importRequestedAt == Self.start)
        let second = try await waiter(seconds: 5).look(first.transfer)
        #expect(isWaiting(second))
        #expect(imports == 1)
    }

    @Test func `A 5xx is thrown, and the next look asks only when nothing has begun`() async throws
    {
        glance.put(Self.id, [:])
        glance.refuse("POST", Self.importPath, status: 503)
        let error = await failure { _ = try await waiter().look(transfer()) }
        #expect(error?.isTransient == true)
        // The service had accepted the import nevertheless.
        glance.setTasks([["id": "t", "status": "processing", "message": ""]], of: Self.id)
        #expect(isWaiting(try await waiter().look(transfer())))
        #expect(imports == 1)
    }

    @Test func `The lock of another import is waited for, up to the deadline`() async throws {
        glance.put(Self.id, [:])
        glance.refuse(
            "POST", Self.importPath, status: 409, text: "Image id-1 has active task t")
        #expect(isWaiting(try await waiter().look(transfer())))
        let error = await failure { _ = try await waiter(seconds: 601).look(transfer()) }
        #expect(error?.code == .importFailed)
    }

    /// Between the look and the call, another host has begun its body. A restart would delete the
    /// record under that body.
    @Test func `A record that another host fills by now is left to it`() async throws {
        glance.put(Self.id, [:])
        glance.answer(
            "GET", "/v2/images/\(Self.id)", times: 1,
            with: .status(200, text: #"{"id":"id-1","status":"queued"}"#))
        glance.answer(
            "GET", "/v2/images/\(Self.id)",
            with: .status(200, text: #"{"id":"id-1","status":"saving"}"#))
        glance.refuse("POST", Self.importPath, status: 409, text: "Image status is saving")
        guard case .advance(let next) = try await waiter().look(transfer()) else {
            Issue.record("it is not left alone")
            return
        }
        #expect(imports == 1)
        #expect(next.state == .registered && next.imageID == Self.id)
        #expect(!next.placement.isFilledByUs && next.tries.importFailures == 0)
    }

    @Test func `A refusal moves down the ladder with the service's words`() async throws {
        glance.put(Self.id, [:])
        glance.refuse("POST", Self.importPath, status: 400, text: "URI does not pass filtering")
        var given = transfer()
        given.intent.fallbacks = [.upload]
        guard case .restart(let next, let error) = try await waiter().look(given) else {
            Issue.record("no restart")
            return
        }
        #expect(next.method == .upload)
        #expect(error.message.contains("URI does not pass filtering"))
    }

    @Test(
        arguments: [
            "Image needs to be in queued state to use web-download method",
            "Image needs to be staged before glance-direct method can be used",
        ])
    func `A state that the service refuses to import has a way around imports`(
        words: String
    ) async throws {
        glance.put(Self.id, [:])
        glance.refuse("POST", Self.importPath, status: 409, text: words)
        let error = await failure { _ = try await waiter().look(transfer()) }
        #expect(error?.code == .importFailed)
        #expect(error?.hint?.hasPrefix("write `method: upload` at this target") == true)
    }

    @Test func `A full quota is thrown as it is, so that the target pauses`() async throws {
        glance.put(Self.id, [:])
        glance.refuse("POST", Self.importPath, status: 413, text: "quota exceeded")
        let error = await failure { _ = try await waiter().look(transfer()) }
        #expect(error?.code == .quotaExceeded)
    }

    @Test func `An image that someone deletes is copied again, but not for ever`() async throws {
        var given = transfer()
        for _ in 0..<3 {
            guard case .restart(let next, let error) = try await waiter().look(given) else {
                Issue.record("no restart")
                return
            }
            #expect(error.code == .gone)
            given = next
        }
        let last = given
        let error = await failure { _ = try await waiter().look(last) }
        #expect(error?.code == .gone)
    }

    // MARK: Copying a proved image

    private func proved(_ tasks: [[String: JSONValue]] = []) throws {
        glance.put(Self.id, data: [1, 2, 3], ["stores": "fast"])
        glance.setTasks(tasks, of: Self.id)
    }

    private func task(_ status: String, _ method: String) -> [String: JSONValue] {
        [
            "id": .string("task of \(method)"), "status": .string(status), "message": "words",
            "created_at": "2026-11-21T00:00:01Z",
            "input": ["import_req": ["method": ["name": .string(method)]]],
        ]
    }

    @Test(arguments: [(403, "not for members"), (409, "Store slow is not enabled")])
    func `A copy that is refused keeps the image, unpublished, and names its stores`(
        status: Int, words: String
    ) async throws {
        try proved()
        glance.refuse("POST", Self.importPath, status: status, text: words)
        var given = transfer(isCopying: true)
        given.intent.fallbacks = [.upload]
        guard case .advance(let next) = try await waiter().look(given) else {
            Issue.record("it does not end")
            return
        }
        #expect(next.state == .unpublished)
        #expect(next.placement.heldStores == ["fast"])
        #expect(next.failure?.message.contains(words) == true)
        #expect(glance.data(Self.id) == [1, 2, 3])
    }

    @Test func `The lock of the import before it is waited for`() async throws {
        try proved([task("success", "glance-direct")])
        glance.refuse(
            "POST", Self.importPath, status: 409, text: "Image id-1 has active task t", times: 1)
        glance.answer("POST", Self.importPath, with: .status(202))
        let first = try await waiter().look(transfer(isCopying: true))
        #expect(isWaiting(first))
        #expect(first.transfer.wait.importRequestedAt == nil)
        let second = try await waiter().look(first.transfer)
        #expect(second.transfer.wait.importRequestedAt == Self.start)
        #expect(imports == 2)
    }

    @Test func `The task of the import says nothing about the copy`() async throws {
        try proved([task("failure", "glance-direct"), task("processing", "copy-image")])
        var given = transfer(isCopying: true)
        given.wait.importRequestedAt = Self.start
        #expect(isWaiting(try await waiter(seconds: 1).look(given)))
        #expect(imports == 0)
    }

    @Test func `An image that lies everywhere goes on to be published`() async throws {
        try proved([task("success", "copy-image")])
        glance.put(Self.id, ["stores": "fast,slow"])
        var given = transfer(isCopying: true)
        given.wait.importRequestedAt = Self.start
        let outcome = try await waiter(seconds: 1).look(given)
        #expect(outcome.transfer.state == .publishing)
        #expect(outcome.transfer.placement.heldStores == ["fast", "slow"])
    }
}
