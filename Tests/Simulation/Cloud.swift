// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceModel
import HTTPTransport
import MigrationModel

/// A simulated cloud: the model of its Image service and Keystone, and the facts about each image
/// that only the simulation knows.
///
/// The model holds the rules of the service. This type draws the faults, ends imports in simulated
/// time, and shows every change to the watch.
///
/// `@unchecked Sendable`: only the thread of its timeline touches it.
final class Cloud: @unchecked Sendable {
    /// An image of the model, with the simulation's notes on it.
    @dynamicMemberLookup struct Record: Sendable {
        var image: GlanceModel.Image
        var note: Note

        subscript<Value>(dynamicMember path: KeyPath<GlanceModel.Image, Value>) -> Value {
            image[keyPath: path]
        }

        subscript<Value>(dynamicMember path: KeyPath<Note, Value>) -> Value {
            note[keyPath: path]
        }

        /// True if others see the image, or have seen it.
        var isPublished: Bool {
            note.wasPublished || image.fields["visibility"] != "private"
        }

        /// True if the service reports the image as empty, but has kept the checksum of a refused
        /// body.
        var isSpoiled: Bool { image.status == "queued" && image.fields["checksum"] != .null }
    }

    /// Facts about an image that no client of the service can know.
    struct Note: Sendable {
        /// True if the process created the image.
        var isOurs: Bool
        /// The source that the image is a copy of, found by its name.
        var sourceNumber: Int?
        /// True if the service damaged the data on arrival.
        var isMangled = false
        var wasPublished = false
        /// True if the image ever had the name of the series of the nights.
        var wasNamed = false
        /// The hosts that lost their journal while the image was active, or while the service was
        /// fetching its data.
        var forgottenBy: Set<Int> = []
        /// The host that sent its latest body or requested its latest import.
        var sender: Int?
        /// The hosts that began a body or an import for this image, or died just before, and have
        /// not seen the image empty since then. They cannot know whose data it holds.
        var senders: Set<Int> = []
        /// By host: true if it saw data in the image, or arriving, at its latest look; and true if
        /// others could see the image at that time. A host's knowledge may be older than a change:
        /// the service cannot delete an image on the condition that it has not changed.
        var seenFilled: [Int: Bool] = [:]
        var seenPublished: [Int: Bool] = [:]
        /// True while the connection that carries its body is open.
        var isArriving = false
        /// The hosts that know that a refused body has spoiled the image: they sent that body, or
        /// they have looked since. Another host may be sending a body.
        var knownSpoiledBy: Set<Int> = []
        /// The latest complete body, as the process sent it.
        var sent: [UInt8]?

        /// True if the host that made the image lost its journal.
        var isOrphaned: Bool { sender.map { forgottenBy.contains($0) } ?? false }
    }

    let name: String
    /// The target of the cloud; nil for the source.
    let target: Scenario.Target?
    unowned let world: World
    private var model: GlanceModel
    private var notes: [String: Note] = [:]
    private var taken: Set<Int>

    init(_ name: String, of world: World, target: Scenario.Target?) {
        self.name = name
        self.world = world
        self.target = target
        taken = target?.taken ?? []
        var settings = GlanceModel.Settings()
        settings.caller = GlanceModel.Caller(project: "project-\(name)")
        settings.needsToken = true
        settings.allowsPublic = target?.allowsPublic ?? false
        settings.hashAlgorithm = target?.algorithm
        settings.importMethods = ["glance-direct", "web-download", "glance-download"]
        settings.stores = ["fast"]
        let sources = world.scenario.sources
        // Digests are most of the work of a simulation. Those of complete sources are known.
        settings.digest = { algorithm, bytes in
            if algorithm == .md5 || algorithm == .sha512,
                let source = sources.first(where: { $0.bytes == bytes })
            {
                return algorithm == .md5 ? source.md5 : source.sha512
            }
            return (try? digest(algorithm, of: bytes).value) ?? ""
        }
        model = GlanceModel(settings)
    }

    var records: [String: Record] {
        model.images.reduce(into: [:]) { records, image in
            records[image.key] = record(image.key)
        }
    }

    func record(_ id: String) -> Record? {
        guard let image = model[id], let note = notes[id] else { return nil }
        return Record(image: image, note: note)
    }

    // MARK: What is there before

