// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Foundation
import Glibc
import MigrationPipeline
import OpenStackImage
import TestSupport
import Testing

@testable import ImageArchives

/// An archive in a folder of its own, and images for it.
struct TestArchive: Sendable {
    let folder: TemporaryFolder
    let archive: ArchiveFolder

    init() throws {
        folder = try TemporaryFolder()
        archive = ArchiveFolder(folder.file("export"), as: .target)
    }

    var source: ArchiveFolder { ArchiveFolder(archive.path, as: .source) }

    static func id(_ number: Int) throws -> ArchivedID {
        try #require(ArchivedID("00000000-0000-0000-0000-" + String(format: "%012d", number)))
    }

    static func record(_ id: ArchivedID) -> ArchiveRecord {
        ArchiveRecord(fields: [
            "id": .string(id.text), "name": "debian", "status": "queued", "visibility": "private",
            "disk_format": "raw", "container_format": "bare", "tags": ["a"],
            "updated_at": "2026-11-28T00:00:00Z",
        ])
    }

    func prepare(_ number: Int) throws {
        let id = try Self.id(number)
        try archive.prepare(id, Self.record(id))
    }

    func receive(
        _ number: Int, _ bytes: [UInt8], sizeBytes: Int64? = nil, in archive: ArchiveFolder? = nil
    ) async throws {
        let ring = ByteRing(capacityBytes: 4 << 20)
        try bytes.withUnsafeBytes { try ring.write($0) }
        ring.finishWriting()
        let id = try Self.id(number)
        try await (archive ?? self.archive).onThread {
            try $0.receive(
                id, from: ring, sizeBytes: sizeBytes, md5: nil, time: "2026-11-29T00:00:00Z")
        }
    }

    /// Puts a complete image into the archive.
    func put(_ number: Int, _ bytes: [UInt8]) async throws {
        try prepare(number)
        try await receive(number, bytes)
        let id = try Self.id(number)
        let found = try #require(try archive.image(id))
        try archive.publish(id, found.record)
    }

    /// The names in the folder of the images.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(archive.path)/images")) ?? [])
            .sorted()
    }
}

