// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Task requests")
struct TaskRequestsTests {
    @Test("filters and order reach the URL")
    func list() {
        let query = TaskQuery(
            type: "import", status: .failure, sortKey: "created_at", pageLimit: 5, marker: "m")
        #expect(
            TaskRequests.list(query).url(root: "http://g") == """
                http://g/v2/tasks?limit=5&type=import&status=failure&sort_key=created_at\
                &sort_dir=desc&marker=m
                """)
        #expect(TaskRequests.ofImage("i").asked == "GET /v2/images/i/tasks")
    }
}