    func addSource(_ source: Scenario.Source) {
        var fields: [String: JSONValue] = [
            "name": .string(source.name), "visibility": .string(source.visibility),
            "protected": .bool(source.isProtected), "os_hidden": .bool(source.isHidden),
            "size": .integer(Int64(source.bytes.count)), "status": "active",
        ]
        if let kernel = source.kernel {
            fields["kernel_id"] = .string(world.scenario.sources[kernel].id)
        }
        if source.promise != .none { fields["checksum"] = .string(source.md5) }
        if source.promise == .sha512 {
            fields["os_hash_algo"] = "sha512"
            fields["os_hash_value"] = .string(source.sha512)
        }
        if source.promise == .sha256, let sum = try? digest(.sha256, of: source.bytes) {
            fields["os_hash_algo"] = "sha256"
            fields["os_hash_value"] = .string(sum.value)
        }
        add(source.id, fields)
        model[source.id]?.data = source.bytes
        if source.visibility == "shared" {
            model[source.id]?.members = [.init(project: "friend")]
        }
    }

    func addNamesake(of source: Scenario.Source, isSame: Bool) {
        let id = "f0e00000-0000-4000-8000-00000000000\(source.number)"
        add(id, ["name": .string(source.name)], data: isSame ? source.bytes : [1, 2, 3])
    }

    private static let snapshotIDStart = "5a000000-0000-4000-8000-00000000"

    func hasSnapshot(of source: Scenario.Source) -> Bool {
        records.values.contains {
            $0.id.hasPrefix(Self.snapshotIDStart) && $0.fields["name"]?.string == source.name
        }
    }

    func addSnapshot(of record: Record) {
        snapshots += 1
        let id = "\(Self.snapshotIDStart)\(1000 + snapshots)"
        var fields = record.image.fields
        for key in ["id", "status", "created_at", "self", "file"] { fields[key] = nil }
        fields["visibility"] = "private"
        fields["protected"] = false
        add(id, fields, data: [4, 5, 6])
    }

    private var snapshots = 0

    /// Adds another image that has the source image's own id at this cloud.
    func addHolder(of source: Scenario.Source, isSame: Bool) {
        add(source.id, ["name": "holder"], data: isSame ? source.bytes : [7, 8, 9])
    }

    /// Marks the id as that of a deleted image.
    func burn(_ id: String) { model.remove(id) }

    func isBurned(_ id: String) -> Bool { model.deletedIDs.contains(id) }

    func add(_ id: String, _ fields: [String: JSONValue], data: [UInt8]? = nil) {
        setClock()
        model.put(id, fields)
        notes[id] = note(on: fields["name"]?.string ?? "", isOurs: false)
        guard let data else { return }
        model.store(data, in: id)
        say(id, data)
    }

    /// Changes fields of an image without the API.
    func set(_ fields: [String: JSONValue], of id: String) {
        model[id]?.fields.merge(fields) { $1 }
    }

    private func note(on name: String, isOurs: Bool) -> Note {
        let digits = name.dropFirst(3).prefix { $0.isNumber }
        return Note(isOurs: isOurs, sourceNumber: name.hasPrefix("img") ? Int(digits) : nil)
    }

    private func say(_ id: String, _ data: [UInt8]) {
        let source = notes[id]?.sourceNumber.map { world.scenario.sources[$0] }
        let words = source?.bytes == data ? "" : ", not its source's"
        world.say("\(name)/\(id) is active, \(data.count) bytes\(words)")
    }

    private func setClock() { model.nowMilliseconds = world.timeline.now }

    // MARK: What others know of it

    /// Notes that a host received a record in its current state.
    func isSeen(_ record: Record, by host: Host) {
        let isFilled = record.isArriving || record.data != nil
        notes[record.id]?.seenFilled[host.number] = isFilled
        notes[record.id]?.seenPublished[host.number] = record.isPublished
        if record.isSpoiled { notes[record.id]?.knownSpoiledBy.insert(host.number) }
        if !isFilled, record.status == "queued" { notes[record.id]?.senders.remove(host.number) }
    }

    /// Notes that data which that host finds in the record from now on may be its own.
    func isSentTo(_ id: String, by host: Host) { notes[id]?.senders.insert(host.number) }

    func remove(_ id: String) {
        model.remove(id)
        notes[id] = nil
    }

    /// Notes that the host no longer knows which images it made at this cloud.
    func forget(_ host: Host) {
        for (id, image) in model.images where image.status == "active" {
            notes[id]?.forgottenBy.insert(host.number)
        }
    }

    func endToken() { model.endTokens() }

    // MARK: Small requests

    /// Returns the answer to a request, without its effect.
    func pretend(_ request: HTTPRequest) -> HTTPResponse {
        setClock()
        var other = model
        return other.answer(ModelRequest(request))
    }

