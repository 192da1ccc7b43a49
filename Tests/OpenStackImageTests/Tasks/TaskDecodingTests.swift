// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading tasks")
struct TaskDecodingTests {
    @Test("a task of a list lacks much and is read all the same")
    func sparse() throws {
        let page = try ImageTask.page(
            [
                "tasks": [
                    ["id": "t", "type": "import", "status": "failure", "message": "no space"],
                    ["id": "u", "status": "processing", "message": nil, "image_id": "i"],
                ], "next": "/v2/tasks?marker=u&limit=2",
            ], asked: "GET /v2/tasks")
        #expect(page.tasks.map(\.id) == ["t", "u"])
        #expect(page.tasks[0].status.isFinal)
        #expect(page.tasks[0].message == "no space")
        #expect(!page.tasks[1].status.isFinal)
        #expect(page.tasks[1].message.isEmpty)
        #expect(page.tasks[1].imageID == "i")
        #expect(page.nextQuery == "marker=u&limit=2")
    }

    @Test("an answer without a list is refused")
    func noList() {
        let error = #expect(throws: TranshipError.self) {
            try ImageTask.page(["images": []], asked: "GET /v2/tasks")
        }
        #expect(error?.code == .invalidAnswer)
    }
}
