// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import FakeGlance
import MigrationModel
import MigrationPipeline
import OpenStackImage
import TestSupport
import Testing

@testable import TaskWaiters

/// Every state that an import can be seen in, without a service.
@Suite struct ImportLookTests {
    private static func image(
        _ status: String, _ properties: [String: JSONValue] = [:]
    ) throws -> Image {
        var record = properties
        record["id"] = "i"
        record["status"] = .string(status)
        return try Image(json: .object(record))
    }

    private static func transfer(
        askedSecondsAgo: Int64? = nil, waitedSeconds: Int64 = 0, sizeBytes: Int64 = 10
    ) -> Transfer {
        var transfer = Sample.transfer(
            "a", method: .glanceDirect, state: .importing, imageID: "i")
        transfer.sizeBytes = sizeBytes
        transfer.importAskedAt = askedSecondsAgo.map { now - $0 * 1000 }
        transfer.waitStartedAt = now - waitedSeconds * 1000
        return transfer
    }

    private static let now: Int64 = 10_000_000_000

    private static func task(_ status: String, _ message: String = "boom") -> FakeTask {
        FakeTask(status: status, message: message)
    }

    /// Tasks have no public initializer: they come out of a service's list.
    private struct FakeTask {
        var status: String
        var message: String
    }

    private static func task(_ fake: FakeTask?) async throws -> ImageTask? {
        guard let fake else { return nil }
        let glance = try FakeGlance()
        glance.put("i", [:])
        glance.setTasks(
            [["id": "t1", "status": .string(fake.status), "message": .string(fake.message)]],
            of: "i")
        return try await glance.service.tasks(ofImage: "i").first
    }

    private func look(
        _ transfer: Transfer, _ image: Image, _ task: FakeTask? = nil, jitter: Double = 0.5
    ) async throws -> ImportLook {
        ImportLook(
            transfer: transfer, image: image, task: try await Self.task(task), now: Self.now,
            jitter: jitter)
    }

    @Test(arguments: ["queued", "uploading"])
    func `An import that nobody asked for is asked for`(status: String) async throws {
        let look = try await look(Self.transfer(), Self.image(status))
        guard case .ask = look.judge() else {
            Issue.record("\(look.judge())")
            return
        }
    }

    @Test func `One that runs is not asked for again, whoever asked`() async throws {
        let look = try await look(
            Self.transfer(), Self.image("uploading"), Self.task("processing"))
        guard case .outcome(.snooze) = look.judge() else {
            Issue.record("\(look.judge())")
            return
        }
    }

    @Test func `A failed task's words are told, after the data was staged once more`()
        async throws
    {
        var given = Self.transfer(askedSecondsAgo: 1)
        let first = try await look(given, Self.image("queued"), Self.task("failure", "disk full"))
        guard case .outcome(.restart(let again, let error)) = first.judge() else {
            Issue.record("\(first.judge())")
            return
        }
        #expect(error.code == .importFailed)
        #expect(again.importFailures == 1)
        given.importFailures = 1
        let second = try await look(given, Self.image("queued"), Self.task("failure", "disk full"))
        guard case .failure(let last) = second.judge() else {
            Issue.record("\(second.judge())")
            return
        }
        #expect(last.message.contains("its task says: disk full"))
        #expect(last.hint?.contains("t1") == true)
    }

    @Test func `A method that failed gives way to the next one`() async throws {
        var given = Self.transfer(askedSecondsAgo: 1)
        given.method = .webDownload
        given.fallbacks = [.upload]
        let look = try await look(given, Self.image("queued"), Self.task("failure", "404"))
        guard case .outcome(.restart(let next, _)) = look.judge() else {
            Issue.record("\(look.judge())")
            return
        }
        #expect(next.method == .upload && next.fallbacks.isEmpty)
        #expect(next.remarks == ["web-download failed, so upload was used"])
        #expect(next.methodReason.contains("404"))
    }

