// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

@Suite(.timeLimit(.minutes(5))) struct FileImagesLatestTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func listed(_ keys: String, named name: String = "{stem}") async throws -> ListedImage {
        let image = "{ disk_format: raw, name: '\(name)' }"
        let text = "{ file: '\(folder.path)/', \(keys), image: \(image) }"
        guard case .file(let entry) = try entries(text)[0] else { throw NotThatKind() }
        let source = FileImages(source: entry, sourceIndex: 0, baseDirectory: "/")
        return try #require(try await list(source).first)
    }

    /// Returns data that is not text.
    private static func data(_ name: String) -> [UInt8] { [0, 0xA5] + Array(name.utf8) }

    private func write(_ names: String...) throws {
        for name in names { try folder.write(Self.data(name), to: name) }
    }

    @Test func `The newest file of a folder is the image`() async throws {
        try write("disk-9.9.raw", "disk-9.10.raw", "disk-latest.raw", "disk-9.11.raw.part")
        let listed = try await listed(
            "latest: disk-@v.raw, allow_downgrade: true, stale_after: 30d, series: disk")
        #expect(listed.refusal == nil)
        #expect(listed.image.version == "9.10")
        #expect(listed.image.key == "file:\(folder.path)/disk-9.10.raw")
        #expect(listed.image.name == "disk-9.10" && listed.image.lineage == "series:disk")
        #expect(listed.upstream?.allowsDowngrade == true)
        #expect(listed.upstream?.staleAfterSeconds == Int64(30 * 86_400))
    }

    @Test func `Without a series, all versions of the name are one`() async throws {
        try write("disk-20260101.raw")
        let first = try await listed("latest: disk-@v.raw")
        try write("disk-20260102.raw")
        let second = try await listed("latest: disk-@v.raw")
        #expect(first.image.lineage == second.image.lineage)
        #expect(first.image.name == "disk-20260101" && second.image.name == "disk-20260102")
        #expect(first.image.place == second.image.place)
    }

    @Test func `The newest file has to have data`() async throws {
        try write("disk-1.raw")
        try folder.write([], to: "disk-2.raw")
        let listed = try await listed("latest: disk-@v.raw")
        #expect(listed.refusal?.code == .formatRejected)
        #expect(listed.refusal?.message.hasSuffix("disk-2.raw is empty") == true)
    }

    @Test func `A version that the list does not have yet is passed over`() async throws {
        try write("disk-1.raw", "disk-2.raw")
        let sum = try digest(.sha256, of: Self.data("disk-1.raw")).value
        try folder.write(Array("\(sum)  disk-1.raw\n".utf8), to: "SHA256SUMS")
        let keys = "latest: disk-@v.raw, checksum_file: '\(folder.path)/SHA256SUMS'"
        let earlier = try await listed(keys)
        #expect(earlier.image.version == "1" && earlier.refusal == nil)
        let code = Note.versionBeingFilled(version: "2", taken: "1", reason: "").code
        #expect(earlier.notes.map(\.code) == [code])
        // If the list has no version at all, the newest one is refused.
        try folder.write(Array("\(sum)  other.raw\n".utf8), to: "SHA256SUMS")
        let missing = try await listed(keys)
        #expect(missing.image.version == "2")
        #expect(missing.refusal?.message.contains("disk-2.raw") == true)
        let own = try digest(.sha256, of: Self.data("disk-2.raw")).value
        try folder.write(Array("\(own)\n".utf8), to: "disk-2.raw.sha256")
        let whole = try await listed(
            "latest: disk-@v.raw, checksum_file: '\(folder.path)/disk-@v.raw.sha256'")
        #expect(whole.refusal == nil && whole.notes.isEmpty)
        // The version's own list appears later than the file.
        try write("disk-3.raw")
        let early = try await self.listed(
            "latest: disk-@v.raw, checksum_file: '\(folder.path)/disk-@v.raw.sha256'")
        #expect(early.image.version == "2" && early.refusal == nil)
        #expect(early.notes.map(\.code) == [code])
        #expect(whole.image.checksums.first?.value == own)
    }

    @Test func `Folders have versions, too, if the file is in them`() async throws {
        for name in ["1", "2"] {
            try FileManager.default.createDirectory(
                atPath: folder.file(name), withIntermediateDirectories: false)
        }
        try folder.write([1], to: "1/disk-1.raw")
        try folder.write([1], to: "2/disk-2.raw.part")
        let listed = try await listed("latest: '@v/disk-@v.raw'")
        #expect(listed.image.version == "1" && listed.refusal == nil)
    }

    @Test func `A folder without a match says what it has`() async throws {
        let empty = try await listed("latest: disk-@v.raw")
        #expect(empty.refusal?.code == .sourceUnavailable)
        // Without a version, two folders differ only in the address.
        #expect(empty.image.displayName == "\(folder.path)/disk-@v.raw")
        let named = try await listed("latest: disk-@v.raw", named: "disk {version}")
        #expect(named.image.displayName == "\(folder.path)/disk-@v.raw")
        #expect(try await listed("latest: disk-@v.raw", named: "own").image.displayName == "own")
        #expect(empty.refusal?.hint == "copy the files there, or correct `file`")
        try write("other-1.raw")
        let other = try await listed("latest: disk-@v.raw")
        #expect(other.refusal?.message.contains("it has other-1.raw") == true)
        let gone = try await listed("latest: none/disk-@v.raw")
        #expect(
            gone.refusal?.message.hasSuffix(
                "cannot list \(folder.path)/none/: no such file or directory") == true)
    }
}
