// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Uploads from anywhere to a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceUploadSourceTests {
    private let bytes = noise(300_001)

    private func expectUpload(
        _ source: ImageDataSource, _ promises: DataPromises = .init()
    ) async throws {
        try await Lab.withImage { service, image in
            let progress = Guarded<[Int64]>([])
            let sent = try await service.upload(image.id, from: source, promises) { total in
                progress.withLock { $0.append(total) }
            }
            #expect(sent.sizeBytes == 300_001)
            #expect(sent.proof?.algorithm == .sha512)
            let active = try await service.image(image.id)
            #expect(active.status == .active)
            #expect(
                active.checksums == sent.checksums.filter { $0.algorithm != .sha256 }.reversed())
            #expect(progress.withLock { $0.last } == 300_001)
        }
    }

    @Test("a file", .proves("4j upload(imageId, payload, image)"))
    func file() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, to: "disk.raw")
        #expect(ImageDataSource.file(path).stem == "disk")
        try await expectUpload(.file(path), DataPromises(expected: [digest(.sha256, of: bytes)]))
    }

    @Test("a pipe")
    func pipe() async throws {
        let pipe = Pipe()
        let bytes = bytes
        let writing = Task {
            try await blocking { try pipe.fileHandleForWriting.write(contentsOf: Data(bytes)) }
            try pipe.fileHandleForWriting.close()
        }
        try await expectUpload(.descriptor(pipe.fileHandleForReading.fileDescriptor))
        try await writing.value
    }

    @Test("a stream of pieces, with and without a size")
    func stream() async throws {
        for size in [nil, Int64(300_001)] {
            let (pieces, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            for start in stride(from: 0, to: bytes.count, by: 1000) {
                continuation.yield(Array(bytes[start..<min(start + 1000, bytes.count)]))
            }
            continuation.finish()
            try await expectUpload(.stream(pieces, sizeBytes: size))
        }
    }

    @Test("bytes in memory")
    func memory() async throws { try await expectUpload(.bytes(bytes)) }

    @Test("a ring that another task fills")
    func ring() async throws { try await expectUpload(.ring(try Lab.ring(bytes))) }

    @Test("a URL")
    func url() async throws {
        let bytes = bytes
        let server = try RawHTTPServer(scripts: [
            "/old": [.redirect(to: "/disk.raw?signature=secret")],
            "/disk.raw": [.status(200, body: bytes)],
        ])
        try await expectUpload(.url(Secret("\(server.url)/old")))
    }

    @Test("data that is not what was promised reaches no image")
    func wrong() async throws {
        try await Lab.withImage { service, image in
            let promised = try digest(.sha256, of: [1])
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(
                    image.id, from: .bytes(bytes), DataPromises(expected: [promised]))
            }
            #expect(error?.code == .checksumMismatch)
            #expect(error?.message.contains(promised.description) == true)
            let back = try await service.waitForImage(
                image.id, until: .queued, pace: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
            #expect(back.sizeBytes ?? 0 == 0)
            // The record accepts the right data afterwards. A busy service may begin with the
            // broken body only now, and refuses others until it has noticed. If it notices in the
            // middle of a body, it ends that with 410: the record is queued again at that time.
            for attempt in 1... {
                do throws(TranshipError) {
                    try await service.upload(image.id, from: .bytes(bytes))
                    break
                } catch {
                    guard [.conflict, .gone].contains(error.code), attempt < 20 else { throw error }
                }
                try await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    @Test("a source that breaks off is not taken for a short one")
    func broken() async throws {
        struct Broken: AsyncSequence, AsyncIteratorProtocol {
            var count = 0
            mutating func next() async throws -> [UInt8]? {
                count += 1
                if count > 3 { throw TranshipError(.sourceUnavailable, "unplugged") }
                return noise(100_000)
            }
            func makeAsyncIterator() -> Broken { self }
        }
        try await Lab.withImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(image.id, from: .stream(Broken()))
            }
            #expect(error?.code == .sourceUnavailable)
            #expect(error?.message == "unplugged")
            _ = try await service.waitForImage(
                image.id, until: .queued, pace: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
        }
    }

    @Test("what cannot be read is told as the source's fault")
    func unreadable() async throws {
        let server = try RawHTTPServer { _ in .status(404, text: "no such disk") }
        let folder = try TemporaryFolder()
        try await Lab.withImage { service, image in
            for source in [
                ImageDataSource.file("/no/such/file"), .file(folder.path),
                .url(Secret("\(server.url)/disk?signature=secret")),
            ] {
                let error = await #expect(throws: TranshipError.self) {
                    try await service.upload(image.id, from: source)
                }
                #expect(error?.code == .sourceUnavailable)
                #expect(error?.message.contains("secret") == false)
            }
            let untouched = try await service.image(image.id)
            #expect(untouched.status == .queued)
        }
    }

    @Test("a second upload leaves no task waiting, not even on a silent pipe")
    func second() async throws {
        try await Lab.withActiveImage { service, image in
            let pipe = Pipe()
            try pipe.fileHandleForWriting.write(contentsOf: Data([1, 2, 3]))
            let error = await #expect(throws: TranshipError.self) {
                try await service.upload(
                    image.id, from: .descriptor(pipe.fileHandleForReading.fileDescriptor))
            }
            #expect(error?.code == .conflict)
            #expect(error?.hint?.contains("takes data only once") == true)
            try pipe.fileHandleForWriting.close()
        }
    }

    @Test(
        "data is staged and imported, held to its promise",
        .proves("sdk stage_image(image, filename, data, size)"))
    func staged() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, to: "disk.raw")
        try await Lab.withImage { service, image in
            let sha512 = try digest(.sha512, of: bytes)
            let sent = try await service.stage(
                image.id, from: .file(path), DataPromises(expected: [sha512]))
            #expect(sent.sizeBytes == 300_001 && sent.checksums == [sha512])
            let active = try await service.importImage(
                image.id, ImportRequest(.glanceDirect),
                waiting: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
            #expect(active.checksums.first == sha512)
        }
        try await Lab.withImage { service, image in
            try await service.stage(image.id, from: .bytes([1, 2, 3]))
            #expect(try await service.image(image.id).status == .uploading)
        }
    }
}
