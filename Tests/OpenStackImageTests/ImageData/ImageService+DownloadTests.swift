// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Proved downloads from a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceDownloadTests {
    private let bytes = noise(100_003)

    @Test(
        "a buffer of any size is filled each time but the last",
        .proves(
            "sdk download_image(image, chunk_size)"), arguments: [1, 7, 4096, 65_536, 1 << 20])
    func buffers(_ size: Int) async throws {
        try await Lab.withActiveImage(bytes) { service, image in
            let received = Received()
            let data = try await service.download(image.id, DownloadOptions(bufferBytes: size)) {
                received.add($0)
            }
            #expect(received.bytes == bytes)
            #expect(received.pieces.dropLast().allSatisfy { $0 == size })
            #expect(received.pieces.count == (bytes.count + size - 1) / size)
            #expect(data.proof == image.checksums.first)
            #expect(data.proof?.algorithm == .sha512)
            #expect(data.sizeBytes == 100_003)
        }
    }

    @Test("no buffer, and one of gigabytes, is a mistake", arguments: [0, -1, 17 << 20])
    func badBuffer(_ size: Int) async throws {
        let service = try Lab.service()
        let error = await #expect(throws: TranshipError.self) {
            try await service.download("i", DownloadOptions(bufferBytes: size)) { _ in }
        }
        #expect(error?.code == .usage)
    }

    @Test(
        "a file appears when it is whole and proved, in place of what was there",
        .proves("sdk download_image(output)", "4j download(imageId, filename)"))
    func file() async throws {
        let folder = try TemporaryFolder()
        try await Lab.withActiveImage(bytes) { service, image in
            let path = try folder.write([1, 2, 3], to: "disk.raw")
            let data = try await service.download(image.id, toFile: path)
            #expect(folder.bytes(of: "disk.raw") == bytes)
            #expect(folder.names == ["disk.raw"])
            #expect(data.proof != nil)
        }
    }

    @Test("a file that cannot be written is an error that names it, and leaves nothing")
    func unwritable() async throws {
        let folder = try TemporaryFolder()
        try await Lab.withActiveImage(bytes) { service, image in
            for path in [folder.file("no/such/folder"), folder.path] {
                let error = await #expect(throws: TranshipError.self) {
                    try await service.download(image.id, toFile: path)
                }
                #expect(error?.code == .targetFailed)
                #expect(error?.message.contains(folder.path) == true)
            }
            // A full disk.
            let full = await #expect(throws: TranshipError.self) {
                try await service.download(image.id, toFile: "/dev/full")
            }
            #expect(full?.code == .targetFailed)
            #expect(full?.hint == "make room on that disk")
            #expect(folder.names.isEmpty)
        }
    }

    @Test(
        "a part is the part that was asked for",
        arguments: [
            (ByteSpan.from(99_990), 99_990..<100_003), (.bytes(5...9), 5..<10),
            (.bytes(100_000...200_000), 100_000..<100_003), (.last(4), 99_999..<100_003),
            (.last(200_000), 0..<100_003), (.from(0), 0..<100_003),
        ])
    func ranges(_ span: ByteSpan, _ expected: Range<Int>) async throws {
        try await Lab.withActiveImage(bytes) { service, image in
            let (received, data) = try await Received.all(
                service, image.id, DownloadOptions(range: span))
            #expect(received == Array(bytes[expected]))
            #expect(data.proof == nil)
        }
    }

    @Test("a part that lies outside is not satisfiable")
    func outside() async throws {
        try await Lab.withActiveImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await Received.all(service, image.id, DownloadOptions(range: .from(10)))
            }
            #expect(error?.code == .rangeNotSatisfiable)
        }
    }

    @Test("an image of no bytes is a file of no bytes; one without data is none")
    func nothing() async throws {
        let folder = try TemporaryFolder()
        try await Lab.withActiveImage([]) { service, image in
            let data = try await service.download(image.id, toFile: folder.file("empty"))
            #expect(folder.bytes(of: "empty") == [])
            #expect(data.proof != nil)
        }
        try await Lab.withImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.download(image.id, toFile: folder.file("queued"))
            }
            #expect(error?.code == .noData)
            #expect(error?.hint == "upload its data first")
            #expect(folder.names == ["empty"])
        }
    }

    @Test(
        "pieces come as a sequence, which may be left at any time",
        .proves("sdk download_image(stream)"))
    func sequence() async throws {
        try await Lab.withActiveImage(bytes) { service, image in
            var all: [UInt8] = []
            for try await piece in service.data(of: image.id, DownloadOptions(bufferBytes: 30_000))
            {
                all += piece
            }
            #expect(all == bytes)
            for try await piece in service.data(of: image.id, DownloadOptions(bufferBytes: 10)) {
                #expect(piece == Array(bytes[..<10]))
                break
            }
            #expect(try await service.image(image.id).status == .active)
        }
    }

    @Test(
        "the stores to read from can be named, and one that does not exist is refused",
        .proves("sdk download_image(store_preferences)"))
    func stores() async throws {
        try await Lab.withActiveImage(bytes) { service, image in
            let preferred = DownloadOptions(preferredStores: ["slow", "fast"])
            let received = try await Received.all(service, image.id, preferred).bytes
            #expect(received == bytes)
            let error = await #expect(throws: TranshipError.self) {
                try await Received.all(
                    service, image.id, DownloadOptions(preferredStores: ["nowhere"]))
            }
            #expect(error?.code == .badRequest)
            #expect(error?.message.contains("nowhere") == true)
        }
    }

    @Test("what the receiver throws ends it, and comes out")
    func receiver() async throws {
        try await Lab.withActiveImage(bytes) { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.download(image.id) { _ in
                    throw TranshipError(.quotaExceeded, "enough")
                }
            }
            #expect(error?.code == .quotaExceeded)
        }
    }
}
