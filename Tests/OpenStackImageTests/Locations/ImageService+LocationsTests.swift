// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Locations at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceLocationsTests {
    private let bytes = Array("data that lies somewhere".utf8)

    /// Where Glance reads it from.
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

    /// The http store is the one of the lab that cannot start in the middle.
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
