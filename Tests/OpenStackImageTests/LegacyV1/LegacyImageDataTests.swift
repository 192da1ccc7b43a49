// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import FoundationEssentials
import LabSupport
import OpenStackImage
import TestSupport
import Testing

@Suite("Images v1: data")
struct LegacyImageDataTests {
    private typealias Fields = LegacyImageFields
    private let data = noise(200_000)
    private let expected: Checksum

    init() throws { expected = try Checksum(.md5, md5(noise(200_000))) }

    @Test(
        "what goes up comes down, with its metadata in the same answer",
        .proves(
            "v1 get(image_id, x-image-meta-*, x-image-meta-property-*, body)", "v1 create(body)"),
        arguments: LegacyCloud.all)
    func roundTrip(_ cloud: LegacyCloud) async throws {
        var fields = LegacyCloud.raw
        fields.properties = ["note": "größe"]
        try await cloud.withImage(fields, data: data) { service, image in
            #expect(image.status == .active)
            #expect(image.sizeBytes == 200_000)
            #expect(image.checksums == [expected])
            let ring = ByteRing(capacityBytes: 1 << 20)
            let told = Guarded<LegacyImage?>(nil)
            let image = try await service.download(image.id, into: ring) { image in
                told.withLock { $0 = image }
            }
            #expect(try Lab.bytes(ring) == data)
            #expect(image.properties == ["note": "größe"])
            #expect(image.checksums == [expected])
            #expect(told.withLock { $0 } == image)
        }
    }

    @Test("data of unknown size can be sent", arguments: LegacyCloud.all)
    func chunked(_ cloud: LegacyCloud) async throws {
        let service = try cloud.service()
        let image = try await service.create(
            LegacyCloud.raw, from: try Lab.ring(data), sizeBytes: nil)
        #expect(image.status == .active)
        #expect(image.sizeBytes == 200_000)
        #expect(try await service.bytes(image.id) == data)
        try await service.delete(image.id)
    }

    @Test(
        "a reserved image gets its data later, and metadata with it", .proves("v1 update(body)"),
        arguments: LegacyCloud.all)
    func uploadLater(_ cloud: LegacyCloud) async throws {
        var fields = LegacyCloud.raw
        fields.properties = ["a": "1"]
        try await cloud.withImage(fields) { service, reserved in
            let image = try await service.upload(
                reserved.id, Fields(properties: ["b": "2"]), from: try Lab.ring(data),
                sizeBytes: 200_000)
            #expect(image.status == .active)
            #expect(image.properties == ["a": "1", "b": "2"])
            #expect(try await service.bytes(reserved.id) == data)
        }
    }

    @Test("data of no bytes is data, however it is sent", arguments: LegacyCloud.all, [0, nil])
    func empty(_ cloud: LegacyCloud, _ sizeBytes: Int64?) async throws {
        try await cloud.withImage { service, reserved in
            let image = try await service.upload(
                reserved.id, from: try Lab.ring([]), sizeBytes: sizeBytes)
            #expect(image.status == .active)
            #expect(image.sizeBytes == 0)
            #expect(try await service.bytes(reserved.id) == [])
        }
        let stated = Fields(diskFormat: "raw", containerFormat: "bare", sizeBytes: 0)
        try await cloud.withImage(stated) { _, image in
            #expect(image.status == .active)
        }
    }