    func answer(_ request: HTTPRequest, from host: Host) -> HTTPResponse {
        setClock()
        let asked = ModelRequest(request)
        if asked.path.suffix(2) == ["auth", "tokens"] || model.caller(of: asked) == nil {
            return model.answer(asked)
        }
        if asked.method == .post, asked.path == ["v2", "images"] { return create(asked) }
        guard let id = asked.id, let record = record(id) else { return model.answer(asked) }
        if asked.method != .get { world.watch.touching(record, at: self, request) }
        switch (asked.method, asked.part) {
        case (.get, "tasks"):
            // A process that waits for an import may have requested it before it died.
            isSentTo(id, by: host)
        case (.delete, ""): world.watch.deleting(record, at: self, by: host)
        case (.post, "import"): return startImport(record, asked, by: host)
        default: break
        }
        let response = model.answer(asked)
        if response.isSuccess { hasChanged(record, asked) }
        return response
    }

    private func hasChanged(_ before: Record, _ request: ModelRequest) {
        switch (request.method, request.part) {
        case (.delete, ""): notes[before.id] = nil
        case (.post, "members"): world.watch.published(before, at: self)
        case (.patch, ""):
            let after = model[before.id]?.fields ?? [:]
            if [before.fields["name"], after["name"]].contains(JSONValue.string(Nights.seriesName))
            {
                notes[before.id]?.wasNamed = true
            }
            let keys = ["visibility", "protected", "os_hidden"]
            guard keys.contains(where: { after[$0] != before.fields[$0] }) else { return }
            world.watch.published(before, at: self)
            notes[before.id]?.wasPublished = true
        default: break
        }
    }

    private func create(_ request: ModelRequest) -> HTTPResponse {
        let body = request.body.isEmpty ? nil : JSONValue(text: request.body)
        let given = body?["id"]?.string
        let name = body?["name"]?.string ?? ""
        if let given, let number = Int(name.dropFirst(3).prefix { $0.isNumber }),
            taken.remove(number) != nil, model[given] == nil
        {
            // Pretends that the other image existed before.
            add(given, ["name": "someone's"], data: [9, 9])
        }
        let response = model.answer(request)
        guard response.isSuccess, let made = JSONValue(text: response.body),
            let id = made["id"]?.string
        else { return response }
        notes[id] = note(on: name, isOurs: true)
        if !world.watch.rows.contains(where: { $0.imageID == id && $0.targetKey == self.name }) {
            world.violation(
                "\(self.name)/\(id) is created and no row of the journal intends it")
        }
        if made["visibility"] != "private" {
            world.violation("\(self.name)/\(id) is created for others to see")
        }
        return response
    }

    // MARK: Bodies

    func beginBody(_ request: HTTPRequest, from host: Host) -> GlanceModel.Beginning {
        setClock()
        let asked = ModelRequest(request)
        let id = asked.id ?? ""
        if model.caller(of: asked) != nil, let record = record(id) {
            world.watch.touching(record, at: self, request)
            if record.isSpoiled, record.knownSpoiledBy.contains(host.number) {
                world.violation("\(name)/\(id) is sent to, and a refused body has spoiled it")
            }
        }
        let beginning = model.begin(asked)
        if case .taking = beginning {
            notes[id]?.sender = host.number
            notes[id]?.isArriving = true
            notes[id]?.isMangled = false
            notes[id]?.sent = nil
        }
        return beginning
    }

    /// Breaks the connection: the service notices sooner, later or never.
    func breakBody(_ id: String, _ work: Int) {
        if model[id]?.work == work { notes[id]?.isArriving = false }
        let delay: Int64?
        switch world.isCalm ? 0 : world.chance.below(20) {
        case 0..<16: delay = world.chance.milliseconds(50...1000)
        case 16..<19: delay = world.chance.milliseconds(5000...65_000)
        default: delay = nil
        }
        guard let delay else { return world.say("\(name)/\(id) stays busy for ever") }
        world.timeline.after(delay) { [self] in
            guard let image = model[id], image.work == work, image.status != "active" else {
                return
            }
            world.say("\(name)/\(id) is queued again")
            setClock()
            model.breakOff(id, work: work)
        }
    }

