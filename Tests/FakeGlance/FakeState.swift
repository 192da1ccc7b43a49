// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import FoundationEssentials
import Synchronization
import TestSupport

/// What a fake service holds, and its answers.
final class FakeState: Sendable {
    struct Script: Sendable {
        var times: Int
        var reply: Reply
        var matches: @Sendable (ReceivedRequest) -> Bool
    }

    struct Contents: Sendable {
        var images: [String: [String: JSONValue]] = [:]
        var data: [String: [UInt8]] = [:]
        var tasks: [String: [[String: JSONValue]]] = [:]
        var members: [String: [String]] = [:]
        var burned: Set<String> = []
        var scripts: [Script] = []
        /// Imports that were asked for and have not ended.
        var imports: Set<String> = []
        var endsImports = false
    }

    let contents = Mutex(Contents())

    static func blank(_ id: String) -> [String: JSONValue] {
        [
            "id": .string(id), "status": "queued", "visibility": "private", "protected": false,
            "os_hidden": false, "disk_format": "raw", "container_format": "bare", "tags": [],
            "min_disk": 0, "min_ram": 0, "size": nil, "checksum": nil, "os_hash_algo": nil,
            "os_hash_value": nil, "created_at": "2026-11-21T00:00:00Z",
        ]
    }

    func store(_ data: [UInt8], in id: String) throws {
        let md5 = try digest(.md5, of: data).value
        let sha512 = try digest(.sha512, of: data).value
        contents.withLock { contents in
            var record = contents.images[id] ?? Self.blank(id)
            record["status"] = "active"
            record["size"] = .integer(Int64(data.count))
            record["checksum"] = .string(md5)
            record["os_hash_algo"] = "sha512"
            record["os_hash_value"] = .string(sha512)
            contents.images[id] = record
            contents.data[id] = data
        }
    }

    func scripted(_ request: ReceivedRequest) -> Reply? {
        contents.withLock { contents in
            guard
                let index = contents.scripts.firstIndex(where: {
                    $0.times > 0 && $0.matches(request)
                })
            else { return nil }
            contents.scripts[index].times -= 1
            return contents.scripts[index].reply
        }
    }

    // MARK: Answers

    func reply(to request: ReceivedRequest) -> Reply {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.starts(with: ["v2", "images"]) else { return .status(404) }
        let id = parts.count > 2 ? parts[2] : ""
        switch (request.method, parts.dropFirst(3).first) {
        case ("GET", nil) where id.isEmpty: return list(request)
        case ("POST", nil): return Reply { self.create($0) }
        case ("GET", nil):
            endImport(id)
            return .json(contents.withLock { $0.images[id] })
        case ("PATCH", nil): return Reply { self.patch(id, $0) }
        case ("DELETE", nil): return delete(id)
        case ("GET", "file"): return download(id)
        case ("PUT", "file"), ("PUT", "stage"):
            return Reply { self.take(id, isStaged: parts[3] == "stage", $0) }
        case ("POST", "import"): return startImport(id)
        case ("GET", "tasks"):
            return .json([
                "tasks": .array(contents.withLock { $0.tasks[id] ?? [] }.map(JSONValue.object))
            ])
        case ("GET", "members"):
            let members = contents.withLock { $0.members[id] ?? [] }
            return .json(["members": .array(members.map { ["member_id": .string($0)] })])
        case ("POST", "members"): return Reply { self.addMember(id, $0) }
        default: return .status(404)
        }
    }

    private func list(_ request: ReceivedRequest) -> Reply {
        let query = request.target.split(separator: "?").dropFirst().first ?? ""
        let isHidden = query.contains("os_hidden=true")
        guard !query.contains("marker=") else { return .json(["images": []]) }
        let images = contents.withLock { $0.images }.sorted { $0.key < $1.key }.map(\.value)
            .filter { ($0["os_hidden"]?.bool ?? false) == isHidden }
            .filter { !query.contains("status=active") || $0["status"] == "active" }
        return .json(["images": .array(images.map(JSONValue.object))])
    }

    private func create(_ exchange: RawExchange) {
        exchange.readBody()
        guard let fields = json(exchange.received.body)?.object else { return exchange.answer(400) }
        let id = fields["id"]?.string ?? "generated"
        let isTaken = contents.withLock { contents in
            if contents.images[id] != nil || contents.burned.contains(id) { return true }
            contents.images[id] = Self.blank(id).merging(fields) { $1 }
            return false
        }
        if isTaken { return exchange.answer(409, "Image ID \(id) already exists!") }
        exchange.answer(201, .object(contents.withLock { $0.images[id] ?? [:] }))
    }