    @Test(
        "a second upload is a conflict, and its ring is not left waiting",
        arguments: LegacyCloud.all)
    func secondUpload(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage(data: data) { service, image in
            let ring = try Lab.ring(data)
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(image.id, from: ring, sizeBytes: 200_000)
            }
            #expect(error?.code == .conflict)
            #expect(error?.answer?.message.contains("Cannot upload to an unqueued image") == true)
            #expect(ring.failure != nil)
        }
    }

    @Test(
        "data that is not as stated is refused, and the image killed",
        .proves("v1 create(size, checksum)"), arguments: LegacyCloud.all)
    func notAsStated(_ cloud: LegacyCloud) async throws {
        let wrong = try Checksum(.md5, String(repeating: "0", count: 32))
        for fields in [Fields(checksum: wrong), Fields(sizeBytes: 7)] {
            try await cloud.withImage { service, reserved in
                let error = await #expect(throws: TranshipError.self) {
                    try await service.upload(
                        reserved.id, fields, from: try Lab.ring(data), sizeBytes: 200_000)
                }
                #expect(error?.code == .badRequest)
                #expect(error?.answer?.message.contains("did not match") == true)
                let killed = try await service.image(reserved.id)
                #expect(killed.status == .killed)
            }
        }
        var right = LegacyCloud.raw
        (right.checksum, right.sizeBytes) = (expected, 200_000)
        try await cloud.withImage(right, data: data) { _, image in
            #expect(image.status == .active)
        }
    }

    @Test("data needs formats", arguments: LegacyCloud.all)
    func formats(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage(Fields()) { service, reserved in
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(reserved.id, from: try Lab.ring([1]), sizeBytes: 1)
            }
            #expect(error?.code == .badRequest)
            #expect(error?.answer?.message == "Disk format is not specified.")
        }
    }

    @Test("an image without data has none to give", arguments: LegacyCloud.all)
    func noData(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage { service, reserved in
            let error = await #expect(throws: TranshipError.self) {
                _ = try await service.bytes(reserved.id)
            }
            #expect(error?.code == .notFound)
            #expect(error?.answer?.message.contains("is not active") == true)
        }
    }

    @Test("who does not like the metadata gets no data", arguments: LegacyCloud.all)
    func declined(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage(data: data) { service, image in
            let ring = ByteRing(capacityBytes: 1 << 20)
            let error = await #expect(throws: TranshipError.self) {
                try await service.download(image.id, into: ring) { (_) throws(TranshipError) in
                    throw TranshipError(.sourceChanged, "not the one")
                }
            }
            #expect(error?.code == .sourceChanged)
            #expect(ring.readBytes == 0)
        }
    }

    @Test(
        "the service reads a location each time, and knows no checksum",
        .proves("v1 create(location)", "v1 update(location)"), arguments: LegacyCloud.all)
    func location(_ cloud: LegacyCloud) async throws {
        let files = try FileServer(["/a.img": data])
        let service = try cloud.service()
        let image = try await service.create(
            LegacyCloud.raw, from: .location(files.url("/a.img")))
        #expect(image.status == .active)
        #expect(image.sizeBytes == 200_000)
        #expect(image.checksum == nil)
        #expect(try await service.bytes(image.id) == data)
        try await service.delete(image.id)
        try await cloud.withImage { service, reserved in
            let image = try await service.update(
                reserved.id, .init(), from: .location(files.url("/a.img")))
            #expect(image.status == .active)
            #expect(try await service.bytes(reserved.id) == data)
        }
    }

    @Test(
        "the service copies from a URL, and is done some time later",
        .proves("v1 create(copy_from)", "v1 update(copy_from)"), arguments: LegacyCloud.all)
    func copyFrom(_ cloud: LegacyCloud) async throws {
        let files = try FileServer(["/a.img": data])
        try await cloud.withImage { service, reserved in
            let begun = try await service.update(
                reserved.id, .init(), from: .copyFrom(files.url("/a.img")))
            #expect(begun.status == .queued)
            let done = try await Lab.eventually({ try await service.image(reserved.id) }) {
                $0.status == .active
            }
            #expect(done.checksums == [expected])
            #expect(try await service.bytes(reserved.id) == data)
        }
        let service = try cloud.service()
        let image = try await service.create(
            LegacyCloud.raw, from: .copyFrom(files.url("/a.img")))
        #expect(image.sizeBytes == 200_000)
        let isActive = { (seen: LegacyImage) in seen.status == .active }
        _ = try await Lab.eventually({ try await service.image(image.id) }, until: isActive)
        try await service.delete(image.id)
    }

    @Test(
        "an origin that cannot be is refused before there is an image", arguments: LegacyCloud.all)
    func badOrigins(_ cloud: LegacyCloud) async throws {
        let files = try FileServer(["/a.img": data])
        let service = try cloud.service()
        var sized = LegacyCloud.raw
        sized.sizeBytes = 5
        let bad: [(Fields, LegacyImageOrigin, TranshipError.Code)] = [
            (LegacyCloud.raw, .location(files.url("/missing")), .notFound),
            (LegacyCloud.raw, .copyFrom(files.url("/missing")), .notFound),
            (LegacyCloud.raw, .location("file:///etc/passwd"), .badRequest),
            (LegacyCloud.raw, .copyFrom("file:///etc/passwd"), .badRequest),
            (sized, .location(files.url("/a.img")), .conflict),
        ]
        for (fields, origin, code) in bad {
            var fields = fields
            let id = UUID().uuidString.lowercased()
            fields.id = id
            let error = await #expect(throws: TranshipError.self) {
                _ = try await service.create(fields, from: origin)
            }
            #expect(error?.code == code, "\(origin)")
            // A wrong size is noticed only after the record was made.
            try await service.delete(id, missingIsFine: true)
        }
        try await cloud.withImage(data: data) { service, image in
            let error = await #expect(throws: TranshipError.self) {
                _ = try await service.update(
                    image.id, .init(), from: .location(files.url("/a.img")))
            }
            #expect(error?.code == .badRequest)
        }
    }
}

/// Serves bytes to every client, including the real service's HEAD.
private final class FileServer: Sendable {
    private let server: RawHTTPServer

    init(_ files: [String: [UInt8]]) throws {
        server = try RawHTTPServer { request in
            files[request.path].map { .status(200, body: $0) } ?? .status(404)
        }
    }

    func url(_ path: String) -> String { server.url + path }
}
