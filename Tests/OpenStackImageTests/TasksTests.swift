// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading tasks")
struct TaskDecodingTests {
    @Test("a task of a list lacks much and is read all the same")
    func sparse() throws {
        let page = try RecordPage<ImageTask>(
            json: [
                "tasks": [
                    ["id": "t", "type": "import", "status": "failure", "message": "no space"],
                    ["id": "u", "status": "processing", "message": nil, "image_id": "i"],
                ], "next": "/v2/tasks?marker=u&limit=2",
            ], key: "tasks", asked: "GET /v2/tasks")
        #expect(page.records.map(\.id) == ["t", "u"])
        #expect(page.records[0].status.isFinal)
        #expect(page.records[0].message == "no space")
        #expect(!page.records[1].status.isFinal)
        #expect(page.records[1].message.isEmpty)
        #expect(page.records[1].imageID == "i")
        #expect(page.nextQuery == "marker=u&limit=2")
    }

    @Test("an answer without a list is refused")
    func noList() {
        let error = #expect(throws: TranshipError.self) {
            try RecordPage<ImageTask>(json: ["images": []], key: "tasks", asked: "GET /v2/tasks")
        }
        #expect(error?.code == .invalidAnswer)
    }
}

@Suite("Task requests")
struct TaskRequestsTests {
    @Test("filters and order reach the URL")
    func list() {
        let query = TaskQuery(
            type: "import", status: .failure, sortKey: "created_at", pageLimit: 5, marker: "m")
        #expect(
            query.request.url(root: "http://g") == """
                http://g/v2/tasks?limit=5&type=import&status=failure&sort_key=created_at\
                &sort_dir=desc&marker=m
                """)
    }
}

@Suite("Tasks at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceTasksTests {
    @Test("an image that was never imported has no tasks; an unknown one is not found")
    func ofImage() async throws {
        try await Lab.withImage { service, image in
            #expect(try await service.tasks(ofImage: image.id).isEmpty)
            try await service.delete(image.id)
            let error = await #expect(throws: TranshipError.self) {
                try await service.tasks(ofImage: image.id)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test(
        "the list of all tasks is for admins, over pages",
        .proves("sdk tasks(query.limit)", "4j tasks.list(filteringParams)"))
    func all() async throws {
        let member = await #expect(throws: TranshipError.self) { try await Lab.service().tasks() }
        #expect(member?.code == .forbidden)
        try await Lab.withActiveImage { _, image in
            let admin = try Lab.service("alpha-admin")
            for store in ["slow", "nowhere"] {
                try? await admin.importImage(
                    image.id, ImportRequest(.copyImage, stores: .named([store])))
            }
            let id = try #require(try await admin.tasks(ofImage: image.id).first?.id)
            let tasks = try await admin.tasks(
                TaskQuery(sortKey: "created_at", pageLimit: 1))
            #expect(tasks.contains { $0.id == id })
            #expect(Set(tasks.map(\.id)).count == tasks.count)
            #expect(try await admin.task(id).imageID == image.id)
            _ = try await Lab.eventually {
                try await admin.task(id)
            } until: {
                $0.status.isFinal
            }
            let status = try await admin.task(id).status
            let ended = try await admin.tasks(TaskQuery(status: status))
            #expect(ended.contains { $0.id == id })
            #expect(ended.allSatisfy { $0.status == status })
            let pending = try await admin.tasks(TaskQuery(status: .pending))
            #expect(!pending.contains { $0.id == id })
        }
    }

    @Test(
        "tasks are listed by type and status, sorted, and from a marker on",
        .proves("sdk tasks(query.type, query.status, query.sort_key, query.sort_dir, query.marker)")
    )
    func filtered() async throws {
        let admin = try Lab.service("alpha-admin")
        var ids: [String] = []
        for _ in 0..<2 {
            // No server answers at that address, so each task ends at once.
            let task = try await admin.createTask(
                type: "import",
                input: [
                    "import_from": "http://127.0.0.1:9/nothing", "import_from_format": "raw",
                    "image_properties": ["disk_format": "raw", "container_format": "bare"],
                ])
            ids.append(task.id)
            _ = try await Lab.eventually {
                try await admin.task(task.id)
            } until: {
                $0.status == .failure
            }
        }
        let tasks = try await admin.tasks(
            TaskQuery(type: "import", status: .failure, sortKey: "created_at", ascending: true))
        #expect(tasks.allSatisfy { $0.type == "import" && $0.status == .failure })
        let times = tasks.compactMap(\.createdAt)
        #expect(times == times.sorted())
        #expect(Set(tasks.map(\.id)).isSuperset(of: ids))
        let first = try #require(tasks.firstIndex { ids.contains($0.id) })
        let after = try await admin.tasks(
            TaskQuery(
                type: "import", status: .failure, sortKey: "created_at", ascending: true,
                marker: tasks[first].id))
        #expect(after.contains { ids.contains($0.id) })
        #expect(!after.contains { $0.id == tasks[first].id })
        let pending = try await admin.tasks(TaskQuery(status: .pending))
        #expect(!pending.contains { ids.contains($0.id) })
    }
}
