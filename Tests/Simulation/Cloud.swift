// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Basics
import Digests
import HTTPTransport

/// A simulated Image service and its Keystone, by the rules that the real ones
/// were seen to keep.
///
/// `@unchecked Sendable`: touched by the thread of its timeline alone.
final class Cloud: @unchecked Sendable {
    struct Record: Sendable {
        var id: String
        var fields: [String: JSONValue]
        /// Created by the process, and not by anybody else.
        var isOurs: Bool
        /// Which source it is a copy of, by its name.
        var sourceNumber: Int?
        var data: [UInt8]?
        var staged: [UInt8]?
        /// The body or import that it is busy with.
        var work = 0
        var tasks: [[String: JSONValue]] = []
        var members: [String] = []
        var isMangled = false
        var wasPublished = false
        /// The hosts whose journal was lost while it stood there with its data, or was
        /// getting that from the service.
        var forgottenBy: Set<Int> = []
        /// The host whose body or import it has, or had last.
        var sender: Int?
        /// The hosts that began a body or an import here, or died about to, and have
        /// not seen it empty since: whose it is, they cannot tell.
        var senders: Set<Int> = []
        /// Whether each host, when it last looked, saw data in it or arriving, and
        /// whether others had seen it then. The service cannot be told to delete only
        /// what is still as it was.
        var seenFilled: [Int: Bool] = [:]
        var seenPublished: [Int: Bool] = [:]
        /// There is a connection behind the body that it is busy with.
        var isArriving = false
        /// Milliseconds since 1970.
        var updatedAt: Int64 = 0

        /// Others see it, or have.
        var isPublished: Bool { wasPublished || fields["visibility"] != "private" }

        /// The journal of the host that made it was lost.
        var isOrphaned: Bool { sender.map { forgottenBy.contains($0) } ?? false }

        var status: String {
            get { fields["status"]?.string ?? "" }
            set { fields["status"] = .string(newValue) }
        }
    }

    let name: String
    /// Nil for the source.
    let target: Scenario.Target?
    unowned let world: World
    private(set) var records: [String: Record] = [:]
    private var burned: Set<String> = []
    private var token = 0
    private var count = 0
    private var taken: Set<Int>

    init(_ name: String, of world: World, target: Scenario.Target?) {
        self.name = name
        self.world = world
        self.target = target
        taken = target?.taken ?? []
    }

    private var project: String { "project-\(name)" }

    private func next() -> Int {
        count += 1
        return count
    }

    // MARK: What stands there before

    func addSource(_ source: Scenario.Source) {
        var fields: [String: JSONValue] = [
            "name": .string(source.name), "visibility": .string(source.visibility),
            "protected": .bool(source.isProtected), "os_hidden": .bool(source.isHidden),
        ]
        if let kernel = source.kernel {
            fields["kernel_id"] = .string(world.scenario.sources[kernel].id)
        }
        add(source.id, fields, isOurs: false)
        records[source.id]?.data = source.bytes
        records[source.id]?.members = source.visibility == "shared" ? ["friend"] : []
        records[source.id]?.fields["size"] = .integer(Int64(source.bytes.count))
        records[source.id]?.status = "active"
        if source.promise != .none {
            records[source.id]?.fields["checksum"] = .string(source.md5)
        }
        if source.promise == .sha512 {
            records[source.id]?.fields["os_hash_algo"] = "sha512"
            records[source.id]?.fields["os_hash_value"] = .string(source.sha512)
        }
        if source.promise == .sha256, let sum = try? digest(.sha256, of: source.bytes) {
            records[source.id]?.fields["os_hash_algo"] = "sha256"
            records[source.id]?.fields["os_hash_value"] = .string(sum.value)
        }
    }

    func addNamesake(of source: Scenario.Source, isSame: Bool) {
        let id = "f0e00000-0000-4000-8000-00000000000\(source.number)"
        add(id, ["name": .string(source.name)], isOurs: false)
        activate(id, isSame ? source.bytes : [1, 2, 3])
    }

    func addSnapshot(of record: Record) {
        let id = "5a000000-0000-4000-8000-00000000\(1000 + next())"
        var fields = record.fields
        fields["id"] = nil
        fields["status"] = nil
        add(id, fields, isOurs: false)
        records[id]?.fields["visibility"] = "private"
        records[id]?.fields["protected"] = false
        activate(id, [4, 5, 6])
    }

