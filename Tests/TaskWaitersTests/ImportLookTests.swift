// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import OpenStackImage
@testable import TaskWaiters

/// The consequences of every state of an image in import.
@Suite struct ImportLookTests {
    static let start: Int64 = 1_000_000_000

    struct Scene {
        var status: ImageStatus = .queued
        var task: ImageTask.Status?
        var message = "the task's words"
        var isAsked = true
        /// Seconds since the wait began and the import was requested.
        var seconds: Int64 = 1
        var method = UploadMethod.glanceDirect
        var fallbacks: [UploadMethod] = []
        var failures = 0
        var isCopying = false
        var sizeBytes: Int64 = 10
        var mustSucceed = true
        var jitter = 0.5
        var properties: [String: JSONValue] = [:]

        func look() throws -> ImportLook {
            var transfer = Sample.transfer(
                method: method, state: isCopying ? .verifying : .registered, imageID: "id-1")
            transfer.move(to: .importing)
            transfer.placement.claimContents()
            transfer.proof.sizeBytes = sizeBytes
            transfer.wait.importSince = start
            transfer.wait.importRequestedAt = isAsked ? start : nil
            transfer.intent.fallbacks = fallbacks
            transfer.tries.importFailures = failures
            transfer.placement.isCopying = isCopying
            transfer.intent.record.allStoresMustSucceed = mustSucceed
            transfer.intent.record.stores = .named(["fast", "slow"])
            var record: [String: JSONValue] = [
                "id": "id-1", "status": .string(status.rawValue),
            ]
            if status == .active || status == .deactivated { record["stores"] = "fast" }
            record.merge(properties) { $1 }
            let task = try task.map {
                try ImageTask(
                    json: [
                        "id": "task-1", "status": .string($0.rawValue), "message": .string(message),
                    ])
            }
            return ImportLook(
                transfer: transfer, image: try Image(json: .object(record)), task: task,
                now: start + seconds * 1000, jitter: jitter)
        }
    }

    @Test(arguments: ["checksum", "os_hash_value", "stores"])
    func `A record that a refused body spoiled is never filled`(key: String) throws {
        for status in [ImageStatus.queued, .uploading] {
            var scene = Scene(status: status, isAsked: false, properties: [key: "x"])
            #expect(word(try scene.look().judge()) == "restart by glance-direct")
            scene.failures = 3
            #expect(word(try scene.look().judge()) == "failure unexpected-state")
            scene.properties = [:]
            #expect(word(try scene.look().judge()) == "ask")
        }
    }

    /// Returns a judgement as a word.
    private func word(_ judgement: ImportLook.Judgement) -> String {
        switch judgement {
        case .needsImport: "ask"
        case .needsCopy: "copy"
        case .failure(let error): "failure \(error.code.rawValue)"
        case .outcome(.send): "send"
        case .outcome(.advance(let transfer)): transfer.state.rawValue
        case .outcome(.snooze): "wait"
        case .outcome(.restart(let transfer, _)): "restart by \(transfer.method.rawValue)"
        }
    }

    private static let states: [ImageStatus] = [
        .queued, .saving, .uploading, .importing, .active, .deactivated, .killed, .deleted,
        .pendingDelete, .unknown,
    ]
    private static let tasks: [ImageTask.Status?] = [
        nil, .pending, .processing, .success, .failure,
    ]

    // MARK: Importing

    @Test(arguments: states, tasks)
    func `Each status and task leads to one thing, before and after the import was asked for`(
        status: ImageStatus, task: ImageTask.Status?
    ) throws {
        for isAsked in [false, true] {
            let found = word(
                try Scene(status: status, task: task, isAsked: isAsked, failures: 1).look().judge())
            let expected: String
            switch status {
            case .active, .deactivated:
                expected = task?.isFinal ?? true ? "verifying" : "wait"
            case .queued, .uploading:
                let isIdle = task?.isFinal ?? true
                if !isAsked, isIdle {
                    expected = "ask"
                } else {
                    expected = task == .failure ? "failure import-failed" : "wait"
                }
            // No import has this state: another host sends its body.
            case .saving: expected = "registered"
            case .importing:
                expected = task == .failure ? "failure import-failed" : "wait"
            default: expected = "failure unexpected-state"
            }
            #expect(found == expected, "\(status), \(task?.rawValue ?? "no task"), \(isAsked)")
        }
    }