    @Test(arguments: [(10, true), (61, false)] as [(Int64, Bool)])
    func `An import without any trace is given a minute`(
        seconds: Int64, waits: Bool
    ) async throws {
        var given = Self.transfer(askedSecondsAgo: seconds, waitedSeconds: seconds)
        given.importFailures = 1
        let judgement = try await look(given, Self.image("queued")).judge()
        switch judgement {
        case .outcome(.snooze): #expect(waits)
        case .failure(let error):
            #expect(!waits)
            #expect(error.message.contains("never started"))
        default: Issue.record("\(judgement)")
        }
    }

    @Test func `The deadline grows with the size`() async throws {
        let small = try await look(Self.transfer(), Self.image("importing"))
        #expect(small.deadlineSeconds == 600)
        let large = try await look(
            Self.transfer(sizeBytes: 5 << 30), Self.image("importing"))
        #expect(large.deadlineSeconds == 600 + 1024)
    }

    @Test func `After its deadline an import has failed, with what was seen`() async throws {
        var given = Self.transfer(askedSecondsAgo: 601, waitedSeconds: 601)
        given.importFailures = 1
        let look = try await look(given, Self.image("importing"), Self.task("processing", "Copied"))
        guard case .failure(let error) = look.judge() else {
            Issue.record("\(look.judge())")
            return
        }
        #expect(error.code == .importTimedOut)
        #expect(error.message.contains("importing after 10m 01s"))
        #expect(error.message.contains("t1"))
    }

    @Test(arguments: ["killed", "deleted", "pending_delete", "deactivated"])
    func `A state that no import leads to is told`(status: String) async throws {
        let look = try await look(Self.transfer(askedSecondsAgo: 1), Self.image(status))
        guard case .failure(let error) = look.judge() else {
            Issue.record("\(look.judge())")
            return
        }
        #expect(error.code == .unexpectedState)
    }

    @Test(
        arguments: [
            (0, 0.5, 0.5), (60, 0.5, 6), (60, 0, 5.25), (60, 1, 6.75), (500, 0.5, 15),
        ] as [(Int64, Double, Double)])
    func `Looks grow rarer with the time, between two limits, spread by a quarter`(
        waited: Int64, jitter: Double, seconds: Double
    ) async throws {
        let look = try await look(
            Self.transfer(askedSecondsAgo: 1, waitedSeconds: waited), Self.image("importing"),
            jitter: jitter)
        guard case .outcome(.snooze(_, let found, let reason)) = look.judge() else {
            Issue.record("\(look.judge())")
            return
        }
        #expect(abs(found - seconds) < 0.001)
        #expect(reason.contains("of at most 10m 00s"))
    }

    // MARK: Copying into further stores

    @Test func `A copy that failed in some stores names them`() async throws {
        var given = Self.transfer(askedSecondsAgo: 5)
        given.isCopying = true
        let image = try Self.image(
            "active", ["os_glance_failed_import": "far", "stores": "fast"])
        let look = try await look(given, image, Self.task("failure", "no space"))
        guard case .outcome(.advance(let ended)) = look.judgeCopy() else {
            Issue.record("\(look.judgeCopy())")
            return
        }
        #expect(ended.state == .unpublished)
        #expect(ended.failure?.message.contains("not in far: its task says: no space") == true)
    }

    @Test func `A copy under way is waited for`() async throws {
        var given = Self.transfer(askedSecondsAgo: 5)
        given.isCopying = true
        let image = try Self.image("active", ["os_glance_importing_to_stores": "far"])
        let look = try await look(given, image, Self.task("processing", ""))
        guard case .outcome(.snooze(_, _, let reason)) = look.judgeCopy() else {
            Issue.record("\(look.judgeCopy())")
            return
        }
        #expect(reason.contains("importing into far"))
    }

    @Test func `An image that stops being active while it is copied is told`() async throws {
        var given = Self.transfer(askedSecondsAgo: 5)
        given.isCopying = true
        let look = try await look(given, Self.image("deactivated"))
        guard case .failure(let error) = look.judgeCopy() else {
            Issue.record("\(look.judgeCopy())")
            return
        }
        #expect(error.code == .unexpectedState)
    }
}