    /// Another image that has the source image's own id here.
    func addHolder(of source: Scenario.Source, isSame: Bool) {
        add(source.id, ["name": "holder"], isOurs: false)
        activate(source.id, isSame ? source.bytes : [7, 8, 9])
    }

    /// An image had that id, and was deleted.
    func burn(_ id: String) { burned.insert(id) }

    func isBurned(_ id: String) -> Bool { burned.contains(id) }

    private func add(_ id: String, _ fields: [String: JSONValue], isOurs: Bool) {
        var all: [String: JSONValue] = [
            "id": .string(id), "status": "queued", "visibility": "private", "protected": false,
            "os_hidden": false, "disk_format": "raw", "container_format": "bare", "tags": [],
            "min_disk": 0, "min_ram": 0, "size": nil, "checksum": nil, "os_hash_algo": nil,
            "os_hash_value": nil, "created_at": .string("2026-\(1_000_000 + next())"),
            "owner": .string(project),
        ]
        for (key, value) in fields { all[key] = value }
        let name = all["name"]?.string ?? ""
        let digits = name.dropFirst(3).prefix { $0.isNumber }
        records[id] = Record(
            id: id, fields: all, isOurs: isOurs,
            sourceNumber: name.hasPrefix("img") ? Int(digits) : nil,
            updatedAt: world.timeline.now)
    }

    /// As a client gets it.
    private func shown(_ record: Record) -> JSONValue {
        var fields = record.fields
        fields["updated_at"] = .string(UTCText.text(record.updatedAt))
        return .object(fields)
    }

    /// A host was told of a record as it was.
    func isSeen(_ record: Record, by host: Host) {
        let isFilled = record.isArriving || record.data != nil
        records[record.id]?.seenFilled[host.number] = isFilled
        records[record.id]?.seenPublished[host.number] = record.isPublished
        if !isFilled, record.status == "queued" { records[record.id]?.senders.remove(host.number) }
    }

    /// What that host finds in the record may be its own from now on.
    func isSentTo(_ id: String, by host: Host) { records[id]?.senders.insert(host.number) }

    private func changed(_ id: String) { records[id]?.updatedAt = world.timeline.now }

    func remove(_ id: String) {
        records[id] = nil
        burned.insert(id)
    }

    /// Nobody remembers any more what was made here.
    func forget(_ host: Host) {
        for id in records.keys where records[id]?.status == "active" {
            records[id]?.forgottenBy.insert(host.number)
        }
    }

