// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading image records")
struct ImageDecodingTests {
    private func image(_ text: String) throws -> Image {
        try Image(json: JSONValue(body: Array(text.utf8), asked: "GET /v2/images/x"))
    }

    @Test("base keys become fields, all others properties, and nothing is lost")
    func whole() throws {
        let md5 = String(repeating: "a", count: 32)
        let sha = String(repeating: "B", count: 128)
        let image = try image(
            """
            {"id":"i","name":"n","status":"active","visibility":"community","protected":true,
            "os_hidden":true,"checksum":"\(md5)","os_hash_algo":"sha512","os_hash_value":"\(sha)",
            "owner":"o","size":10737418240,"virtual_size":5,"container_format":"bare",
            "disk_format":"qcow2","created_at":"2026-01-01T00:00:00Z","updated_at":"u",
            "tags":["a","b"],"min_ram":512,"min_disk":4,"self":"/v2/images/i","file":"f",
            "schema":"s","direct_url":"d","locations":[],"stores":"fast,slow",
            "os_distro":"ubuntu","kernel_id":null,"os_glance_failed_import":"","future":{"x":1}}
            """)
        #expect(image.status == .active)
        #expect(image.visibility == .community)
        #expect(image.isProtected && image.isHidden)
        #expect(image.sizeBytes == 10_737_418_240)
        #expect(image.stores == ["fast", "slow"])
        #expect(image.minRAMMiB == 512 && image.minDiskGiB == 4)
        #expect(
            image.properties == [
                "os_distro": "ubuntu", "kernel_id": nil, "os_glance_failed_import": "",
                "future": ["x": 1],
            ])
        #expect(image.record["direct_url"] == "d")
        #expect(
            image.checksums.map(\.description) == ["sha512:\(sha.lowercased())", "md5:\(md5)"])
    }

    @Test("a record of a service of 2012 is read, and null stands for anything")
    func old() throws {
        let old = try image(#"{"id":"i","name":null,"checksum":null,"size":null,"tags":null}"#)
        #expect(old.name == nil)
        #expect(old.status == .unknown)
        #expect(old.checksums.isEmpty)
        #expect(old.tags.isEmpty && old.stores.isEmpty && old.properties.isEmpty)
        #expect(old.minDiskGiB == 0)
    }

    @Test("a property that is a number is text, and a list or an object is named")
    func propertyTexts() throws {
        let image = try image(
            #"{"id":"i","a":"text","b":true,"c":5,"d":1.5,"e":["x"],"f":{"g":1},"h":null}"#)
        #expect(image.propertyTexts == ["a": "text", "b": "True", "c": "5", "d": "1.5"])
        #expect(image.structuredProperties == ["e", "f"])
    }

    @Test("a checksum that is none is passed over, not believed")
    func badChecksum() throws {
        let image = try image(
            #"{"id":"i","checksum":"xyz","os_hash_algo":"blake2b","os_hash_value":"00"}"#)
        #expect(image.checksums.isEmpty)
    }

    @Test("an unknown status is kept as it is")
    func unknownStatus() throws {
        #expect(try image(#"{"id":"i","status":"melting"}"#).status.rawValue == "melting")
    }

    @Test("a record without an id is refused")
    func noID() throws {
        let error = #expect(throws: TranshipError.self) { try image(#"{"name":"n"}"#) }
        #expect(error?.code == .invalidAnswer)
    }

    @Test("a page knows where the next begins, whatever path its link has")
    func page() throws {
        let page = try RecordPage<Image>(
            json: [
                "images": [["id": "a"], ["id": "b"]],
                "next": "/inner/v2/images?limit=2&name=in%3A%22x%22&marker=b",
            ], key: "images", asked: "GET /v2/images")
        #expect(page.records.map(\.id) == ["a", "b"])
        #expect(page.nextQuery == "limit=2&name=in%3A%22x%22&marker=b")
        let error = #expect(throws: TranshipError.self) {
            try RecordPage<Image>(
                json: ["versions": []], key: "images", asked: "GET /v2/images")
        }
        #expect(error?.code == .invalidAnswer)
    }
}