    private func patch(_ id: String, _ exchange: RawExchange) {
        exchange.readBody()
        let operations = json(exchange.received.body)?.array ?? []
        let record: [String: JSONValue]? = contents.withLock { contents in
            guard var record = contents.images[id] else { return nil }
            for operation in operations {
                let key = String(operation["path"]?.string?.dropFirst() ?? "")
                record[key] = operation["op"] == "remove" ? nil : operation["value"]
            }
            contents.images[id] = record
            return record
        }
        guard let record else { return exchange.answer(404, "No image") }
        exchange.answer(200, .object(record))
    }

    private func delete(_ id: String) -> Reply {
        contents.withLock { contents in
            guard let record = contents.images[id] else { return .status(404) }
            if record["protected"] == true { return .status(403, text: "it is protected") }
            contents.images[id] = nil
            contents.data[id] = nil
            contents.burned.insert(id)
            return .status(204)
        }
    }

    private func download(_ id: String) -> Reply {
        contents.withLock { contents in
            guard contents.images[id] != nil else { return .status(404, text: "No image") }
            guard let data = contents.data[id] else { return .status(204) }
            return .status(200, body: data)
        }
    }

    /// Bodies up to 1 MiB: what a received request keeps.
    private func take(_ id: String, isStaged: Bool, _ exchange: RawExchange) {
        let status = contents.withLock { $0.images[id]?["status"] }
        guard let status else { return exchange.answer(404, "No image") }
        guard status == "queued" else {
            return exchange.answer(409, "Image status transition from \(status) is not allowed")
        }
        let word: JSONValue = isStaged ? "uploading" : "saving"
        contents.withLock { $0.images[id]?["status"] = word }
        guard exchange.readBody() else {
            contents.withLock { $0.images[id]?["status"] = "queued" }
            return exchange.close()
        }
        if isStaged {
            contents.withLock { $0.data[id] = exchange.received.body }
        } else {
            try? store(exchange.received.body, in: id)
        }
        exchange.sendHead(204)
    }

    private func endImport(_ id: String) {
        let data = contents.withLock { contents in
            contents.endsImports && contents.imports.remove(id) != nil ? contents.data[id] : nil
        }
        guard let data else { return }
        try? store(data, in: id)
        contents.withLock { contents in
            let last = (contents.tasks[id]?.count ?? 0) - 1
            if last >= 0 { contents.tasks[id]?[last]["status"] = "success" }
        }
    }

    private func startImport(_ id: String) -> Reply {
        Reply { exchange in
            exchange.readBody()
            let isStarted = self.contents.withLock { contents in
                guard contents.images[id]?["status"] == "uploading" else { return false }
                contents.images[id]?["status"] = "importing"
                contents.imports.insert(id)
                contents.tasks[id, default: []].append([
                    "id": "task-1", "status": "processing", "message": "Copied 0 MiB",
                    "created_at": "2026-11-21T00:00:01Z",
                ])
                return true
            }
            exchange.answer(isStarted ? 202 : 409, isStarted ? "" : "it is in another state")
        }
    }

    private func addMember(_ id: String, _ exchange: RawExchange) {
        exchange.readBody()
        let member = json(exchange.received.body)?["member"]?.string ?? ""
        let status = contents.withLock { contents in
            guard contents.images[id]?["visibility"] == "shared" else { return 403 }
            if contents.members[id]?.contains(member) == true { return 409 }
            contents.members[id, default: []].append(member)
            return 200
        }
        exchange.answer(status, ["member_id": .string(member)])
    }
}

private func json(_ body: [UInt8]) -> JSONValue? {
    try? JSONDecoder().decode(JSONValue.self, from: Data(body))
}

extension Reply {
    /// 200 with this record, or 404.
    fileprivate static func json(_ record: [String: JSONValue]?) -> Reply {
        guard let record else { return .status(404, text: "No image found") }
        return Reply { exchange in
            exchange.readBody()
            exchange.answer(200, .object(record))
        }
    }
}

extension RawExchange {
    fileprivate func answer(_ status: Int, _ value: JSONValue) {
        let body = (try? JSONEncoder().encode(value)).map { [UInt8]($0) } ?? []
        sendHead(
            status, [("Content-Length", "\(body.count)"), ("Content-Type", "application/json")])
        send(body)
    }

    fileprivate func answer(_ status: Int, _ text: String = "no") {
        sendHead(status, [("Content-Length", "\(text.utf8.count)")])
        send(text)
    }
}