    /// Data that the service fetches itself is never staged.
    @Test(arguments: [UploadMethod.webDownload, .glanceDownload])
    func `A staged body where the service was to fetch is another host's`(
        method: UploadMethod
    ) throws {
        var scene = Scene(status: .uploading, task: nil)
        scene.method = method
        for isAsked in [false, true] {
            scene.isAsked = isAsked
            #expect(word(try scene.look().judge()) == "registered")
        }
    }

    @Test func `A task that never ends holds up an active image no longer than any import`()
        throws
    {
        let look = try Scene(status: .active, task: .processing, seconds: 601).look()
        #expect(word(look.judge()) == "verifying")
    }

    @Test func `A failure is told at the first look, with the task's words and id`() throws {
        guard
            case .failure(let error) = try Scene(
                status: .queued, task: .failure, seconds: 0, method: .webDownload
            ).look().judge()
        else {
            Issue.record("no failure")
            return
        }
        #expect(
            error.message
                == "the import of image id-1 by web-download failed: "
                + "its task says: the task's words")
        #expect(error.hint?.contains("task-1") == true)
    }

    @Test func `A failure that left the image looking busy is told from the task alone`() throws {
        let busy: [String: JSONValue] = ["os_glance_importing_to_stores": "fast"]
        let found = try Scene(
            status: .queued, task: .failure, method: .glanceDownload, properties: busy
        ).look().judge()
        #expect(word(found) == "failure import-failed")
    }

    @Test func `Without a list of tasks, the image's own list of failed stores decides`() throws {
        let failed: [String: JSONValue] = ["os_glance_failed_import": "slow"]
        let found = try Scene(status: .queued, method: .webDownload, properties: failed)
            .look().judge()
        guard case .failure(let error) = found else {
            Issue.record("no failure")
            return
        }
        #expect(error.message.hasSuffix("the service names the failed stores: slow"))
    }

    @Test func `An import that leaves no trace for a minute never started`() throws {
        func look(_ seconds: Int64) throws -> ImportLook.Judgement {
            try Scene(seconds: seconds, method: .webDownload).look().judge()
        }
        #expect(word(try look(ImportLook.traceSeconds)) == "wait")
        guard case .failure(let error) = try look(ImportLook.traceSeconds + 1) else {
            Issue.record("no failure")
            return
        }
        #expect(error.message.hasSuffix("it is queued, without a task: the import never started"))
        #expect(error.hint == "ask the target's operator about it, or use `method: upload`")
    }

    // MARK: The ladder

    @Test func `A failed method is followed by the next one, once, and says so`() throws {
        let scene = Scene(
            task: .failure, method: .webDownload, fallbacks: [.upload])
        guard case .outcome(.restart(let next, let error)) = try scene.look().judge() else {
            Issue.record("no restart")
            return
        }
        #expect(next.method == .upload)
        #expect(next.intent.fallbacks.isEmpty)
        #expect(next.tries.importFailures == 1)
        #expect(next.remarks == [.methodFailed(.webDownload, next: .upload)])
        #expect(next.intent.methodReason == .methodFailed(.webDownload, message: error.message))
    }

    @Test func `Staged data is staged once more, then it is a failure`() throws {
        #expect(word(try Scene(task: .failure).look().judge()) == "restart by glance-direct")
        #expect(
            word(try Scene(task: .failure, failures: 1).look().judge()) == "failure import-failed")
    }

    // MARK: Time

    @Test func `A deadline grows with the size, and is shown`() throws {
        #expect(ImportLook.deadlineSeconds(try Scene().look().transfer) == 600)
        let tebibyte = try Scene(status: .importing, task: .processing, sizeBytes: 1 << 40).look()
        #expect(ImportLook.deadlineSeconds(tebibyte.transfer) == 600 + (1 << 40) / (5 << 20))
        guard case .outcome(.snooze(_, _, let reason)) = tebibyte.judge() else {
            Issue.record("it does not wait")
            return
        }
        #expect(reason.words.hasPrefix("importing: the task's words; waited 1s of at most "))
    }

    @Test(
        arguments: [ImageStatus.importing, .queued, .uploading],
        [nil, .pending, .processing, .success] as [ImageTask.Status?])
    func `A stuck import is told with what was seen, after the deadline and not before`(
        status: ImageStatus, task: ImageTask.Status?
    ) throws {
        // A queued image without a task is not stuck: its import never began.
        if status == .queued, task == nil { return }
        func look(_ seconds: Int64) throws -> ImportLook.Judgement {
            try Scene(status: status, task: task, seconds: seconds, failures: 1).look().judge()
        }
        #expect(word(try look(600)) == "wait")
        guard case .failure(let error) = try look(601) else {
            Issue.record("it waits on")
            return
        }
        #expect(error.code == .importTimedOut)
        #expect(error.message.contains("is \(status.rawValue) after"))
        #expect(error.message.contains(task.map { "task-1 is \($0.rawValue)" } ?? "it has no task"))
        #expect(error.hint?.contains("60 minutes") == true)
    }

    @Test(arguments: [0, 1, 10, 60, 100, 140, 1000, 100_000] as [Int64], [0.0, 0.5, 0.999])
    func `Looks grow rarer within bounds, and are spread by a quarter`(
        seconds: Int64, jitter: Double
    ) throws {
        let scene = Scene(
            status: .importing, task: .processing, seconds: seconds, sizeBytes: 1 << 44,
            jitter: jitter)
        guard case .outcome(.snooze(_, let wait, _)) = try scene.look().judge() else {
            Issue.record("it does not wait")
            return
        }
        let middle = Double(seconds) / 10
        #expect(wait >= max(0.5, min(15, middle * 0.875)))
        #expect(wait <= min(15, max(0.5, middle * 1.125)))
    }

    @Test func `Asking is written down with its time, so that it is done once`() throws {
        let look = try Scene(isAsked: false, seconds: 3).look()
        let outcome = look.asked(WaitReason.importRequested)
        #expect(outcome.transfer.wait.importRequestedAt == Self.start + 3000)
        #expect(outcome.transfer.wait.importSince == Self.start)
    }

    // MARK: Copying into further stores

    @Test(arguments: states, tasks)
    func `A copy is asked for once, waited for, and looked at again when its task ended`(
        status: ImageStatus, task: ImageTask.Status?
    ) throws {
        for isAsked in [false, true] {
            for isBusy in [false, true] {
                let properties: [String: JSONValue] =
                    isBusy ? ["os_glance_importing_to_stores": "slow"] : [:]
                let found = word(
                    try Scene(
                        status: status, task: task, isAsked: isAsked, isCopying: true,
                        properties: properties
                    ).look().judgeCopy())
                let expected =
                    if status != .active { "failure unexpected-state" } else if !isAsked {
                        "copy"
                    } else if isBusy { "wait" } else {
                        switch task {
                        case .failure: "unpublished"
                        case nil, .success: "copy"
                        default: "wait"
                        }
                    }
                #expect(
                    found == expected,
                    "\(status), \(task?.rawValue ?? "no task"), asked \(isAsked), busy \(isBusy)")
            }
        }
    }

    @Test(
        arguments: [
            (nil, 1, true), (nil, 60, false), (.pending, 90, true), (.processing, 90, true),
            (.failure, 1, false),
        ] as [(ImageTask.Status?, Int64, Bool)])
    func `Failed stores count once the copy that was requested now has begun`(
        task: ImageTask.Status?, seconds: Int64, waits: Bool
    ) throws {
        let look = try Scene(
            status: .active, task: task, seconds: seconds, isCopying: true,
            properties: ["os_glance_failed_import": "slow"]
        ).look()
        #expect((word(look.judgeCopy()) == "wait") == waits)
    }

    @Test(arguments: [true, false])
    func `A store that failed is named, and unpublishes only where all must succeed`(
        mustSucceed: Bool
    ) throws {
        let look = try Scene(
            status: .active, task: .failure, isCopying: true, mustSucceed: mustSucceed,
            properties: ["os_glance_failed_import": "slow"]
        ).look()
        guard case .outcome(.advance(let transfer)) = look.judgeCopy() else {
            Issue.record("it does not end")
            return
        }
        #expect(transfer.state == (mustSucceed ? .unpublished : .publishing))
        #expect(transfer.placement.heldStores == ["fast"])
        #expect(
            transfer.remarks.map(\.words) == [
                "it lies in fast, not in slow: its task says: the task's words"
            ])
        #expect(!transfer.placement.isCopying)
        #expect(transfer.failure?.code == (mustSucceed ? .unpublished : nil))
        // A proved copy is only copied into further stores, so another method makes another copy.
        let hint = transfer.failure?.hint
        #expect(hint.map { $0.contains("delete image \(look.image.id) and run again") } != false)
        #expect(hint.map { $0.contains("accept_transformed: true if the target") } != false)
    }

    @Test func `A copy that never ends leaves the proved image where it is`() throws {
        let look = try Scene(
            status: .active, task: .processing, seconds: 601, isCopying: true,
            properties: ["os_glance_importing_to_stores": "slow"]
        ).look()
        #expect(word(look.judgeCopy()) == "unpublished")
    }
}
