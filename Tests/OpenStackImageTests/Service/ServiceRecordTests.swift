// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Records of a service")
struct ServiceRecordTests {
    private static let lies: [(key: String, value: JSONValue)] = [
        ("size", -1), ("size", .integer(.min)), ("size", .integer((1 << 53) + 1)),
        ("size", .integer(.max)), ("size", .number(1e300)), ("size", "-5"), ("size", ["a": 1]),
        ("virtual_size", .integer(.max)), ("min_disk", -1), ("min_ram", .integer(.max)),
        ("min_disk", true), ("name", 5), ("status", ["active"]), ("owner", ["x"]), ("checksum", 1),
        ("disk_format", true), ("container_format", ["a": 1]), ("protected", "maybe"),
        ("protected", 1), ("updated_at", 5),
    ]
    /// Wrong values in fields of API v2 only.
    private static let newerLies: [(key: String, value: JSONValue)] = [
        ("protected", "true"), ("os_hidden", "true"), ("os_hidden", 0), ("visibility", 0),
        ("tags", ["a": 1]), ("tags", ["ok", 7]), ("tags", ["ok", nil]), ("tags", "ok"),
        ("os_hash_value", ["a"]), ("stores", ["a"]),
    ]

    private static func record(_ key: String, _ value: JSONValue) -> JSONValue {
        .object(["id": "i1", key: value])
    }

    @Test("a value that cannot be right names image, key and value", arguments: lies.indices)
    func lie(index: Int) throws {
        let (key, value) = Self.lies[index]
        let json = Self.record(key, value)
        let image = #expect(throws: TranshipError.self) { try Image(json: json) }
        let legacy = #expect(throws: TranshipError.self) { try LegacyImage(json: json) }
        for fault in [image, legacy] {
            #expect(fault?.code == .invalidAnswer)
            let message = try #require(fault?.message)
            #expect(message.contains("i1") && message.contains("\"\(key)\""))
            #expect(message.contains(String(decoding: value.body, as: UTF8.self)))
        }
    }

    @Test("in a list, the other images stay", arguments: lies.indices)
    func listed(index: Int) throws {
        let (key, value) = Self.lies[index]
        let json: JSONValue = ["images": [Self.record(key, value), ["id": "i2", "size": 5]]]
        let images = try RecordPage<Image>(json: json, key: "images", asked: "GET /").records
        #expect(images.map(\.id) == ["i1", "i2"])
        #expect(images.map(\.sizeBytes) == [nil, 5])
        #expect(images[0].valueFault?.contains(key) == true)
        #expect(images[0].record[key] == value)
        #expect(images[1].valueFault == nil)
    }