@Suite(.timeLimit(.minutes(5))) struct ArchiveFolderTests {
    @Test func `Who looks while another makes the archive sees none or a whole one`() async throws {
        // The marker can appear between a look for it and a look at the other files.
        for _ in 0..<100 {
            let test = try TestArchive()
            let archive = test.archive
            try await withThrowingTaskGroup { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await archive.onThread { while try !$0.check() {} }
                    }
                }
                let id = try TestArchive.id(1)
                try await archive.onThread { try $0.prepare(id, TestArchive.record(id)) }
                try await group.waitForAll()
            }
        }
    }

    @Test func `An image gets data, then a record; only then an archive source sees it`()
        async throws
    {
        let test = try TestArchive()
        let (id, bytes) = (try TestArchive.id(1), noise(1_000_003))
        #expect(try test.archive.check() == false)
        #expect(!FileManager.default.fileExists(atPath: test.archive.path))

        try test.prepare(1)
        #expect(test.names == [".\(id.text).json"])
        #expect(try test.archive.ids(onlyPublished: false) == [id])
        #expect(try test.source.ids(onlyPublished: true).isEmpty)
        #expect(try test.archive.image(id)?.isWhole == false)

        try await test.receive(1, bytes, sizeBytes: Int64(bytes.count))
        #expect(test.names == [".\(id.text).json", "\(id.text).data"])
        #expect(try test.source.ids(onlyPublished: true).isEmpty)
        let proved = try #require(try test.archive.image(id))
        #expect(proved.isWhole && !proved.isPublished)
        #expect(proved.record.image.checksums == [try digest(.sha512, of: bytes)])

        try test.archive.publish(id, proved.record)
        #expect(test.names == ["\(id.text).data", "\(id.text).json"])
        #expect(try test.source.ids(onlyPublished: true) == [id])
        #expect(try test.source.image(id)?.isPublished == true)
        for name in test.names + ["../tranship-archive.json"] {
            var status = stat()
            #expect(stat("\(test.archive.path)/images/\(name)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }

        let ring = ByteRing(capacityBytes: 4 << 20)
        try test.source.read(id, into: ring, sizeBytes: Int64(bytes.count))
        #expect(ring.writtenBytes == Int64(bytes.count))

        try test.archive.remove(id)
        #expect(test.names.isEmpty)
        #expect(try test.archive.image(id) == nil)
    }

    @Test func `An empty folder of ours is closed to others`() throws {
        let test = try TestArchive()
        #expect(mkdir(test.archive.path, 0o700) == 0 && chmod(test.archive.path, 0o777) == 0)
        try test.prepare(1)
        for folder in [test.archive.path, "\(test.archive.path)/images"] {
            var status = stat()
            #expect(stat(folder, &status) == 0 && status.st_mode & 0o777 == 0o700, "\(folder)")
        }
    }

    @Test func `A target that others may write to is refused`() throws {
        let test = try TestArchive()
        try test.prepare(1)
        #expect(try test.archive.check())
        for folder in [test.archive.path, "\(test.archive.path)/images"] {
            #expect(chmod(folder, 0o703) == 0)
            let error = #expect(throws: TranshipError.self) { try test.archive.check() }
            #expect(error?.code == .targetFailed)
            #expect(error?.message.hasSuffix("by other users (mode 703)") == true)
            // A source is only read, and its data is proved afterwards.
            #expect(try test.source.check())
            #expect(chmod(folder, 0o700) == 0)
        }
        guard geteuid() == 0 else { return }
        #expect(chown(test.archive.path, 12_345, 0) == 0)
        let error = #expect(throws: TranshipError.self) { try test.archive.check() }
        #expect(error?.message.contains("another user (uid 12345") == true)
        // The same with an empty folder.
        let empty = ArchiveFolder(test.folder.file("empty"), as: .target)
        #expect(mkdir(empty.path, 0o700) == 0 && chown(empty.path, 12_345, 0) == 0)
        #expect(throws: TranshipError.self) { try empty.check() }
    }

    @Test func `A folder of other files is never written to, and a newer archive is not read`()
        throws
    {
        let test = try TestArchive()
        let other = ArchiveFolder(test.folder.path, as: .target)
        try test.folder.write([1], to: "holiday.jpg")
        let error = #expect(throws: TranshipError.self) { try other.check() }
        #expect(error?.code == .targetFailed)
        #expect(error?.message.contains("holiday.jpg") == true, "\(error?.message ?? "")")
        #expect(throws: TranshipError.self) {
            try other.prepare(try TestArchive.id(1), TestArchive.record(try TestArchive.id(1)))
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: test.folder.path) == [
                "holiday.jpg"
            ])

        let source = ArchiveFolder(test.folder.path, as: .source)
        #expect(throws: TranshipError.self) { try source.check() }
        try test.folder.write(Array(#"{"tranship_archive": 2}"#.utf8), to: "tranship-archive.json")
        for side in [TranshipError.Side.source, .target] {
            let newer = #expect(throws: TranshipError.self) {
                try ArchiveFolder(test.folder.path, as: side).check()
            }
            #expect(newer?.message.contains("newer version") == true)
            #expect(newer?.code == (side == .source ? .sourceUnavailable : .targetFailed))
        }
        for text in ["", "[]", "{}", #"{"tranship_archive": "1"}"#, #"{"tranship_archive": -1}"#] {
            try test.folder.write(Array(text.utf8), to: "tranship-archive.json")
            #expect(throws: TranshipError.self, "\(text)") { try source.check() }
        }
        try test.folder.write(Array(#"{"tranship_archive": 1}"#.utf8), to: "tranship-archive.json")
        #expect(try source.check())
        let missing = ArchiveFolder(test.folder.file("none"), as: .source)
        #expect(throws: TranshipError.self) { try missing.check() }
    }

    @Test
    func `An empty folder, and what a process left that died while it began, are made archives`()
        throws
    {
        let test = try TestArchive()
        try FileManager.default.createDirectory(
            atPath: test.archive.path, withIntermediateDirectories: false)
        try Data("{".utf8).write(
            to: URL(fileURLWithPath: "\(test.archive.path)/.tranship-archive.json.new"))
        try test.prepare(1)
        #expect(try test.archive.check())
        let deep = ArchiveFolder(test.folder.file("not/there"), as: .target)
        let error = #expect(throws: TranshipError.self) {
            try deep.prepare(try TestArchive.id(1), TestArchive.record(try TestArchive.id(1)))
        }
        #expect(error?.hint?.contains("mounted") == true)
    }

    @Test func `A full disk leaves no data, and says so with the path`() async throws {
        let test = try TestArchive()
        try test.prepare(1)
        var full = test.archive
        full.write = { file, bytes, count in
            if lseek(file, 0, SEEK_CUR) > 300_000 {
                errno = ENOSPC
                return -1
            }
            return write(file, bytes, count)
        }
        let error = await failure { [full] in
            try await test.receive(1, noise(1_000_000), in: full)
        }
        #expect(error?.code == .targetFailed)
        #expect(error?.cause is FullTarget)
        #expect(error?.message.contains(test.archive.path) == true)
        #expect(error?.message.contains("No space left") == true)
        #expect(test.names == [".\(try TestArchive.id(1).text).json"])
        // A removal needs no room.
        try full.remove(try TestArchive.id(1))
        #expect(test.names.isEmpty)
        try test.prepare(1)
        // With room, it continues.
        try await test.receive(1, noise(1_000_000))
        #expect(try test.archive.image(try TestArchive.id(1))?.isWhole == true)
    }

    @Test func `A broken source, and one with another size, leave no data`() async throws {
        let test = try TestArchive()
        try test.prepare(1)
        let ring = ByteRing()
        let broken = TranshipError(.connectionLost, "gone")
        try noise(1000).withUnsafeBytes { try ring.write($0) }
        ring.fail(broken)
        let id = try TestArchive.id(1)
        let error = await failure {
            try await test.archive.onThread {
                try $0.receive(id, from: ring, sizeBytes: nil, md5: nil, time: "")
            }
        }
        #expect(error?.code == .connectionLost)
        let short = await failure { try await test.receive(1, noise(10), sizeBytes: 11) }
        #expect(short?.code == .sourceTruncated)
        #expect(test.names == [".\(id.text).json"])
    }

    @Test func `One process at a time writes an image; what a dead one left is written over`()
        async throws
    {
        let test = try TestArchive()
        try test.prepare(1)
        let id = try TestArchive.id(1)
        let part = "\(test.archive.path)/images/\(id.part)"
        // A separate descriptor has a lock of its own, as in another process.
        let other = open(part, O_RDWR | O_CREAT, 0o600)
        try #require(other >= 0 && flock(other, LOCK_EX) == 0)
        _ = write(other, "left over", 9)
        #expect(try test.archive.isBeingWritten(id))
        let error = await failure { try await test.receive(1, noise(1000)) }
        #expect(error?.code == .conflict)
        #expect(throws: TranshipError.self) { try test.archive.remove(id) }
        close(other)
        #expect(try test.archive.isBeingWritten(id) == false)
        try await test.receive(1, noise(5))
        #expect(try test.archive.image(id)?.record.image.sizeBytes == 5)
        // Complete data is not overwritten.
        let again = await failure { try await test.receive(1, noise(6)) }
        #expect(again?.code == .conflict)
        #expect(try test.archive.image(id)?.record.image.sizeBytes == 5)
    }

    @Test func `Missing data, another size, links and pipes make an image that is not whole`()
        async throws
    {
        let test = try TestArchive()
        let id = try TestArchive.id(1)
        try await test.put(1, noise(1000))
        let data = "\(test.archive.path)/images/\(id.data)"
        let elsewhere = try test.folder.write(noise(1000), to: "elsewhere")
        for (words, change) in [
            ("missing", {}),
            ("999 bytes", { _ = try? Data(noise(999)).write(to: URL(fileURLWithPath: data)) }),
            ("a symbolic link", { symlink(elsewhere, data) }),
            ("a named pipe", { mkfifo(data, 0o600) }),
        ] as [(String, () -> Void)] {
            unlink(data)
            change()
            let found = try #require(try test.source.image(id))
            #expect(!found.isWhole)
            #expect(found.dataProblem?.contains(words) == true, "\(found.dataProblem ?? "")")
            let ring = ByteRing()
            #expect(throws: TranshipError.self) {
                try test.source.read(id, into: ring, sizeBytes: 1000)
            }
            #expect(ring.writtenBytes == 0)
        }
        // The damaged image is repaired in place.
        unlink(data)
        try await test.receive(1, noise(1000))
        #expect(try test.archive.image(id)?.isWhole == true)
        #expect(try test.archive.image(id)?.isPublished == false)
    }

    @Test func `A link in the place of the images' folder or of a record is not followed`()
        async throws
    {
        let test = try TestArchive()
        try await test.put(1, noise(10))
        let id = try TestArchive.id(1)
        let images = "\(test.archive.path)/images"
        try FileManager.default.moveItem(
            atPath: "\(images)/\(id.record)", toPath: test.folder.file("record"))
        symlink(test.folder.file("record"), "\(images)/\(id.record)")
        let error = #expect(throws: TranshipError.self) { try test.source.image(id) }
        #expect(error?.message.contains("symbolic link") == true)
        try FileManager.default.moveItem(atPath: images, toPath: test.folder.file("moved"))
        symlink(test.folder.file("moved"), images)
        #expect(throws: TranshipError.self) { try test.source.ids(onlyPublished: true) }
        #expect(throws: TranshipError.self) { try test.prepare(2) }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"image": 1}"#, #"{"image": {"id": "../../x", "status": "active"}}"#,
        #"{"image": {"id": "00000000-0000-0000-0000-000000000002", "status": "active"}}"#,
        #"{"image": {"id": "00000000-0000-0000-0000-000000000001"}}"#,
        #"{"image": {"id": "00000000-0000-0000-0000-000000000001", "status": "active", "size": -1}}"#,
        #"{"image": {"id": "00000000-0000-0000-0000-000000000001", "status": "active", "tags": 1}}"#,
        #"{"image": {"id": "00000000-0000-0000-0000-000000000001", "status": "active"}, "members": 1}"#,
        """
        {"image": {"id": "00000000-0000-0000-0000-000000000001", "status": "active"},
        "members": [{"member_id": "p", "status": 5}]}
        """,
        String(repeating: "[", count: 200),
    ])
    func `A record that cannot be right is refused with its path`(text: String) throws {
        let id = try TestArchive.id(1)
        let error = #expect(throws: TranshipError.self) {
            try ArchiveRecord(Array(text.utf8), id: id, place: "/a/\(id.record)")
        }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains("/a/\(id.record)") == true)
        #expect(error?.hint != nil)
    }

    @Test func `A record has at most 1 MiB, read and written`() async throws {
        let test = try TestArchive()
        try await test.put(1, noise(10))
        let id = try TestArchive.id(1)
        var fields = TestArchive.record(id).fields
        fields["big"] = .string(String(repeating: "a", count: ArchiveFolder.recordBytesMax))
        let record = ArchiveRecord(fields: fields)
        let refused = #expect(throws: TranshipError.self) { try test.archive.publish(id, record) }
        #expect(refused?.code == .refused)
        try Data(try record.bytes).write(
            to: URL(fileURLWithPath: "\(test.archive.path)/images/\(id.record)"))
        let error = #expect(throws: TranshipError.self) { try test.source.image(id) }
        #expect(error?.message.contains("1.0 MiB") == true, "\(error?.message ?? "")")
    }

    @Test func `A removal takes the files of the image alone, and a record comes back as written`()
        async throws
    {
        let test = try TestArchive()
        try await test.put(1, noise(10))
        try await test.put(2, noise(20))
        let strange = ["notes.txt", ".hidden", "x.json", "x.data"]
        for name in strange {
            try Data("mine".utf8).write(
                to: URL(fileURLWithPath: "\(test.archive.path)/images/\(name)"))
        }
        #expect(
            try test.archive.ids(onlyPublished: false) == [TestArchive.id(1), TestArchive.id(2)])
        try test.archive.remove(try TestArchive.id(1))
        let two = try TestArchive.id(2)
        #expect(test.names == (strange + ["\(two.text).data", "\(two.text).json"]).sorted())

        var record = ArchiveRecord(
            fields: [
                "id": .string(two.text), "status": "active", "name": "Größe 映像/\"x\"\n",
                "size": 20, "number": .number(1.5), "null": nil,
            ], members: [["member_id": "p", "status": "accepted"]], source: ["id": "s"])
        try test.archive.publish(two, record)
        #expect(try test.archive.image(two)?.record == record)
        record.fields["name"] = .null
        try test.archive.publish(two, record)
        #expect(try test.archive.image(two)?.record == record)
    }

    /// The process dies between any two steps of `publish` and `remove`.
    @Test func `Two records of one image are the published one, once`() async throws {
        let test = try TestArchive()
        try await test.put(1, noise(10))
        let id = try TestArchive.id(1)
        try test.archive.prepare(id, TestArchive.record(id))
        #expect(test.names.count == 3)
        #expect(try test.archive.ids(onlyPublished: false) == [id])
        #expect(try test.archive.image(id)?.isPublished == true)
    }
}
