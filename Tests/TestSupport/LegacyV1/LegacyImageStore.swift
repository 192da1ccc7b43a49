// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation

/// The images of the service in this process, and its operations.
final class LegacyImageStore: Sendable {
    struct State {
        /// The images in order of creation, including deleted ones.
        var images: [LegacyStoredImage] = []
        /// The last time, so that no two times are equal.
        var microseconds: Int64 = 0

        mutating func now() -> String {
            microseconds = max(microseconds + 1, Int64(Date().timeIntervalSince1970 * 1_000_000))
            return legacyTime(microseconds)
        }

        func index(of id: String) throws(LegacyRefusal) -> Int {
            guard let index = images.firstIndex(where: { $0.id == id }) else {
                throw LegacyRefusal(404, "Image with identifier \(id) not found")
            }
            return index
        }
    }

    let state = Guarded(State())

    func answer(_ call: LegacyCall) throws(LegacyRefusal) -> LegacyAnswer {
        switch (call.method, call.path.count) {
        case (_, _) where call.path.first != "v1":
            return versions(call)
        case ("GET", 2) where call.path[1] == "images": return try list(call, detailed: false)
        case ("GET", 3) where call.path[1...] == ["images", "detail"]:
            return try list(call, detailed: true)
        case ("POST", 2) where call.path[1] == "images": return try create(call)
        case ("HEAD", 3) where call.path[1] == "images": return try show(call)
        case ("GET", 3) where call.path[1] == "images": return try data(call)
        case ("PUT", 3) where call.path[1] == "images": return try update(call)
        case ("DELETE", 3) where call.path[1] == "images": return try delete(call)
        case (_, 4...5) where call.path[1] == "images" && call.path[3] == "members":
            return try members(call)
        case ("GET", 3) where call.path[1] == "shared-images": return sharedImages(call)
        case (_, 2...3) where call.path[1] == "images":
            throw LegacyRefusal(405, "The method \(call.method) is not allowed for this resource.")
        default: throw LegacyRefusal(404, "The resource could not be found.")
        }
    }

    private func versions(_ call: LegacyCall) -> LegacyAnswer {
        let host = call[header: "host"] ?? ""
        let versions = ["v1.1", "v1.0"].map { id -> JSONValue in
            [
                "id": .string(id), "status": "DEPRECATED",
                "links": [["rel": "self", "href": .string("http://\(host)/v1/")]],
            ]
        }
        return .json(
            ["versions": .array(versions)], status: call.path == ["versions"] ? 200 : 300)
    }

    private func show(_ call: LegacyCall) throws(LegacyRefusal) -> LegacyAnswer {
        let image = try image(call.path[2])
        return LegacyAnswer(headers: image.headers)
    }

    private func data(_ call: LegacyCall) throws(LegacyRefusal) -> LegacyAnswer {
        let image = try image(call.path[2])
        guard image.status == "active" else {
            throw LegacyRefusal(404, "Image \(image.id) is not active")
        }
        let data = try image.location.map { (url) throws(LegacyRefusal) in try fetch(url) }
        return LegacyAnswer(
            headers: image.headers + [("Content-Type", "application/octet-stream")],
            body: data ?? image.data)
    }

    private func image(_ id: String) throws(LegacyRefusal) -> LegacyStoredImage {
        try withState { (state) throws(LegacyRefusal) in state.images[try state.index(of: id)] }
    }

    /// `Guarded.withLock` with the errors of this service.
    func withState<Value: Sendable>(
        _ body: (inout sending State) throws(LegacyRefusal) -> sending Value
    ) throws(LegacyRefusal) -> Value {
        try state.withLock(body)
    }
}

/// Returns `2016-11-21T03:04:05.000006`: UTC, although the text does not state it.
func legacyTime(_ microseconds: Int64) -> String {
    let seconds = Date(timeIntervalSince1970: Double(microseconds / 1_000_000))
    let text = seconds.formatted(.iso8601.dateTimeSeparator(.standard)).dropLast()
    return text + "." + String("\(1_000_000 + microseconds % 1_000_000)".dropFirst())
}
