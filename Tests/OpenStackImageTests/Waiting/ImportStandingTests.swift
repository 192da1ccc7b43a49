// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

/// What real services were seen to say while and after they import.
@Suite("How an import stands")
struct ImportStandingTests {
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
        switch try ImportStanding.look(at: image, task) {
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

    /// glance-download leaves no trace in the record when it fails; clouds that
    /// show no tasks show the stores that failed.
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
}
