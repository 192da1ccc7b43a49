// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Images v1: header fields")
struct LegacyImageHeadersTests {
    @Test("fields are sent with hyphens, what is nil is not sent")
    func encode() throws {
        let fields = LegacyImageFields(
            id: "1", name: "Grün", diskFormat: "raw", containerFormat: "bare", ownerID: "p",
            isPublic: true, isProtected: false, minDiskGiB: 1, minRAMMiB: 2, sizeBytes: 3,
            virtualSizeBytes: 4, checksum: try Checksum(.md5, String(repeating: "a", count: 32)),
            store: "file", properties: ["os_distro": "x", "empty": ""])
        let headers = try LegacyImageHeaders.fields(fields)
        #expect(
            headers.fields.map { "\($0.name): \($0.value)" } == [
                "x-image-meta-id: 1", "x-image-meta-name: Grün", "x-image-meta-disk-format: raw",
                "x-image-meta-container-format: bare", "x-image-meta-owner: p",
                "x-image-meta-is-public: True", "x-image-meta-protected: False",
                "x-image-meta-min-disk: 1", "x-image-meta-min-ram: 2", "x-image-meta-size: 3",
                "x-image-meta-virtual-size: 4",
                "x-image-meta-checksum: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "x-image-meta-store: file", "x-image-meta-property-empty: ",
                "x-image-meta-property-os-distro: x",
            ])
        #expect(try LegacyImageHeaders.fields(.init()).fields.isEmpty)
    }

    @Test(
        "what a header field would change on its way is refused",
        arguments: ["a\nb", "a\r\nb", "a\u{0}b", " a", "a ", "\ta"])
    func unsendable(_ value: String) {
        for fields in [
            LegacyImageFields(name: value), LegacyImageFields(properties: ["key": value]),
        ] {
            let error = #expect(throws: TranshipError.self) {
                try LegacyImageHeaders.fields(fields)
            }
            #expect(error?.code == .usage)
        }
    }

    @Test("a property's name must be a header field's", arguments: ["", "a b", "a:b", "grün"])
    func unsendableName(_ name: String) {
        let error = #expect(throws: TranshipError.self) {
            try LegacyImageHeaders.fields(LegacyImageFields(properties: [name: "x"]))
        }
        #expect(error?.code == .usage)
    }

    @Test("fields are read in any spelling, and unknown ones kept")
    func decode() throws {
        let image = try #require(
            LegacyImageHeaders.image([
                "Content-Length": "5", "X-Image-Meta-Id": "1", "x-image-meta-disk-format": "raw",
                "X-Image-Meta-Is_public": "True", "X-Image-Meta-Protected": "False",
                "X-Image-Meta-Size": "5", "X-Image-Meta-Min_ram": "64",
                "X-Image-Meta-Colour": "red",
                "X-Image-Meta-Property-Os-Distro": "ubuntu", "X-Image-Meta-Name": "",
                "Etag": "x",
            ]))
        #expect(image.id == "1")
        #expect(image.name == nil)
        #expect(image.diskFormat == "raw")
        #expect(image.isPublic)
        #expect(!image.isProtected)
        #expect(image.sizeBytes == 5)
        #expect(image.minRAMMiB == 64)
        #expect(image.properties == ["os_distro": "ubuntu"])
        #expect(image.record["colour"] == "red")
        #expect(image.status == .unknown)
        #expect(LegacyImageHeaders.image(["X-Image-Meta-Name": "x"]) == nil)
    }

    @Test("a record needs an id and nothing else")
    func json() throws {
        let image = try LegacyImage(json: [
            "id": "1", "properties": ["a": "1", "b": .null], "x": 7,
        ])
        #expect(image.properties == ["a": "1"])
        #expect(image.record["x"] == 7)
        #expect(image.checksums.isEmpty)
        #expect(throws: TranshipError.self) { try LegacyImage(json: ["name": "x"]) }
        #expect(throws: TranshipError.self) { try LegacyImageSummary(json: .null) }
        #expect(try LegacyImageSummary(json: ["id": "1", "size": 3]).sizeBytes == 3)
    }

    @Test(
        "the cloud's entry may name a version",
        arguments: [
            ("1", 1), ("2", 2), ("v2", 2), ("2.9", 2), ("1.0", 1),
        ])
    func version(_ text: String, _ major: Int) throws {
        let files = try CloudFiles.load(environment: [
            "OS_IMAGE_ENDPOINT_OVERRIDE": "http://x", "OS_AUTH_TYPE": "none",
            "OS_IMAGE_API_VERSION": text,
        ])
        #expect(try files.configuration().imageAPIVersion == major)
    }
}