    private func activate(_ id: String, _ bytes: [UInt8]) {
        let source = records[id]?.sourceNumber.map { world.scenario.sources[$0] }
        let isTrue = source?.bytes == bytes
        records[id]?.data = bytes
        records[id]?.staged = nil
        records[id]?.status = "active"
        changed(id)
        records[id]?.fields["size"] = .integer(Int64(bytes.count))
        records[id]?.fields["checksum"] = .string(
            isTrue ? source?.md5 ?? "" : Self.sum(.md5, bytes))
        if let algorithm = target?.algorithm {
            records[id]?.fields["os_hash_algo"] = .string(algorithm.rawValue)
            records[id]?.fields["os_hash_value"] = .string(
                isTrue && algorithm == .sha512
                    ? source?.sha512 ?? "" : Self.sum(algorithm, bytes))
        }
        records[id]?.fields["os_glance_importing_to_stores"] = nil
        world.say(
            "\(name)/\(id) is active, \(bytes.count) bytes\(isTrue ? "" : ", not its source's")")
    }

    private static func sum(_ algorithm: Checksum.Algorithm, _ bytes: [UInt8]) -> String {
        (try? digest(algorithm, of: bytes).value) ?? ""
    }

    // MARK: Small requests

    func answer(
        _ request: HTTPRequest, _ path: [String], _ query: String, from host: Host
    ) -> HTTPResponse {
        if path == ["identity", "v3", "auth", "tokens"] { return issueToken() }
        if let refusal = refusal(request) { return refusal }
        let body = request.body.flatMap(JSONValue.init(text:))
        guard path.first == "v2" else { return Self.refuse(404) }
        if path.dropFirst().first == "info" { return info(path) }
        guard path.dropFirst().first == "images" else { return Self.refuse(404) }
        let id = path.count > 2 ? path[2] : ""
        let part = path.count > 3 ? path[3] : ""
        if id.isEmpty { return request.method == .get ? list(query) : create(body) }
        guard let record = records[id] else { return Self.refuse(404, "No image found") }
        if request.method != .get { world.watch.touching(record, at: self, request) }
        switch (request.method, part) {
        case (.get, ""):
            return Self.json(200, shown(record))
        case (.get, "tasks"):
            // Who waits for an import may have asked for it before it died.
            isSentTo(id, by: host)
            return Self.json(200, ["tasks": .array(record.tasks.map(JSONValue.object))])
        case (.get, "members"):
            return Self.json(
                200, ["members": .array(record.members.map { ["member_id": .string($0)] })])
        case (.patch, ""): return patch(record, body)
        case (.delete, ""): return delete(record, by: host)
        case (.post, "import"): return startImport(record, body, by: host)
        case (.post, "members"): return addMember(record, body)
        default: return Self.refuse(404)
        }
    }

    /// 401, where the token is not the newest.
    func refusal(_ request: HTTPRequest) -> HTTPResponse? {
        request.headers["X-Auth-Token"] == "token-\(name)-\(token)"
            ? nil : Self.refuse(401, "The request you have made requires authentication.")
    }

    func endToken() { token += 1 }

    private func issueToken() -> HTTPResponse {
        var response = Self.json(
            201,
            [
                "token": [
                    "project": ["id": .string(project)], "roles": [["name": "member"]],
                    "issued_at": "2026-11-21T00:00:00.000000Z",
                    "expires_at": "2026-11-22T00:00:00.000000Z",
                ]
            ])
        response.headers["X-Subject-Token"] = "token-\(name)-\(token)"
        return response
    }

    private func info(_ path: [String]) -> HTTPResponse {
        switch path.last {
        case "import":
            let methods: JSONValue = ["glance-direct", "web-download", "glance-download"]
            return Self.json(200, ["import-methods": ["value": methods]])
        case "usage": return Self.json(200, ["usage": [:]])
        default: return Self.refuse(404)
        }
    }

    private func list(_ query: String) -> HTTPResponse {
        let items = Set(query.split(separator: "&").map(String.init))
        let limit = items.first { $0.hasPrefix("limit=") }.flatMap { Int($0.dropFirst(6)) } ?? 25
        let found = records.values.filter { record in
            record.fields["os_hidden"]?.bool == items.contains("os_hidden=true")
                && (!items.contains("status=active") || record.status == "active")
        }.sorted { one, other in
            (one.fields["created_at"]?.string ?? "") > (other.fields["created_at"]?.string ?? "")
        }
        // More than a page there never is, and one is asked for to see the newest.
        return Self.json(
            200, ["images": .array(found.prefix(limit).map(shown))])
    }

    private func create(_ body: JSONValue?) -> HTTPResponse {
        guard let fields = body?.object else { return Self.refuse(400) }
        let id = fields["id"]?.string ?? "0dd00000-0000-4000-8000-00000000\(1000 + next())"
        let number = (fields["name"]?.string ?? "").dropFirst(3).prefix { $0.isNumber }
        if let number = Int(number), taken.remove(number) != nil, records[id] == nil {
            // It has been there all the time.
            add(id, ["name": "somebody's"], isOurs: false)
            activate(id, [9, 9])
        }
        guard records[id] == nil, !burned.contains(id) else {
            return Self.refuse(409, "Image ID \(id) already exists!")
        }
        let row = world.watch.rows.first { $0.imageID == id && $0.targetKey == name }
        if row == nil {
            world.violation("\(name)/\(id) is created and no row of the journal intends it")
        }
        add(id, fields, isOurs: true)
        if records[id]?.fields["visibility"] != "private" {
            world.violation("\(name)/\(id) is created for others to see")
        }
        return Self.json(201, records[id].map(shown) ?? .null)
    }

    private func patch(_ given: Record, _ body: JSONValue?) -> HTTPResponse {
        var record = given
        for operation in body?.array ?? [] {
            let key = String(operation["path"]?.string?.dropFirst() ?? "")
            if key == "visibility", operation["value"] == "public", target?.allowsPublic != true {
                return Self.refuse(403, "You are not authorized to publicize_image")
            }
            record.fields[key] = operation["op"] == "remove" ? nil : operation["value"]
        }
        let keys = ["visibility", "protected", "os_hidden"]
        if keys.contains(where: { record.fields[$0] != given.fields[$0] }) {
            world.watch.published(given, at: self)
            record.wasPublished = true
        }
        record.updatedAt = world.timeline.now
        records[given.id] = record
        return Self.json(200, shown(record))
    }

    private func delete(_ record: Record, by host: Host) -> HTTPResponse {
        world.watch.deleting(record, at: self, by: host)
        if record.fields["protected"] == true { return Self.refuse(403, "Image is protected") }
        remove(record.id)
        return HTTPResponse(status: 204)
    }

    private func addMember(_ record: Record, _ body: JSONValue?) -> HTTPResponse {
        guard record.fields["visibility"] == "shared" else { return Self.refuse(403) }
        let member = body?["member"]?.string ?? ""
        guard !record.members.contains(member) else { return Self.refuse(409) }
        world.watch.published(record, at: self)
        records[record.id]?.members.append(member)
        return Self.json(200, ["member_id": .string(member)])
    }

    // MARK: Bodies

    /// - Returns: the number of the body, or why there will be none.
    func beginBody(
        _ request: HTTPRequest, _ path: [String], from host: Host
    ) -> Result<Int, Refusal> {
        if let refusal = refusal(request) { return .failure(Refusal(refusal)) }
        guard path.count > 3, var record = records[path[2]] else {
            return .failure(Refusal(Self.refuse(404, "No image found")))
        }
        world.watch.touching(record, at: self, request)
        guard record.status == "queued" else {
            return .failure(
                Refusal(
                    Self.refuse(
                        409,
                        "Image status transition from \(record.status) to saving is not allowed")))
        }
        if record.fields["checksum"] != .null {
            world.violation("\(name)/\(record.id) is sent to, and a refused body has spoiled it")
            return .failure(Refusal(Self.refuse(500, "The data of this image exists already")))
        }
        record.work = next()
        record.status = path[3] == "stage" ? "uploading" : "saving"
        record.sender = host.number
        record.isArriving = true
        record.isMangled = false
        records[record.id] = record
        changed(record.id)
        return .success(record.work)
    }

    /// The connection broke: the service notices sooner, later or never.
    func breakBody(_ id: String, _ work: Int) {
        if records[id]?.work == work { records[id]?.isArriving = false }
        let delay: Int64?
        switch world.isCalm ? 0 : world.chance.below(20) {
        case 0..<16: delay = world.chance.milliseconds(50...1000)
        case 16..<19: delay = world.chance.milliseconds(5000...65_000)
        default: delay = nil
        }
        guard let delay else { return world.say("\(name)/\(id) stays busy for ever") }
        world.timeline.after(delay) { [self] in
            guard records[id]?.work == work, records[id]?.status != "active" else { return }
            world.say("\(name)/\(id) is queued again")
            records[id]?.status = "queued"
            changed(id)
        }
    }

    /// The whole body is there.
    func endBody(_ id: String, _ work: Int, isStaged: Bool, _ given: [UInt8]) -> HTTPResponse {
        guard let record = records[id], record.work == work else {
            return Self.refuse(410, "Image \(id) could not be found after upload")
        }
        var bytes = given
        records[id]?.isArriving = false
        changed(id)
        if world.happens(0.6) {
            // What was refused leaves its digest on the record.
            records[id]?.status = "queued"
            guard !isStaged else { return Self.refuse(415, "the format does not match") }
            records[id]?.fields["checksum"] = .string(Self.sum(.md5, bytes))
            records[id]?.fields["os_hash_algo"] = "sha512"
            records[id]?.fields["os_hash_value"] = .string(Self.sum(.sha512, bytes))
            return Self.refuse(415, "the format does not match")
        }
        if world.happens(0.3), let first = bytes.first {
            world.say("\(name)/\(id) is damaged on its way")
            bytes[0] = first ^ 0x80
            records[id]?.isMangled = true
        }
        if isStaged {
            records[id]?.staged = bytes
        } else {
            activate(id, bytes)
            if records[id]?.isMangled == false {
                world.watch.becameActive(record, bytes, at: self)
            }
        }
        return HTTPResponse(status: 204)
    }

    func data(
        _ request: HTTPRequest, _ path: [String]
    ) -> (head: HTTPResponse, bytes: [UInt8], source: Scenario.Source?) {
        if let refusal = refusal(request) { return (refusal, [], nil) }
        guard path.count > 3, let record = records[path[2]] else {
            return (Self.refuse(404, "No image found"), [], nil)
        }
        guard let data = record.data else { return (HTTPResponse(status: 204), [], nil) }
        let number = target == nil ? record.sourceNumber : nil
        let source = number.map { world.scenario.sources[$0] }
        let bytes = source?.given ?? data
        return (
            HTTPResponse(status: 200, headers: ["Content-Length": String(bytes.count)]), bytes,
            source
        )
    }

    // MARK: Imports

    private func startImport(
        _ given: Record, _ body: JSONValue?, by host: Host
    ) -> HTTPResponse {
        var record = given
        let id = record.id
        let method = body?["method"]?["name"]?.string ?? ""
        if record.tasks.contains(where: { $0["status"] == "processing" }) {
            return Self.refuse(409, "Image has active task")
        }
        guard record.status == (method == "glance-direct" ? "uploading" : "queued"),
            method != "glance-direct" || record.staged != nil
        else {
            return Self.refuse(409, "Image status is \(record.status)")
        }
        let fetched = fetched(body?["method"] ?? .null)
        guard method == "glance-direct" || fetched != nil else {
            return Self.refuse(400, "cannot fetch that")
        }
        record.work = next()
        record.sender = host.number
        record.updatedAt = world.timeline.now
        let work = record.work
        let losses = host.losses
        let fate = world.happens() ? 1 + world.chance.below(4) : 0
        if fate == 1 {
            // Accepted, and nobody ever begins.
            records[id] = record
            return HTTPResponse(status: 202)
        }
        if fate != 2 { record.status = "importing" }
        record.fields["os_glance_importing_to_stores"] = "fast"
        record.tasks.append([
            "id": .string("task-\(work)"), "status": "processing", "message": "",
            "type": "api_image_import", "created_at": .string("2026-\(1_000_000 + work)"),
            "input": ["import_req": ["method": ["name": .string(method)]]],
        ])
        records[id] = record
        let delay = world.chance.milliseconds(
            fate == 4 ? 600_000...2_000_000 : world.isCalm ? 100...3000 : 100...60_000)
        world.timeline.after(delay) { [self] in
            endImport(id, work, hasFailed: fate == 2 || fate == 3, fetched, isSilent: fate == 2)
            if host.losses > losses, records[id]?.work == work, records[id]?.status == "active" {
                records[id]?.forgottenBy.insert(host.number)
            }
        }
        return HTTPResponse(status: 202)
    }

    private func endImport(
        _ id: String, _ work: Int, hasFailed: Bool, _ fetched: (bytes: [UInt8], isWhole: Bool)?,
        isSilent: Bool
    ) {
        guard let record = records[id], record.work == work else { return }
        let index = record.tasks.count - 1
        if hasFailed || fetched?.isWhole == false {
            world.say("the import of \(name)/\(id) fails")
            records[id]?.status = "queued"
            changed(id)
            records[id]?.staged = nil
            records[id]?.tasks[index]["status"] = "failure"
            records[id]?.tasks[index]["message"] = "Internal Error"
            if !isSilent {
                records[id]?.fields["os_glance_importing_to_stores"] = ""
                records[id]?.fields["os_glance_failed_import"] = "fast"
            }
            return
        }
        records[id]?.tasks[index]["status"] = "success"
        let isThroughUs = fetched == nil
        activate(id, fetched?.bytes ?? record.staged ?? [])
        if isThroughUs, !record.isMangled {
            world.watch.becameActive(record, record.staged ?? [], at: self)
        }
    }

    /// What the service reads by itself; nil where it cannot or need not.
    private func fetched(_ method: JSONValue) -> (bytes: [UInt8], isWhole: Bool)? {
        let source: Scenario.Source?
        switch method["name"]?.string {
        case "web-download":
            let file = method["uri"]?.string?.split(separator: "/").last.map(String.init)
            source = world.scenario.sources.first { $0.isURL && $0.file == file }
        case "glance-download":
            let id = method["glance_image_id"]?.string
            source = world.scenario.sources.first { !$0.isURL && $0.id == id }
        default: return nil
        }
        guard let source else { return nil }
        var bytes = source.given
        // A body that ends early is noticed where its length was declared.
        let isWhole = !source.breaksOff && !world.happens(0.5)
        if !isWhole { bytes = Array(bytes.dropLast()) }
        return (bytes, isWhole)
    }

    // MARK: Answers

    struct Refusal: Error {
        let response: HTTPResponse

        init(_ response: HTTPResponse) {
            self.response = response
        }
    }

    static func refuse(_ status: Int, _ text: String = "no") -> HTTPResponse {
        HTTPResponse(status: status, body: Array(text.utf8))
    }

    private static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/json"], body: value.text)
    }
}
