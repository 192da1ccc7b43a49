// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension ImageTask {
    /// Lists leave out `input`, `result` and `message`; only the id must be
    /// there.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let id = record["id"]?.string else {
            throw TranshipError(.invalidAnswer, "a task without an id")
        }
        self.id = id
        self.record = record
        type = record["type"]?.string ?? ""
        status = Status(rawValue: record["status"]?.string ?? "")
        message = record["message"]?.string ?? ""
        imageID = record["image_id"]?.string
        ownerID = record["owner"]?.string
        userID = record["user_id"]?.string
        requestID = record["request_id"]?.string
        input = record["input"] ?? .null
        result = record["result"] ?? .null
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
        expiresAt = record["expires_at"]?.string
    }

    /// The tasks of a list and its next page's query.
    static func page(
        _ json: JSONValue, asked: String
    ) throws(TranshipError) -> (tasks: [ImageTask], nextQuery: String?) {
        guard let records = json["tasks"]?.array else {
            throw TranshipError(.invalidAnswer, "the answer to \(asked) holds no list of tasks")
        }
        var tasks: [ImageTask] = []
        for record in records { tasks.append(try ImageTask(json: record)) }
        return (tasks, PageLink.query(json["next"]?.string))
    }
}
