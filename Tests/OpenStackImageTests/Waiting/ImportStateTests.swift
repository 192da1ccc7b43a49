// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

/// States that real services reported during and after imports.
@Suite("The state of an import")
struct ImportStateTests {
    private func look(
        _ status: String, _ properties: [String: JSONValue] = [:], task: String? = nil,
        message: String = ""
    ) throws -> String {
        let image = try Image(
            json: .object(properties.merging(["id": "i", "status": .string(status)]) { $1 }))
        let task = try task.map {
            try ImageTask(
                json: ["id": "t", "status": .string($0), "message": .string(message)])
        }
        switch try ImageService.look(at: image, task) {
        case .come: return "come"
        case .notYet(let how): return how
        }
    }

    @Test("only an active image with a task that succeeded is done")
    func done() throws {
        #expect(try look("active", task: "success") == "come")
        #expect(try look("importing", task: "success") == "is importing, its task is success")
        #expect(
            try look("active", task: "processing", message: "Copied 5 MiB")
                == "is active, its task is processing (Copied 5 MiB)")
    }

    @Test("a task that failed is the end, whatever the image says")
    func failed() {
        for status in ["queued", "importing", "active"] {
            let error = #expect(throws: TranshipError.self) {
                try look(status, task: "failure", message: "no such URL")
            }
            #expect(error?.code == .importFailed)
            #expect(error?.message.hasSuffix("no such URL") == true)
        }
    }

    /// When glance-download fails, it leaves no trace in the record; clouds that show no tasks show
    /// the stores that failed.
    @Test("without a task the record decides")
    func withoutTasks() throws {
        #expect(try look("active") == "come")
        #expect(try look("active", ["os_glance_importing_to_stores": "slow"]) == "is active")
        #expect(try look("queued") == "is queued")
        let error = #expect(throws: TranshipError.self) {
            try look("queued", ["os_glance_failed_import": "fast,slow"])
        }
        #expect(error?.code == .importFailed)
        #expect(error?.message.contains("fast, slow") == true)
        #expect(throws: TranshipError.self) { try look("killed") }
    }

    private func state(
        _ status: ImageStatus, _ properties: [String: JSONValue] = [:],
        task: ImageTask.Status? = nil, message: String = ""
    ) throws -> ImportState {
        let record = properties.merging(["id": "i", "status": .string(status.rawValue)]) { $1 }
        let task = try task.map {
            try ImageTask(
                json: ["id": "t", "status": .string($0.rawValue), "message": .string(message)])
        }
        return ImportState(of: try Image(json: .object(record)), task: task)
    }

    @Test("image and task together are read as one state")
    func states() throws {
        for status in [ImageStatus.queued, .uploading] {
            #expect(try state(status) == .notBegun)
            #expect(try state(status, task: .success) == .notBegun)
            #expect(
                try state(status, task: .pending)
                    == .underWay("the service is importing (\(status))"))
        }
        let busy: [String: JSONValue] = ["os_glance_importing_to_stores": "fast,slow"]
        #expect(try state(.importing, busy) == .underWay("importing into fast, slow"))
        #expect(
            try state(.importing, task: .processing, message: "Copied 5 MiB")
                == .underWay("importing: Copied 5 MiB"))
        for status in [ImageStatus.active, .deactivated] {
            #expect(try state(status) == .succeeded)
            #expect(try state(status, busy) == .underWay("importing into fast, slow"))
            #expect(try state(status, busy, task: .success) == .succeeded)
            #expect(
                try state(status, task: .processing)
                    == .underWay("the service is importing (\(status))"))
            #expect(try state(status, task: .failure) == .failed("its task says: nothing"))
        }
        #expect(try state(.queued, task: .failure, message: "no") == .failed("its task says: no"))
        #expect(
            try state(.queued, ["os_glance_failed_import": "fast,slow"])
                == .failed("the service names the failed stores: fast, slow"))
        #expect(try state(.saving) == .someoneElses)
        for status in [ImageStatus.killed, .deleted, .pendingDelete, .unknown] {
            #expect(try state(status, task: .success) == .lost(status))
        }
    }

    @Test("of two tasks from the same second, the open one is the newest")
    func newest() throws {
        func task(_ id: String, _ status: String, _ time: String) throws -> ImageTask {
            try ImageTask(
                json: ["id": .string(id), "status": .string(status), "created_at": .string(time)])
        }
        let tasks = [
            try task("old", "processing", "2026-01-01T00:00:00Z"),
            try task("done", "success", "2026-01-02T00:00:00Z"),
            try task("open", "pending", "2026-01-02T00:00:00Z"),
        ]
        #expect(tasks.newest?.id == "open")
        #expect(Array(tasks.reversed()).newest?.id == "open")
        #expect([ImageTask]().newest == nil)
    }
}
