// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading locations")
struct LocationDecodingTests {
    @Test("the store is taken from the metadata, and what has no URL is passed over")
    func list() throws {
        let list = try ImageLocation.list(
            [["url": "u", "metadata": ["store": "web", "x": 1]], ["metadata": [:]]], asked: "")
        #expect(list.map(\.url.revealed) == ["u"])
        #expect(list.first?.store == "web")
        #expect(list.first?.metadata["x"] == 1)
    }

    @Test("an answer that is not a list is invalid")
    func noList() {
        let error = #expect(throws: TranshipError.self) {
            try ImageLocation.list(["locations": []], asked: "GET /v2/images/i/locations")
        }
        #expect(error?.code == .invalidAnswer)
    }

    @Test("a record that shows its locations shows them")
    func record() throws {
        let image = try Image(json: ["id": "i", "locations": [["url": "u", "metadata": [:]]]])
        #expect(image.locations.map(\.url.revealed) == ["u"])
        #expect(try Image(json: ["id": "i"]).locations.isEmpty)
    }
}

@Suite("Location requests")
struct LocationRequestsTests {
    @Test("a promise names its algorithm, and none is sent without one")
    func add() throws {
        let md5 = try Checksum(.md5, String(repeating: "a", count: 32))
        let promised = LocationRequests.add("i", url: Secret("rbd://x"), promising: md5)
        #expect(promised.asked == "POST /v2/images/i/locations")
        #expect(
            String(decoding: promised.body ?? [], as: UTF8.self) == """
                {"url":"rbd://x","validation_data":{"os_hash_algo":"md5","os_hash_value":\
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}
                """)
        let bare = LocationRequests.add("i", url: Secret("rbd://x"), promising: nil)
        #expect(String(decoding: bare.body ?? [], as: UTF8.self) == #"{"url":"rbd://x"}"#)
    }

    @Test("the older way is a patch of the list")
    func patches() {
        let location = ImageLocation(url: Secret("http://h/i"), metadata: ["store": "web"])
        let value: JSONValue = ["url": "http://h/i", "metadata": ["store": "web"]]
        #expect(
            LocationRequests.append(location).json == [
                "op": "add", "path": "/locations/-", "value": value,
            ])
        #expect(
            LocationRequests.replace([location]).json == [
                "op": "replace", "path": "/locations", "value": [value],
            ])
        #expect(LocationRequests.remove(at: 2).json == ["op": "remove", "path": "/locations/2"])
    }

    @Test("the URL of a location is not printed")
    func secret() {
        let location = ImageLocation(url: Secret("swift+https://user:pw@h/i"))
        #expect(!"\(location)".contains("pw"))
    }
}

@Suite("Locations at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceLocationsTests {
    private let bytes = Array("data that lies somewhere".utf8)

    /// Starts the server from which Glance reads the data.
    private func server() throws -> RawHTTPServer {
        let bytes = bytes
        return try RawHTTPServer { _ in .status(200, body: bytes) }
    }

    @Test(
        "data at a URL becomes an image without being moved, if it is what was promised",
        .proves(
            "sdk add_image_location(image, url, validation_data)",
            "sdk image_locations(image)"))
    func added() async throws {
        let server = try server()
        let url = "\(server.url)/disk.raw"
        try await Lab.withImage { service, image in
            let sha256 = try digest(.sha256, of: bytes)
            try await service.addLocation(image.id, url: Secret(url), promising: sha256)
            let active = try await service.waitForImport(
                of: image.id, pace: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
            #expect(active.checksums.first == sha256)
            #expect(active.stores == ["web"])
            let locations = try await Lab.service("alpha-admin").locations(of: image.id)
            #expect(locations == [ImageLocation(url: Secret(url), metadata: ["store": "web"])])

            let forbidden = await #expect(throws: TranshipError.self) {
                try await service.locations(of: image.id)
            }
            #expect(forbidden?.code == .forbidden)
            let twice = await #expect(throws: TranshipError.self) {
                try await service.addLocation(image.id, url: Secret(url))
            }
            #expect(twice?.code == .conflict)
        }
    }

    @Test("data that is not what was promised does not become an image")
    func broken() async throws {
        let server = try server()
        try await Lab.withImage { service, image in
            try await service.addLocation(
                image.id, url: Secret("\(server.url)/x"), promising: digest(.sha256, of: []))
            let error = await #expect(throws: TranshipError.self) {
                try await service.waitForImport(
                    of: image.id, pace: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
            }
            #expect(error?.code == .importFailed)
            #expect(try await service.image(image.id).status == .queued)
        }
    }

    /// Of the lab's stores, only the http store cannot start in the middle.
    @Test("a store that knows no ranges refuses one, and gives the whole")
    func unseekable() async throws {
        let server = try server()
        try await Lab.withImage { service, image in
            try await service.addLocation(image.id, url: Secret("\(server.url)/x"))
            _ = try await service.waitForImport(
                of: image.id, pace: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
            let error = await #expect(throws: TranshipError.self) {
                try await Received.all(
                    service, image.id, DownloadOptions(range: .bytes(5...9)))
            }
            #expect(error?.code == .badRequest)
            #expect(try await Received.all(service, image.id).bytes == bytes)
        }
    }

    @Test("a service that hides locations refuses the older way in its own words")
    func older() async throws {
        try await Lab.withImage { service, image in
            let location = ImageLocation(url: Secret("http://127.0.0.1:9/x"))
            let refused = await #expect(throws: TranshipError.self) {
                try await service.patchInLocation(image.id, location)
            }
            #expect(refused?.code == .forbidden)
            #expect(refused?.answer?.message.contains("locations are invisible") == true)
            let replaced = await #expect(throws: TranshipError.self) {
                try await service.patchLocations(image.id, [location])
            }
            #expect(replaced?.code == .forbidden)
            let removed = await #expect(throws: TranshipError.self) {
                try await service.patchOutLocation(image.id, at: 0)
            }
            #expect(removed?.code == .forbidden)
        }
    }
}
