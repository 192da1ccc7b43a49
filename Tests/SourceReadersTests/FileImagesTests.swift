// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

@Suite(.timeLimit(.minutes(5))) struct FileImagesTests {
    private final class TestFile: TestSource {
        let folder: TemporaryFolder
        let source: any ImageSource

        init() throws {
            folder = try TemporaryFolder()
            source = FileImages(
                source: try fileEntry(folder.file("*.img")), sourceIndex: 0, baseDirectory: "/")
        }

        func put(_ bytes: [UInt8]) throws { try folder.write(bytes, to: "a.img") }

        func change() throws {
            try folder.write(noise(1000, seed: 2), to: "a.img")
        }

        func remove() throws {
            try FileManager.default.removeItem(atPath: folder.file("a.img"))
        }
    }

    @Test(arguments: ["\u{1B}[31m", "\n", "\u{202E}", "\u{2029}", "\u{200B}"])
    func `Characters of a file's name that are not seen are escaped in the image's name`(
        character: String
    ) async throws {
        let folder = try TemporaryFolder()
        try folder.write([1, 2, 3], to: "a\(character)b.img")
        guard
            case .file(let entry) = try entries(
                "{ file: '\(folder.file("*.img"))', image: { disk_format: raw } }")[0]
        else { throw NotThatKind() }
        let source = FileImages(source: entry, sourceIndex: 0, baseDirectory: "/")
        let listed = try #require(try await list(source).first)
        let scalar = try #require(character.unicodeScalars.first)
        let shown = "a" + scalar.escaped(asASCII: true)
        #expect(listed.image.name?.hasPrefix(shown) == true, "\(listed.image.name ?? "none")")
        #expect(listed.stem == listed.image.name)
        #expect(listed.image.location.contains(character))
    }

    @Test func `A file is read as every source is`() async throws {
        try await checkConformance { try TestFile() }
    }

    @Test(arguments: [-400, 400])
    func `A file that changes while it is read is told`(change: Int) async throws {
        let source = try TestFile()
        let image = try await source.planned(noise(200_000))
        let ring = ByteRing(capacityBytes: 64 << 10)
        let work = Task {
            await failure {
                try await source.source.read(
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

    @Test func `A file whose place a named pipe has taken is refused, and nothing blocks`()
        async throws
    {
        let source = try TestFile()
        let image = try await source.planned(noise(1000))
        try source.remove()
        mkfifo(source.folder.file("a.img"), 0o600)
        let error = await failure {
            try await source.source.read(
                Sample.transfer("a", source: image), from: nil,
                into: ByteRing(capacityBytes: 64 << 10)
            ) { _ in
            }
        }
        #expect(error?.code == .sourceUnavailable, "\(error?.message ?? "read")")
    }

    @Test func `What is not a plain file is refused`() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path, "/dev/null", folder.file("none")] {
            let error = #expect(throws: TranshipError.self) { try FileFacts(path: path) }
            #expect(error?.code == .sourceUnavailable)
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func `What is wrong with a single path is its refusal`() async throws {
        let folder = try TemporaryFolder()
        let missing = FileImages(
            source: try fileEntry(folder.file("none.img")), sourceIndex: 0, baseDirectory: "/")
        let listed = try await list(missing)
        #expect(listed.map(\.refusal?.code) == [.sourceUnavailable])
    }

    @Test func `Each file has the format of its extension, or of its data`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(noise(1000), to: "a.raw")
        try folder.write(DiskHeads.qcow2(), to: "b.img")
        try folder.write(DiskHeads.iso(), to: "c")
        try folder.write(DiskHeads.qcow2(), to: "d.raw")
        try folder.write(DiskHeads.gzip, to: "e.raw.gz")
        try folder.write(noise(1000), to: "f.img")
        guard case .file(let entry) = try entries("{ file: '\(folder.path)/*' }")[0] else {
            throw NotThatKind()
        }
        let listed = try await list(FileImages(source: entry, sourceIndex: 0, baseDirectory: "/"))
        #expect(listed.prefix(3).map(\.image.diskFormat) == ["raw", "qcow2", "iso"])
        #expect(
            listed.map(\.refusal?.code)
                == [nil, nil, nil, .formatRejected, .formatRejected, .refused])
        let words = listed.map { $0.refusal?.message ?? "" }
        #expect(words[3] == "\(folder.path)/d.raw is a qcow2 image, and its disk_format is raw")
        #expect(words[4].contains("e.raw.gz is compressed (gzip), not a disk image"))
        #expect(words[5].contains("neither its extension nor its data shows it"))
    }

    @Test(arguments: ["a.raw", "*.raw"], ["b {version}", "{stem} {checksum:8}"])
    func `A file without a value for a placeholder of its name is refused`(
        pattern: String, name: String
    ) async throws {
        let folder = try TemporaryFolder()
        try folder.write(noise(1000), to: "a.raw")
        let text = "{ file: '\(folder.path)/\(pattern)', image: { name: '\(name)' } }"
        guard case .file(let entry) = try entries(text)[0] else { throw NotThatKind() }
        let source = FileImages(source: entry, sourceIndex: 0, baseDirectory: "/")
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal?.message.contains("which has no value for this image") == true)
        #expect(listed.image.name == nil)
        #expect(listed.image.displayName == "\(folder.path)/a.raw")
    }

    @Test func `A file whose data is meant is listed`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(DiskHeads.qcow2(), to: "d.raw")
        let text = "{ file: '\(folder.path)/d.raw', inspect: false }"
        guard case .file(let entry) = try entries(text)[0] else { throw NotThatKind() }
        let source = FileImages(source: entry, sourceIndex: 0, baseDirectory: "/")
        #expect(source.inspection == .off)
        #expect(try await list(source).map(\.refusal?.code) == [nil])
    }

    @Test(arguments: ["a.raw", "a.raw.xz", "a.qcow2", "a.iso"])
    func `A file without data is refused unless it is meant`(name: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write([], to: name)
        for (keys, code) in [
            ("", TranshipError.Code.formatRejected), (", decompress: auto", .formatRejected),
            (", inspect: false, image: { disk_format: raw }", nil),
        ] {
            let text = "{ file: '\(folder.path)/\(name)'\(keys) }"
            guard case .file(let entry) = try entries(text)[0] else { throw NotThatKind() }
            let source = FileImages(source: entry, sourceIndex: 0, baseDirectory: "/")
            let refusal = try #require(try await list(source).first).refusal
            #expect(refusal?.code == code, "\(keys): \(refusal?.message ?? "")")
            if code != nil { #expect(refusal?.message.hasSuffix("/\(name) is empty") == true) }
        }
    }

    /// Ids of copies at users' clouds are derived from this text.
    @Test func `The fingerprint of a file is its size and time of change`() async throws {
        let source = try TestFile()
        let image = try await source.planned([1, 2, 3])
        let changed = try #require(image.seen?.changedAt)
        #expect(image.fingerprint == "3 \(changed.seconds).\(changed.nanoseconds)")
        #expect(image.updatedAt == Timestamp.text(changed.seconds * 1000))
    }

    @Test func `A change within a second is a change`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], to: "a")
        let before = try FileFacts(path: path)
        try folder.write([2], to: "a")
        #expect(try FileFacts(path: path) != before)
    }

    @Test func `A file of a size that no disk has is refused`() throws {
        var status = stat()
        status.st_mode = S_IFREG
        status.st_size = 1 << 54
        let error = #expect(throws: TranshipError.self) { try FileFacts(status, path: "/a.img") }
        #expect(error?.code == .sourceUnavailable)
        #expect(error?.message.contains("18014398509481984") == true)
    }

    @Test func `A reading in the middle, which only a changed journal wants, is an error`()
        async throws
    {
        let source = try TestFile()
        let image = try await source.planned(noise(10))
        let point = ReadingPoint(
            offsetBytes: 5, version: SourceVersion(strongETag: "\"a\"", totalBytes: 10))
        #expect(
            await read(image, by: source.source, from: point).error?.code == .rangeNotSatisfiable)
    }
}
