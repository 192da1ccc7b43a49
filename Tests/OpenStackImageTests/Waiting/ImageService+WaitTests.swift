// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Waiting at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceWaitTests {
    private let brisk = Pace(intervalSeconds: 0.1, deadlineSeconds: 60)
    private let short = Pace(intervalSeconds: 0.05, deadlineSeconds: 0.3)

    @Test(
        "a status that comes is seen, and each look is told",
        .proves("sdk wait_for_status(res, status, interval, wait, callback)"))
    func comes() async throws {
        try await Lab.withActiveImage { service, image in
            let seen = Guarded<[ImageStatus]>([])
            let (firstLook, looked) = AsyncStream<Void>.makeStream()
            let deactivated = Task {
                for await _ in firstLook { break }
                try await service.deactivate(image.id)
            }
            let waited = try await service.waitForImage(
                image.id, until: .deactivated, pace: brisk
            ) { image in
                seen.withLock { $0.append(image.status) }
                looked.yield()
            }
            try await deactivated.value
            #expect(waited.status == .deactivated)
            #expect(seen.withLock { $0.first } == .active)
            #expect(seen.withLock { $0.last } == .deactivated)
        }
    }

    @Test(
        "a failure status, a deadline and a deletion are three errors",
        .proves("sdk wait_for_status(failures)"))
    func fails() async throws {
        try await Lab.withImage { service, image in
            let failed = await #expect(throws: TranshipError.self) {
                try await service.waitForImage(image.id, failures: [.queued], pace: brisk)
            }
            #expect(failed?.code == .waitFailed)
            #expect(failed?.message.hasSuffix("became queued instead of active") == true)
            let late = await #expect(throws: TranshipError.self) {
                try await service.waitForImage(image.id, pace: short)
            }
            #expect(late?.code == .waitTimedOut)
            #expect(late?.message.hasSuffix("is not active after 0.3 s; it is queued") == true)
            try await service.delete(image.id)
            let gone = await #expect(throws: TranshipError.self) {
                try await service.waitForImage(image.id, pace: brisk)
            }
            #expect(gone?.code == .waitFailed)
        }
    }

    @Test("anything else of an image can be waited for", .proves("sdk wait_for_status(attribute)"))
    func condition() async throws {
        try await Lab.withImage { service, image in
            let hiding = Task { try await service.hide(image.id) }
            let hidden = try await service.waitForImage(
                image.id, description: "hidden", pace: brisk, until: \.isHidden)
            _ = try await hiding.value
            #expect(hidden.isHidden)
        }
    }

    @Test(
        "a deletion is waited for, or not in time",
        .proves("sdk wait_for_delete(res, interval, wait, callback)"))
    func deleted() async throws {
        try await Lab.withImage { service, image in
            let looks = Guarded(0)
            let late = await #expect(throws: TranshipError.self) {
                try await service.waitForDelete(image.id, pace: short) { _ in
                    looks.withLock { $0 += 1 }
                }
            }
            #expect(late?.code == .waitTimedOut)
            #expect(looks.withLock { $0 } > 1)
            try await service.delete(image.id)
            try await service.waitForDelete(image.id, pace: brisk)
        }
    }

    @Test(
        "a task is waited for by its status; failing and being late differ",
        .proves(
            "sdk wait_for_task(task, status, failures, interval, wait)", "sdk get_task(task)",
            "sdk create_task(**attrs)", "4j tasks.get(taskId)", "4j tasks.create(task)"))
    func task() async throws {
        let admin = try Lab.service("alpha-admin")
        // No server answers at that address, so the task fails as soon as it is tried.
        let task = try await admin.createTask(
            type: "import",
            input: [
                "import_from": "http://127.0.0.1:9/nothing", "import_from_format": "raw",
                "image_properties": ["disk_format": "raw", "container_format": "bare"],
            ])
        #expect(task.type == "import")
        let failed = await #expect(throws: TranshipError.self) {
            try await admin.waitForTask(task.id, pace: brisk)
        }
        #expect(failed?.code == .importFailed)
        #expect(failed?.message.contains(task.id) == true)
        let wanted = try await admin.waitForTask(
            task.id, until: .failure, failures: [], pace: brisk)
        #expect(wanted.id == task.id && wanted.status == .failure)
        let late = await #expect(throws: TranshipError.self) {
            try await admin.waitForTask(task.id, failures: [], pace: short)
        }
        #expect(late?.code == .importTimedOut)
        let unknown = await #expect(throws: TranshipError.self) {
            try await admin.waitForTask(
                "00000000-0000-0000-0000-000000000000", pace: brisk)
        }
        #expect(unknown?.code == .waitFailed)
    }

    @Test("an import that fails says why, and one that does not come is late")
    func imports() async throws {
        try await Lab.withImage { service, image in
            let failed = await #expect(throws: TranshipError.self) {
                try await service.importImage(
                    image.id,
                    ImportRequest(.webDownload(uri: Secret("http://127.0.0.1:9/nothing"))),
                    waiting: brisk)
            }
            #expect(failed?.code == .importFailed)
            #expect(failed?.message.contains("its task says") == true)
            let late = await #expect(throws: TranshipError.self) {
                try await service.waitForImport(
                    of: image.id,
                    ignoring: Set(try await service.tasks(ofImage: image.id).map(\.id)),
                    pace: Pace(intervalSeconds: 0.05, deadlineSeconds: 0))
            }
            // This Glance also leaves a note in the record.
            #expect([.importTimedOut, .importFailed].contains(late?.code))
        }
    }
}
