// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// One request of the conformance script, and the required answer.
///
/// In paths, bodies and expected values, `$a`, `$b`, … are image ids that are new in each run, and
/// `$owner` and `$other` are projects.
struct Step: Sendable {
    enum Who: Sendable { case owner, other, admin }

    var who = Who.owner
    var method: HTTPRequest.Method
    /// The path below `/v2/`, with the query.
    var path: String
    var headers: HTTPHeaders = [:]
    var json: JSONValue?
    var data: [UInt8]?
    var status: Int
    /// Members of the answer that must have these values.
    var fields: [String: JSONValue] = [:]
    /// Members that the answer must not have.
    var absent: [String] = []
    /// The ids in the answer's `images`, in order.
    var images: [String]?
    var answerHeaders: [String: String] = [:]
    var answerBody: [UInt8]?
    /// True to repeat the request until the answer is as expected: the service works in the
    /// background.
    var isEventual = false

    static func get(
        _ path: String, _ status: Int = 200, _ fields: [String: JSONValue] = [:],
        absent: [String] = [], as who: Who = .owner
    ) -> Step {
        Step(
            who: who, method: .get, path: path, status: status, fields: fields, absent: absent)
    }

    /// Repeats a GET until the answer has these fields.
    static func until(
        _ path: String, _ fields: [String: JSONValue], as who: Who = .owner
    ) -> Step {
        var step = get(path, 200, fields, as: who)
        step.isEventual = true
        return step
    }

    static func list(_ query: String, _ images: [String], as who: Who = .owner) -> Step {
        var step = get("images?\(query)", as: who)
        step.images = images
        return step
    }

    static func post(
        _ path: String, _ json: JSONValue?, _ status: Int,
        _ fields: [String: JSONValue] = [:], as who: Who = .owner
    ) -> Step {
        Step(who: who, method: .post, path: path, json: json, status: status, fields: fields)
    }

    /// Creates a private image named `$run` with both formats set.
    static func create(
        _ id: String, _ fields: [String: JSONValue] = [:], _ status: Int = 201, as who: Who = .owner
    ) -> Step {
        var body: [String: JSONValue] = [
            "id": .string(id), "name": "$run", "disk_format": "raw",
            "container_format": "bare", "visibility": "private",
        ]
        body.merge(fields) { $1 }
        return post("images", .object(body.filter { $0.value != .null }), status, as: who)
    }

    static func put(_ path: String, _ json: JSONValue?, _ status: Int, as who: Who = .owner)
        -> Step
    {
        Step(who: who, method: .put, path: path, json: json, status: status)
    }

    /// Sends image data to `…/file` or `…/stage`.
    static func send(
        _ path: String, _ data: [UInt8] = Step.data, _ status: Int = 204,
        headers: HTTPHeaders = [:]
    ) -> Step {
        var headers = headers
        if headers["Content-Type"] == nil { headers["Content-Type"] = "application/octet-stream" }
        return Step(method: .put, path: path, headers: headers, data: data, status: status)
    }

    static func patch(
        _ id: String, _ operations: JSONValue, _ status: Int = 200,
        _ fields: [String: JSONValue] = [:], absent: [String] = [], as who: Who = .owner
    ) -> Step {
        Step(
            who: who, method: .patch, path: "images/\(id)",
            headers: ["Content-Type": "application/openstack-images-v2.1-json-patch"],
            json: operations, status: status, fields: fields, absent: absent)
    }

    static func add(_ id: String, _ key: String, _ value: JSONValue, _ status: Int = 200) -> Step {
        patch(id, [["op": "add", "path": .string("/\(key)"), "value": value]], status)
    }

    static func delete(_ path: String, _ status: Int = 204, as who: Who = .owner) -> Step {
        Step(who: who, method: .delete, path: path, status: status)
    }

    static func download(
        _ id: String, range: String? = nil, _ status: Int, _ body: [UInt8]? = nil,
        headers: [String: String] = [:], as who: Who = .owner
    ) -> Step {
        var step = get("images/\(id)/file", status, as: who)
        step.headers["Range"] = range
        step.answerBody = body
        step.answerHeaders = headers
        return step
    }

    static let data = Array("0123456789".utf8)
    static let md5 = "781e5e245d69b566979b86e28d23f2c7"
    static let sha512 =
        "bb96c2fc40d2d54617d6f276febe571f623a8dadf0b734855299b0e107fda32c"
        + "f6b69f2da32b36445d73690b93cbd0f7bfc20e0f7f28553d2a4428f23b716e90"
}