    /// Ends a body that has arrived completely.
    func endBody(_ request: HTTPRequest, _ work: Int, _ given: [UInt8]) -> HTTPResponse {
        setClock()
        let asked = ModelRequest(request)
        let id = asked.id ?? ""
        guard let record = record(id), record.image.work == work else {
            return model.finish(asked, work: work, body: given)
        }
        notes[id]?.isArriving = false
        notes[id]?.sent = given
        if world.happens(0.6) {
            if let sender = record.sender { notes[id]?.knownSpoiledBy.insert(sender) }
            return model.finish(asked, work: work, body: given, fault: .format)
        }
        var bytes = given
        if world.happens(0.3), let first = bytes.first {
            world.say("\(name)/\(id) is damaged on its way")
            bytes[0] = first ^ 0x80
            notes[id]?.isMangled = true
        }
        let response = model.finish(asked, work: work, body: bytes)
        if model[id]?.status == "active" {
            say(id, bytes)
            if notes[id]?.isMangled == false {
                world.watch.becameActive(record, bytes, at: self)
            }
        }
        return response
    }

    func data(
        _ request: HTTPRequest
    ) -> (head: HTTPResponse, bytes: [UInt8], source: Scenario.Source?) {
        setClock()
        var asked = ModelRequest(request)
        // The network answers ranges, correctly or not.
        asked.headers["Range"] = nil
        let number = target == nil ? notes[asked.id ?? ""]?.sourceNumber : nil
        let source = number.map { world.scenario.sources[$0] }
        var head = model.answer(asked)
        guard head.status == 200 else { return (head, [], nil) }
        let bytes = source?.given ?? head.body
        head.body = []
        head.headers = ["Content-Length": String(bytes.count)]
        return (head, bytes, source)
    }

    // MARK: Imports

    private func startImport(
        _ record: Record, _ request: ModelRequest, by host: Host
    ) -> HTTPResponse {
        let id = record.id
        var tried = model
        let response = tried.answer(request)
        guard response.isSuccess, let work = tried[id]?.work else { return response }
        let body = JSONValue(text: request.body)
        let method = body?["method"] ?? .null
        let fetched = fetched(method)
        guard method["name"] == "glance-direct" || fetched != nil else {
            return .refusal(400, "cannot fetch that")
        }
        notes[id]?.sender = host.number
        let losses = host.losses
        let fate = world.happens() ? 1 + world.chance.below(4) : 0
        // The service accepts the import and never begins it.
        if fate == 1 { return response }
        model = tried
        // The service accepts the import, and the image does not show it.
        if fate == 2 { model[id]?.status = record.status }
        let delay = world.chance.milliseconds(
            fate == 4 ? 600_000...2_000_000 : world.isCalm ? 100...3000 : 100...60_000)
        world.timeline.after(delay) { [self] in
            endImport(id, work, hasFailed: fate == 2 || fate == 3, fetched, isSilent: fate == 2)
            if host.losses > losses, model[id]?.work == work, model[id]?.status == "active" {
                notes[id]?.forgottenBy.insert(host.number)
            }
        }
        return response
    }

    private func endImport(
        _ id: String, _ work: Int, hasFailed: Bool, _ fetched: (bytes: [UInt8], isWhole: Bool)?,
        isSilent: Bool
    ) {
        guard let record = record(id), record.image.work == work else { return }
        setClock()
        if hasFailed || fetched?.isWhole == false {
            world.say("the import of \(name)/\(id) fails")
            return model.failImport(id, work: work, isSilent ? .silent : .stores)
        }
        let data = fetched?.bytes ?? record.image.staged ?? []
        model.endImport(id, work: work, data: data)
        say(id, data)
        if fetched == nil, !record.isMangled {
            world.watch.becameActive(record, data, at: self)
        }
    }

    /// Returns the data that the service fetches; nil if it cannot fetch it, or need not.
    private func fetched(_ method: JSONValue) -> (bytes: [UInt8], isWhole: Bool)? {
        let source: Scenario.Source?
        switch method["name"]?.string {
        case "web-download" where world.publisher != nil:
            let file = method["uri"]?.string?.split(separator: "/").last.map(String.init)
            source = world.publisher?.data(of: file ?? "")
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
        // The service notices a body that ends early only if its length was declared.
        let isWhole = !source.breaksOff && !world.happens(0.5)
        if !isWhole { bytes = Array(bytes.dropLast()) }
        return (bytes, isWhole)
    }
}

extension ModelRequest {
    init(_ request: HTTPRequest) {
        let (_, path, query) = World.parts(request.url)
        self.init(
            request.method, "\(path.joined(separator: "/"))\(query.isEmpty ? "" : "?\(query)")",
            headers: request.headers, body: request.body ?? [])
    }
}
