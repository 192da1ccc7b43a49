// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

extension ImageService {
    /// The tasks of one image, which whoever may read the image may read too.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an unknown image, and on
    ///   clouds older than API 2.12, which do not have this.
    public func tasks(ofImage id: String) async throws(TranshipError) -> [ImageTask] {
        let request = TaskRequests.ofImage(id)
        return try ImageTask.page(try await sendForJSON(request), asked: request.asked).tasks
    }

    /// Every task that matches, over all pages. Admins only by default.
    public func tasks(_ query: TaskQuery = .init()) async throws(TranshipError) -> [ImageTask] {
        var tasks: [ImageTask] = []
        var request = TaskRequests.list(query)
        var followed: Set<String> = []
        while true {
            let page = try ImageTask.page(try await sendForJSON(request), asked: request.asked)
            tasks += page.tasks
            guard let next = page.nextQuery, !page.tasks.isEmpty, followed.insert(next).inserted
            else { return tasks }
            request = ServiceRequest(.get, request.path, rawQuery: next)
        }
    }

    /// One task, with its input and result. Admins only by default.
    public func task(_ id: String) async throws(TranshipError) -> ImageTask {
        try ImageTask(json: try await sendForJSON(TaskRequests.show(id)))
    }

    /// Starts a task of the older kind (`import`, `export`, `clone`), which
    /// the import calls replace. Admins only by default.
    public func createTask(
        type: String, input: JSONValue
    ) async throws(TranshipError) -> ImageTask {
        try ImageTask(json: try await sendForJSON(TaskRequests.create(type: type, input: input)))
    }
}
