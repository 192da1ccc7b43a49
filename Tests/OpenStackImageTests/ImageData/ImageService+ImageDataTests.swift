// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Image data at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceImageDataTests {
    private let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    private func download(
        _ service: ImageService, _ id: String, from offset: Int64 = 0
    ) async throws -> [UInt8] {
        let ring = ByteRing(capacityBytes: 1 << 20)
        _ = try await service.download(id, into: ring, from: offset) { _ in }
        return try Lab.bytes(ring)
    }

    @Test("what goes up comes down, whole and from an offset")
    func roundTrip() async throws {
        try await Lab.withActiveImage(bytes) { service, image in
            #expect(image.status == .active)
            #expect(image.sizeBytes == 100_000)
            #expect(image.checksums.map(\.algorithm) == [.sha512, .md5])
            #expect(image.stores == ["fast"])
            let whole = try await download(service, image.id)
            #expect(whole == bytes)
            let end = try await download(service, image.id, from: 99_990)
            #expect(end == Array(bytes[99_990...]))
        }
    }

    @Test("data of unknown size can be sent, and a store can be named")
    func chunked() async throws {
        try await Lab.withImage { service, image in
            try await service.upload(
                image.id, from: Lab.ring(bytes), sizeBytes: nil, store: "slow")
            let active = try await service.image(image.id)
            #expect(active.sizeBytes == 100_000)
            #expect(active.stores == ["slow"])
        }
    }

    @Test("an image of no bytes is active; a queued one has no data to give")
    func empty() async throws {
        try await Lab.withActiveImage([]) { service, image in
            #expect(image.status == .active)
            #expect(image.sizeBytes == 0)
            let downloaded = try await download(service, image.id)
            #expect(downloaded.isEmpty)
        }
        try await Lab.withImage { service, image in
            let called = Guarded(false)
            let head = try await service.download(
                image.id, into: ByteRing(capacityBytes: 1 << 16)
            ) { _ in called.withLock { $0 = true } }
            #expect(head == nil)
            #expect(!called.withLock { $0 })
        }
    }

    @Test("a second upload is a conflict, and its ring is not left waiting")
    func secondUpload() async throws {
        try await Lab.withActiveImage { service, image in
            let ring = try Lab.ring(bytes)
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(image.id, from: ring, sizeBytes: 100_000)
            }
            #expect(error?.code == .conflict)
            #expect(error?.answer?.status == 409)
        }
    }

    @Test("data that is not what the record declares is refused with 415")
    func wrongFormat() async throws {
        let new = NewImage(diskFormat: "qcow2", containerFormat: "bare")
        try await Lab.withImage(new) { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(image.id, from: Lab.ring(bytes), sizeBytes: 100_000)
            }
            #expect(error?.code == .formatRejected)
            #expect(error?.answer?.message.isEmpty == false)
        }
    }

    @Test("an unknown store is a bad request that names it")
    func unknownStore() async throws {
        try await Lab.withImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(
                    image.id, from: Lab.ring(bytes), sizeBytes: 100_000, store: "nowhere")
            }
            #expect(error?.code == .badRequest)
            #expect(error?.message.contains("nowhere") == true)
        }
    }

    @Test("data of a deactivated image is forbidden to its owner")
    func deactivated() async throws {
        try await Lab.withActiveImage { service, image in
            try await service.deactivate(image.id)
            let error = await #expect(throws: TranshipError.self) {
                try await download(service, image.id)
            }
            #expect(error?.code == .forbidden)
        }
    }

    @Test("an offset past the end is not satisfiable")
    func pastTheEnd() async throws {
        try await Lab.withActiveImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await download(service, image.id, from: 10)
            }
            #expect(error?.code == .rangeNotSatisfiable)
        }
    }

    /// Glance may have a used token in its cache, so this one is revoked before its first use.
    @Test("a body whose token was refused is not sent again, but the next one has a new token")
    func revokedToken() async throws {
        try await Lab.withImage { _, image in
            let service = try Lab.service()
            _ = try await Lab.revokeToken(of: service)
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(image.id, from: Lab.ring(bytes), sizeBytes: 100_000)
            }
            #expect(error?.code == .unauthorized)
            try await service.upload(image.id, from: Lab.ring(bytes), sizeBytes: 100_000)
            #expect(try await service.image(image.id).status == .active)
        }
    }
}