    @Test("so it is with the values of API v2", arguments: newerLies.indices)
    func newerLie(index: Int) throws {
        let (key, value) = Self.newerLies[index]
        let json = Self.record(key, value)
        let error = #expect(throws: TranshipError.self) { try Image(json: json) }
        #expect(error?.code == .invalidAnswer)
        let shown = String(decoding: value.body, as: UTF8.self)
        #expect(
            error?.message.contains("record i1 has \(shown) as \"\(key)\", which is not ") == true)
        #expect(try Image(listed: json).wrongKeys == [key])
    }

    /// A record in a list is read with its faults.
    @Test("a value of another type never counts as absent")
    func neverHarmless() throws {
        let image = try Image(
            listed: [
                "id": "i1", "protected": "false", "os_hidden": 0, "visibility": 0, "owner": ["x"],
                "status": ["queued"], "name": 5, "tags": ["ok", 7],
            ])
        #expect(image.isProtected && image.isHidden)
        #expect(image.visibility != .private && image.visibility.rawValue == "0")
        #expect(image.ownerID == #"["x"]"# && image.name == "5")
        #expect(image.status != .queued && image.status != .unknown)
        #expect(image.tags == ["ok", "7"])
        let member: JSONValue = ["member_id": "p", "status": 5]
        #expect(try Member(listed: member).status != .pending)
        #expect(throws: TranshipError.self) { try Member(json: member) }
    }

    @Test("null is right for every key, and so is the text of a flag in API v1")
    func nulls() throws {
        var record: [String: JSONValue] = [:]
        for (key, _) in Image.valueTypes { record[key] = .null }
        record["id"] = "i1"
        let image = try Image(json: .object(record))
        #expect(!image.isProtected && !image.isHidden && image.tags.isEmpty)
        #expect(image.visibility == .private && image.ownerID == nil && image.status == .unknown)
        for (key, _) in LegacyImage.valueTypes { record[key] = .null }
        #expect(try LegacyImage(json: .object(record)).valueFault == nil)
        for flag in ["True", "true", "False", "false"] {
            let legacy = try LegacyImage(json: Self.record("protected", .string(flag)))
            #expect(legacy.isProtected == (flag.lowercased() == "true"))
        }
    }

    @Test("null, no value, 0 and 2^53 are right, as numbers and as text")
    func right() throws {
        for value in [.null, 0, "0", .integer(1 << 53), "9007199254740992"] as [JSONValue] {
            let image = try Image(json: Self.record("size", value))
            #expect(image.sizeBytes == OutsideNumber.read(value))
            let legacy = try LegacyImage(json: Self.record("size", value))
            #expect(legacy.sizeBytes == OutsideNumber.read(value))
        }
        #expect(try Image(json: ["id": "i1"]).valueFault == nil)
    }

    @Test(
        "an id that cannot be one ends the list, with a message that shows it",
        arguments: ["", "a\0b", "a\u{1B}[31m", String(repeating: "i", count: 300_000)])
    func oddID(id: String) throws {
        let json: JSONValue = ["images": [["id": "i1"], ["id": .string(id)]]]
        let error = #expect(throws: TranshipError.self) {
            try RecordPage<Image>(json: json, key: "images", asked: "GET /")
        }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains("is not an id: \"") == true)
        #expect(try #require(error?.message.count) < 200)
        #expect(throws: TranshipError.self) { try LegacyImage(json: ["id": .string(id)]) }
        #expect(throws: TranshipError.self) { try ImageTask(json: ["id": .string(id)]) }
    }

    @Test("the fields of a v1 image pass the same door")
    func headers() throws {
        let request = ServiceRequest(.head, "/v1/images/i1")
        for size in ["-1", "9223372036854775807", "many"] {
            let head = HTTPResponse(
                status: 200,
                headers: ["x-image-meta-id": "i1", "x-image-meta-size": size])
            let error = #expect(throws: TranshipError.self) {
                try LegacyImageService.image(head, request)
            }
            #expect(error?.code == .invalidAnswer)
            #expect(error?.message.contains(size) == true)
        }
    }

    @Test("a time that no file has is none")
    func cacheTimes() throws {
        func image(_ time: JSONValue) throws -> CachedImage {
            try CachedImage(json: ["image_id": "i1", "last_accessed": time])
        }
        #expect(try image(.number(5.5)).lastAccessed == 5.5)
        #expect(try image(5).lastAccessed == 5)
        for time in [.number(1e300), .number(-1), .integer(.min), .integer(.max)] as [JSONValue] {
            #expect(try image(time).lastAccessed == nil)
        }
    }

    // MARK: Lists of several pages

    private func tasks(next: @escaping @Sendable (String) -> String) throws -> FaultyCloud {
        try FaultyCloud { request, _ in
            .status(
                200,
                text: #"{"tasks":[{"id":"t"}],"next":"/v2/tasks?\#(next(request.target))"}"#)
        }
    }

    @Test("a list that leads back to an earlier page is an error that names the link")
    func endless() async throws {
        let cloud = try tasks { $0.contains("marker=a") ? "marker=b" : "marker=a" }
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.tasks()
        }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains("marker=a") == true)
        #expect(cloud.asked.count == 3)
    }

    @Test("no list has more than so many pages")
    func pagesMax() throws {
        var links = FollowedLinks()
        for page in 0..<FollowedLinks.pagesMax {
            try links.follow("\(page)", of: "/v2/images", after: FollowedLinks.thinRecords)
        }
        let error = #expect(throws: TranshipError.self) {
            try links.follow("one more", of: "/v2/images", after: FollowedLinks.thinRecords)
        }
        #expect(error?.message.contains("GET /v2/images has more than 100000 pages") == true)
    }

    @Test("a list with another image and another page each time is not followed for ever")
    func newForEver() async throws {
        let pages = Guarded(0)
        let cloud = try FaultyCloud { _, _ in
            let page = pages.withLock { pages in
                pages += 1
                return pages
            }
            return .status(
                200,
                text: #"{"images":[{"id":"i\#(page)"}],"next":"/v2/images?marker=i\#(page)"}"#)
        }
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.images().all()
        }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains("the list of GET /v2/images does not end") == true)
        #expect(pages.withLock { $0 } == FollowedLinks.thinPagesMax + 1)
    }

    @Test(
        "pages that are as full as was asked for go on, and so do some that are not",
        arguments: [
            (1, 1), (FollowedLinks.thinRecords, 1000), (1000, 1000),
            (FollowedLinks.thinRecords, nil),
        ] as [(Int, Int?)])
    func fullPages(entries: Int, limit: Int?) throws {
        var links = FollowedLinks(limit: limit)
        for page in 0...2 * FollowedLinks.thinPagesMax {
            try links.follow("\(page)", of: "/v2/images", after: entries)
        }
        var mixed = FollowedLinks(limit: 1000)
        for page in 0...2 * FollowedLinks.thinPagesMax {
            let isFull = page.isMultiple(of: FollowedLinks.thinPagesMax)
            try mixed.follow("\(page)", of: "/v2/images", after: isFull ? 1000 : 1)
        }
    }

    @Test("no list that is read page by page has more than so many entries")
    func streamedMax() throws {
        var links = FollowedLinks(limit: 1000)
        for page in 0..<FollowedLinks.streamedMax / 1000 {
            try links.follow("\(page)", of: "/v2/images", after: 1000)
        }
        let error = #expect(throws: TranshipError.self) {
            try links.follow("one more", of: "/v2/images", after: 1000)
        }
        #expect(
            error?.message
                == "the list of GET /v2/images has more than \(FollowedLinks.streamedMax) entries")
    }

    @Test("a link of any length takes a little memory and a short message")
    func longLink() throws {
        var links = FollowedLinks()
        let link = String(repeating: "x", count: 1_000_000)
        try links.follow(link, of: "/v2/images", after: 1)
        let error = #expect(throws: TranshipError.self) {
            try links.follow(link, of: "/v2/images", after: 1)
        }
        #expect(try #require(error?.message.count) < 500)
    }
}
