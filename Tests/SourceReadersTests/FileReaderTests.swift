// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import MigrationModel
import MigrationPipeline
import SourceReaders
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct FileReaderTests {
    private final class FileSource: TestSource {
        let folder: TemporaryFolder
        let reader: any SourceReader = FileReader()

        init() throws { folder = try TemporaryFolder() }

        func planned(_ bytes: [UInt8]) throws -> SourceImage {
            let path = try folder.write(bytes, to: "a.img")
            let facts = try FileFacts(path: path)
            var image = Sample.source("a", sizeBytes: facts.sizeBytes)
            image.location = .file(path)
            image.updatedAt = facts.changedAt
            return image
        }

        func change() throws {
            try folder.write(noise(1000, seed: 2), to: "a.img")
        }

        func remove() throws {
            try FileManager.default.removeItem(atPath: folder.file("a.img"))
        }
    }

    @Test func `A file is read as every source is`() async throws {
        try await checkConformance { try FileSource() }
    }

    @Test(arguments: [-400, 400])
    func `A file that changes while it is read is told`(change: Int) async throws {
        let source = try FileSource()
        let image = try source.planned(noise(200_000))
        let ring = ByteRing(capacityBytes: 64 << 10)
        let work = Task {
            await failure {
                try await source.reader.read(
                    Sample.transfer("a", source: image), from: nil, into: ring
                ) { _ in
                }
            }
        }
        #expect(await eventually { ring.writtenBytes == 64 << 10 })
        let file = try #require(FileHandle(forWritingAtPath: source.folder.file("a.img")))
        try file.truncate(atOffset: UInt64(200_000 + change))
        try await blocking {
            var buffer = [UInt8](repeating: 0, count: 100_000)
            while ring.readBytes < 200_000 + min(0, Int64(change)) {
                _ = try buffer.withUnsafeMutableBytes { try ring.read(into: $0) }
            }
        }
        #expect(await work.value?.code == .sourceChanged)
    }

    @Test func `What is no plain file is refused`() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path, "/dev/null", folder.file("none")] {
            let error = #expect(throws: TranshipError.self) { try FileFacts(path: path) }
            #expect(error?.code == .sourceUnavailable)
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func `A change within a second is a change`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], to: "a")
        let before = try FileFacts(path: path)
        try folder.write([2], to: "a")
        #expect(try FileFacts(path: path) != before)
    }
}
