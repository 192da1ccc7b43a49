// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import FoundationEssentials
import GlanceServer
import MigrationModel
import MigrationPipeline
import OpenStackImage
import TestSupport
import Testing

@testable import SourceReaders

@Suite(.timeLimit(.minutes(5))) struct CloudImagesTests {
    private final class TestCloud: TestSource {
        let glance: GlanceServer
        let source: any ImageSource

        init() throws {
            glance = try GlanceServer()
            source = CloudImages(
                selection: try cloudEntry(), sourceIndex: 0,
                cloud: SignedInCloud(
                    glance.service.session, endpoint: glance.server.url, region: nil,
                    projectID: nil))
        }

        func put(_ bytes: [UInt8]) throws { glance.put("a", data: bytes) }

        func change() throws { glance.put("a", data: noise(1000, seed: 2)) }

        func remove() throws { glance.burn("a") }
    }

    private let source: TestCloud

    init() throws { source = try TestCloud() }

    @Test func `An image of a cloud is read as every source is`() async throws {
        try await checkConformance { try TestCloud() }
    }

    @Test func `A property that no text can hold is left out with a note`() async throws {
        source.glance.put(
            "a", data: [1],
            ["list": ["x", "y"], "object": ["k": 1], "number": .number(1.5), "text": "t"])
        let listed = try await list(source.source)
        #expect(listed.map(\.image.properties) == [["number": "1.5", "text": "t"]])
        let reason = "its value is a list or an object, and properties are text"
        #expect(
            listed.map(\.notes) == [
                [
                    .propertyLeftOut(key: "list", reason: reason),
                    .propertyLeftOut(key: "object", reason: reason),
                ]
            ])
    }

    @Test(
        arguments: [
            (["checksum": nil, "os_hash_value": nil, "os_hash_algo": nil], [], false),
            (["checksum": "ab", "os_hash_value": nil], ["checksum"], false),
            (["checksum": "", "os_hash_value": ""], [], false),
            (["os_hash_value": "no digits"], ["os_hash_value"], true),
            (["checksum": "ab", "os_hash_value": "cd"], ["os_hash_value", "checksum"], false),
            (["os_hash_algo": "sha3", "os_hash_value": "cd"], [], true),
            ([:], [], true),
        ] as [([String: JSONValue], [String], Bool)])
    func `A checksum that is missing or none is noted`(
        fields: [String: JSONValue], malformed: [String], isPromised: Bool
    ) async throws {
        source.glance.put("a", data: [1])
        source.glance.put("a", fields)
        let listed = try await list(source.source)
        var notes: [Note] = malformed.isEmpty ? [] : [.malformedChecksum(fields: malformed)]
        if !isPromised { notes.append(.noChecksum) }
        #expect(listed.map(\.notes) == [notes])
        #expect(listed.map(\.image.checksums.isEmpty) == [!isPromised])
    }

    /// The service answers 204 for a record without data.
    @Test func `An image without data is told, unless it has none by right`() async throws {
        source.glance.put("a", ["status": "active", "size": nil])
        var reading = await read(Sample.source("a", sizeBytes: nil), by: source.source)
        #expect(reading.error?.code == .sourceUnavailable)
        #expect(reading.error?.hint?.contains("volume") == true)
        source.glance.put("a", ["size": 0])
        reading = await read(Sample.source("a", sizeBytes: 0), by: source.source)
        #expect(reading.error == nil && reading.facts.map(\.sizeBytes) == [0])
    }

    @Test(arguments: [404, 204])
    func `Data that the store has lost is called lost, not a deleted image`(
        status: Int
    ) async throws {
        var image = Sample.source("a", sizeBytes: 2500)
        if status == 404 {
            image = try await source.planned([1])
            source.glance.refuse("GET", "/v2/images/a/file", status: 404, text: "no such blob")
        } else {
            source.glance.put("a", ["status": "active", "size": 2500])
        }
        let error = await read(image, by: source.source).error
        #expect(error?.code == .sourceUnavailable)
        let words = "image a has a record at the source, but its data is not found there: "
        #expect(error?.message.hasPrefix(words) == true, "\(error as Any)")
        #expect(error?.hint?.contains("`exclude`") == true)
        #expect(error?.hint?.contains("volume") == false)
    }

    @Test(arguments: ["deactivated", "queued", "pending_delete"])
    func `Another status than planned is a change`(status: String) async throws {
        let image = try await source.planned([1])
        source.glance.put("a", ["status": .string(status)])
        let reading = await read(image, by: source.source)
        #expect(reading.error?.code == .sourceChanged)
        #expect(reading.error?.message.contains("is \(status) now") == true)
    }

    @Test func `A checksum that the source no longer reports is not a change`() async throws {
        let image = try await source.planned([1, 2])
        source.glance.put("a", ["checksum": nil])
        #expect(await read(image, by: source.source).bytes == [1, 2])
    }

    @Test func `A refusal at the source is the source's`() async throws {
        let image = try await source.planned([1])
        source.glance.refuse("GET", "/v2/images/a/file", status: 403, text: "deactivated")
        let reading = await read(image, by: source.source)
        #expect(reading.error?.code == .sourceUnavailable)
        #expect(reading.error?.message.contains("deactivated") == true)
    }

    @Test func `A refusal of active data is not called one of a deactivated image`() async throws {
        let image = try await source.planned([1])
        source.glance.refuse("GET", "/v2/images/a/file", status: 403)
        let error = await read(image, by: source.source).error
        #expect(error?.code == .sourceUnavailable)
        #expect(error?.hint?.contains("download_image") == true, "\(error?.hint ?? "")")
        let deactivated = CloudImages.described(
            TranshipError(.forbidden, "no", hint: "other"), "a", .deactivated)
        #expect(deactivated.hint?.contains("reactivate it") == true)
    }

    @Test func `A failure of the source that may pass stays one`() async throws {
        let image = try await source.planned([1])
        source.glance.refuse("GET", "/v2/images/a/file", status: 503)
        #expect(await read(image, by: source.source).error?.isTransient == true)
    }

    @Test func `A body that is cut is not a short image`() async throws {
        let image = try await source.planned(noise(1000))
        source.glance.answer(
            "GET", "/v2/images/a/file", with: .lying(declaredBytes: 1000, body: noise(999)))
        let reading = await read(image, by: source.source)
        #expect(reading.error?.code == .sourceTruncated)
        #expect(reading.error?.isTransient == true)
    }

    // MARK: Going on in the middle

    /// Cuts the complete body after 600 of 1000 bytes, and answers ranges with the given reply.
    private func dropping(_ part: Reply) async throws -> SourceImage {
        let image = try await source.planned(noise(1000))
        source.glance.answer(
            "GET", "/v2/images/a/file",
            with: .lying(declaredBytes: 1000, body: Array(noise(1000).prefix(600)))
        ) { $0[header: "range"] == nil }
        source.glance.answer("GET", "/v2/images/a/file", with: part)
        return image
    }

    private static func part(_ range: String, from first: Int = 600) -> Reply {
        .status(206, headers: [("Content-Range", range)], body: Array(noise(1000).dropFirst(first)))
    }

    @Test func `An image that drops goes on where it dropped, and is looked at before`()
        async throws
    {
        let image = try await dropping(Self.part("bytes 600-999/1000"))
        let reading = await read(image, by: source.source)
        #expect(reading.error == nil)
        #expect(reading.bytes == noise(1000))
        #expect(reading.told == ["dropped at 600", "reopened at 600"])
        #expect(
            source.glance.asked.filter { $0.hasPrefix("GET /v2/images/a") }.suffix(4) == [
                "GET /v2/images/a", "GET /v2/images/a/file", "GET /v2/images/a",
                "GET /v2/images/a/file",
            ])
    }

    @Test(arguments: [
        (400, ""), (416, ""), (200, ""), (206, "bytes 600-999/1001"), (206, "bytes 0-999/1000"),
        (206, "bytes 600-999/*"),
    ])
    func `A store that cannot go on there is asked once`(
        status: Int, range: String
    ) async throws {
        let headers = range.isEmpty ? [] : [("Content-Range", range)]
        let image = try await dropping(
            .status(status, headers: headers, body: Array(noise(1000).dropFirst(600))))
        for _ in 0..<2 {
            let ring = ByteRing()
            let reading = await read(image, by: source.source, into: ring)
            #expect(reading.error?.code == .sourceTruncated)
            #expect(reading.error?.isTransient == true)
            #expect(reading.told == ["dropped at 600", "cannot go on at 600"])
            #expect(ring.writtenBytes == 600)
        }
        #expect(source.glance.server.requests.count { $0[header: "range"] != nil } == 1)
    }

    // MARK: Several connections

    private static let far = noise(32 * 64 << 10, seed: 9)

    private func farSource() throws -> CloudImages {
        CloudImages(
            selection: try cloudEntry(), sourceIndex: 0,
            cloud: SignedInCloud(
                source.glance.service.session, endpoint: source.glance.server.url, region: nil,
                projectID: nil),
            connections: SourceConnections(
                partBytes: 64 << 10, answerSeconds: { 1 }, nowNanoseconds: { 0 }))
    }

    @Test func `A far image comes in parts that make up the whole, each asked for once`()
        async throws
    {
        let image = try await source.planned(Self.far)
        let reading = await read(image, by: try farSource())
        #expect(reading.error == nil && reading.told.isEmpty)
        #expect(reading.bytes == Self.far)
        #expect(reading.facts.count == 1)
        let ranges = source.glance.server.requests.compactMap { $0[header: "range"] }
        let opening = SourceConnections.connectionsMax * 64 << 10
        let parts = stride(from: opening, to: Self.far.count, by: 64 << 10).map {
            "bytes=\($0)-\($0 + (64 << 10) - 1)"
        }
        #expect(ranges.first == "bytes=0-\(opening - 1)")
        #expect(ranges.dropFirst().sorted() == parts.sorted())
        // The record was read only once, and the parts are compared with it.
        #expect(source.glance.asked.count { $0 == "GET /v2/images/a" } == 1)
    }

    @Test(arguments: [400, 416, 200])
    func `A store that cannot start in the middle is read over one connection`(
        status: Int
    ) async throws {
        let image = try await source.planned(Self.far)
        source.glance.answer(
            "GET", "/v2/images/a/file", with: .status(status, body: status == 200 ? Self.far : [])
        ) { $0[header: "range"] != nil }
        let reading = await read(image, by: try farSource())
        #expect(reading.error == nil && reading.told.isEmpty)
        #expect(reading.bytes == Self.far)
        #expect(
            source.glance.server.requests.filter { $0.path.hasSuffix("/file") }
                .map { $0[header: "range"] != nil } == [true, false])
    }

    @Test func `An image whose hash has changed meanwhile is not gone on with`() async throws {
        let glance = source.glance
        var image = try await source.planned(noise(1000))
        image.checksums = []
        glance.answer(
            "GET", "/v2/images/a/file",
            with: Reply { exchange in
                exchange.sendHead(200, [("Content-Length", "1000")])
                exchange.send(Array(noise(1000).prefix(600)))
                glance.put("a", data: noise(1000, seed: 2))
                exchange.close()
            })
        let reading = await read(image, by: source.source)
        #expect(reading.told == ["dropped at 600", "cannot go on at 600"])
        #expect(reading.reasons.first?.contains("not the same any more") == true)
    }

    // MARK: Members

    private func facts(
        _ visibility: String, wanted: ImageVisibility = .shared,
        _ rule: PlannedRecord.Members = .keep
    ) async throws -> SourceFacts {
        let image = try await source.planned([1])
        source.glance.put("a", ["visibility": .string(visibility)])
        var record = Sample.record(visibility: wanted)
        record.members = rule
        return try await source.source.facts(Sample.transfer("a", source: image, record: record))
    }

    @Test func `The members of a shared image come along when they are wanted`() async throws {
        source.glance.setMembers(["p1", "p2"], of: "a")
        #expect(try await facts("shared").members == ["p1", "p2"])
        #expect(try await facts("shared", .drop).members.isEmpty)
        #expect(try await facts("shared", wanted: .private).members.isEmpty)
        #expect(try await facts("private").members.isEmpty)
    }

    @Test func `A user who may not list members has none to pass on`() async throws {
        source.glance.refuse("GET", "/v2/images/a/members", status: 403)
        #expect(try await facts("shared").members.isEmpty)
    }

    @Test func `An image of another kind of source is refused`() async throws {
        var image = try await source.planned([1])
        image.imageID = nil
        let reading = await read(image, by: source.source)
        #expect(reading.error?.code == .invalidPipeline)
        #expect(reading.error?.message.contains("source 1") == true)
    }

    @Test(arguments: [
        "http://k.example:5000", "http://k.example:5000/", "http://k.example:5000/v3",
        "HTTP://K.example:5000/v3/", "http://k.example:5000//v2.0",
        "http://k.example:5000/v3/auth/tokens",
    ])
    func `The spelling of auth_url changes nothing`(_ spelling: String) {
        let place = CloudRegion(keystoneURL: spelling, name: "north")
        let south = CloudRegion(keystoneURL: "http://k.example:5000/v3", name: "south")
        #expect(place.isSibling(of: south))
        for other in ["http://k.example:5001", "https://k.example:5000", "http://k.example:5000/a"]
        {
            #expect(!place.sharesKeystone(with: CloudRegion(keystoneURL: other, name: "south")))
        }
    }

    @Test func `Default ports and the path of Keystone`() {
        let plain = CloudRegion(keystoneURL: "https://k.example/identity", name: nil)
        #expect(plain == CloudRegion(keystoneURL: "https://K.EXAMPLE:443/identity/v3/", name: nil))
        #expect(plain != CloudRegion(keystoneURL: "https://k.example/v3", name: nil))
    }

    @Test func `Another region of the same Keystone can fetch an image`() async throws {
        let image = try await source.planned([1])
        func north(_ keystone: String) throws -> any ImageSource {
            CloudImages(
                selection: try cloudEntry(), sourceIndex: 0,
                cloud: SignedInCloud(
                    source.glance.service.session, endpoint: "e",
                    region: CloudRegion(keystoneURL: keystone, name: "north"), projectID: nil))
        }
        let south = CloudRegion(keystoneURL: "k", name: "south")
        #expect(
            try north("k").fetchable(image, for: south)
                == .siblingImage(id: "a", region: "north", interface: "public"))
        #expect(
            try north("k").fetchable(image, for: CloudRegion(keystoneURL: "k", name: "north"))
                == .nothing(.oneImageService))
        #expect(try north("k").fetchable(image, for: nil) == .nothing(.noSharedKeystone))
        #expect(
            try north("other").fetchable(image, for: south)
                == .nothing(.noSharedKeystone))
    }

    // MARK: Numbers that cannot be right

    @Test(arguments: [-1, .min, .max, (1 << 53) + 1] as [Int64])
    func `A size that cannot be right refuses its own image and no other`(
        size: Int64
    ) async throws {
        source.glance.put("a", data: [1])
        source.glance.put("b", data: [1], ["size": .integer(size)])
        source.glance.put("c", data: [1])
        let listed = try await list(source.source)
        #expect(Set(listed.map(\.image.location)) == ["a", "b", "c"])
        for image in listed where image.image.location != "b" { #expect(image.refusal == nil) }
        let refusal = try #require(listed.first { $0.image.location == "b" }?.refusal)
        #expect(refusal.code == .invalidAnswer)
        #expect(refusal.message.contains("b") && refusal.message.contains("\(size)"))
        #expect(refusal.message.contains("\"size\""))
    }

    @Test(
        arguments: [
            ("protected", "true"), ("os_hidden", "true"), ("visibility", 0), ("owner", ["x"]),
            ("name", 5), ("tags", ["ok", 7]), ("tags", ["a": 1]), ("disk_format", 1),
            ("container_format", true), ("status", ["active"]), ("checksum", 5),
        ] as [(String, JSONValue)])
    func `A value of another type refuses its own image, whatever the entry selects`(
        field: String, value: JSONValue
    ) async throws {
        for id in ["a", "b", "c"] { source.glance.put(id, data: [1]) }
        let own = try #require(source.glance.image("a")?["owner"]?.string)
        var fields = try #require(source.glance.image("b"))
        fields[field] = value
        let records = try ["a", "c"].map { try #require(source.glance.image($0)) } + [fields]
        let page: JSONValue = ["images": .array(records.map(JSONValue.object))]
        source.glance.answer(
            "GET", "/v2/images", with: .status(200, body: [UInt8](try JSONEncoder().encode(page))))
        let images = CloudImages(
            selection: try cloudEntry(
                "cloud: alpha, images: { owner: \(own) }, exclude: { name: c, status: active }"),
            sourceIndex: 0,
            cloud: SignedInCloud(
                source.glance.service.session, endpoint: source.glance.server.url, region: nil,
                projectID: nil))
        let listed = try await list(images)
        #expect(listed.first { $0.image.location == "a" }.map { $0.refusal == nil } == true)
        let refusal = try #require(listed.first { $0.image.location == "b" }?.refusal)
        #expect(refusal.code == .invalidAnswer)
        #expect(refusal.message.contains("record b") && refusal.message.contains("\"\(field)\""))
        #expect(refusal.hint?.contains("`exclude`") == true)
    }

    @Test func `An image that the pipeline names by its id is refused in the same way`()
        async throws
    {
        let named = CloudImages(
            selection: try cloudEntry("cloud: alpha, images: { id: [a, b] }"), sourceIndex: 0,
            cloud: SignedInCloud(
                source.glance.service.session, endpoint: source.glance.server.url, region: nil,
                projectID: nil))
        source.glance.put("a", data: [1], ["size": -5])
        source.glance.put("b", data: [1])
        let listed = try await list(named)
        #expect(listed.map(\.refusal?.code) == [.invalidAnswer, nil])
    }

    @Test func `A size that is another one after the listing is a change of the source`()
        async throws
    {
        let image = try await source.planned([1])
        source.glance.put("a", ["size": .integer(1 << 53)])
        let reading = await read(image, by: source.source)
        #expect(reading.error?.code == .sourceChanged)
        #expect(reading.error?.message.contains("had 1 bytes") == true)
        #expect(reading.bytes.isEmpty)
    }

    @Test func `A size that grows beyond all disks after the listing is an error`() async throws {
        let image = try await source.planned([1])
        source.glance.put("a", ["size": .integer(.max)])
        let reading = await read(image, by: source.source)
        #expect(reading.error != nil && reading.error?.isTransient == false)
        #expect(reading.error?.message.contains("9223372036854775807") == true)
    }
}
