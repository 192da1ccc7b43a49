// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Foundation
import ImageArchives
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

private final class TestArchive: TestSource {
    let folder: TemporaryFolder
    let archive: ArchiveFolder
    let source: any ImageSource
    static let first = "0f2c8c0e-5d0b-4a1f-9a7e-6d3c2b1a0987"

    init(_ keys: String = "") throws {
        folder = try TemporaryFolder()
        archive = ArchiveFolder(folder.file("export"), as: .target)
        let entry = try entries("{ archive: '\(folder.file("export"))'\(keys) }")[0]
        guard case .archive(let archive) = entry else { throw NotThatKind() }
        source = ArchiveImages(source: archive, sourceIndex: 0)
    }

    func add(
        _ bytes: [UInt8], _ fields: [String: JSONValue] = [:], id text: String = first,
        members: [[String: JSONValue]] = []
    ) async throws {
        let id = try #require(ArchivedID(text))
        let all: [String: JSONValue] = [
            "id": .string(text), "name": "debian", "status": "queued", "visibility": "private",
            "disk_format": "raw", "container_format": "bare",
        ]
        try archive.prepare(id, ArchiveRecord(fields: all.merging(fields) { $1 }, members: members))
        let ring = ByteRing(capacityBytes: 8 << 20)
        try bytes.withUnsafeBytes { try ring.write($0) }
        ring.finishWriting()
        try await archive.onThread {
            try $0.receive(id, from: ring, sizeBytes: nil, md5: nil, time: "2026-11-29T00:00:00Z")
        }
        let found = try #require(try archive.image(id))
        try archive.publish(id, found.record)
    }

    func path(_ name: String) -> String { "\(archive.path)/images/\(name)" }

    func put(_ bytes: [UInt8]) async throws {
        for suffix in ["json", "data"] { unlink(path("\(Self.first).\(suffix)")) }
        try await add(bytes)
    }

    func change() async throws { try await put(noise(1000, seed: 2)) }

    func remove() throws { try FileManager.default.removeItem(atPath: path("\(Self.first).json")) }
}

@Suite(.timeLimit(.minutes(5))) struct ArchiveImagesTests {
    @Test func `An archive is read as every source is`() async throws {
        try await checkConformance { try TestArchive() }
    }

    @Test func `Every field of the record comes along, and its SHA-512 is the promise`()
        async throws
    {
        let test = try TestArchive()
        try await test.add(
            noise(10),
            [
                "name": "Größe", "visibility": "shared", "protected": true, "os_hidden": true,
                "owner": "p0", "min_disk": 2, "min_ram": 512, "tags": ["a", "b"],
                "os_distro": "debian", "tranship_origin": "x/y",
            ],
            members: [
                ["member_id": "p1", "status": "accepted"],
                ["member_id": "p2", "status": "pending"],
                ["member_id": "p3", "status": "rejected"],
            ])
        let image = try #require(try await list(test.source).first).image
        #expect(image.name == "Größe" && image.imageID == TestArchive.first)
        #expect(image.key == "image:\(TestArchive.first)" && image.lineage == image.key)
        #expect(image.visibility == .shared && image.isProtected && image.isHidden)
        #expect(image.ownerID == "p0" && image.minDiskGiB == 2 && image.minRAMMiB == 512)
        #expect(image.tags == ["a", "b"] && image.properties["os_distro"] == "debian")
        let promise = try digest(.sha512, of: noise(10))
        #expect(image.checksums == [promise] && image.fingerprint == "\(promise)")
        let facts = try await test.source.sharing(of: image)
        #expect(facts.members == ["p1", "p2"])
        #expect(facts.memberAnswers == ["p1": "accepted", "p3": "rejected"])
    }

    @Test func `One bad image does not stop the others`() async throws {
        let test = try TestArchive()
        func id(_ number: Int) -> String { "00000000-0000-0000-0000-00000000000\(number)" }
        for number in 1...5 { try await test.add(noise(100 + number), id: id(number)) }
        unlink(test.path("\(id(1)).data"))
        try Data(noise(7)).write(to: URL(fileURLWithPath: test.path("\(id(2)).data")))
        try Data("{".utf8).write(to: URL(fileURLWithPath: test.path("\(id(3)).json")))
        unlink(test.path("\(id(4)).data"))
        mkfifo(test.path("\(id(4)).data"), 0o600)
        // Names that are not images.
        for name in [
            "..json", "passwd.json", "\(TestArchive.first.uppercased()).json", ".\(id(6)).json",
        ] {
            try Data("{}".utf8).write(to: URL(fileURLWithPath: test.path(name)))
        }
        let listed = try await list(test.source)
        #expect(listed.map(\.image.imageID) == (1...5).map(id))
        #expect(listed.map { $0.refusal == nil } == [false, false, false, false, true])
        #expect(listed[0].refusal?.message.contains("missing") == true)
        #expect(listed[1].refusal?.message.contains("7 bytes") == true)
        #expect(listed[2].refusal?.message.contains("not JSON") == true)
        #expect(listed[3].refusal?.message.contains("a named pipe") == true)
        #expect(listed.allSatisfy { $0.refusal == nil || $0.refusal?.hint != nil })
    }

    @Test func `Data that was changed without its record comes with another digest`() async throws {
        let test = try TestArchive()
        let image = try await test.planned(noise(1000))
        try Data(noise(1000, seed: 9)).write(
            to: URL(fileURLWithPath: test.path("\(TestArchive.first).data")))
        let reading = await read(image, by: test.source)
        #expect(reading.error == nil)
        #expect(try digest(.sha512, of: reading.bytes) != image.checksums[0])
    }

    @Test func `Conditions select as for clouds, and kernels come along`() async throws {
        func id(_ number: Int) -> String { "00000000-0000-0000-0000-00000000000\(number)" }
        func archive(_ keys: String) async throws -> TestArchive {
            let test = try TestArchive(keys)
            try await test.add(noise(1), ["name": "kernel", "disk_format": "aki"], id: id(1))
            try await test.add(
                noise(2), ["name": "debian", "kernel_id": .string(id(1))], id: id(2))
            try await test.add(noise(3), ["name": "debian-test", "tags": ["t"]], id: id(3))
            return test
        }
        func selected(_ keys: String) async throws -> [String?] {
            let test = try await archive(keys)
            return try await list(test.source).map(\.image.imageID)
        }
        #expect(try await selected("") == [id(1), id(2), id(3), id(1)])
        #expect(try await selected(", images: { name: debian }") == [id(2), id(1)])
        #expect(try await selected(", images: { tags: [t] }") == [id(3)])
        #expect(try await selected(", exclude: { name: 'debian*' }") == [id(1)])
        #expect(try await selected(", images: { id: \(id(3)) }") == [id(3)])
        let other = try await archive(", images: { id: 00000000-0000-0000-0000-000000000009 }")
        let missing = try await list(other.source)
        #expect(missing.map(\.refusal?.code) == [.refused])
        let missed = Guarded<[MissedSelection]>([])
        let test = try await archive(", images: { name: debain }")
        try await test.source.list(
            Listing(
                date: "2026-11-28", nowUnixSeconds: 0,
                missed: { one in missed.withLock { $0.append(one) } })
        ) { _ in }
        let words = missed.withLock { $0.map(\.words) }
        #expect(words.count == 1 && words[0].contains("archive \(test.archive.path) has no image"))
        #expect(words[0].contains("did you mean \"debian\"?"))
    }

    @Test func `A name with characters of a glob says how it is written`() async throws {
        func id(_ number: Int) -> String { "00000000-0000-0000-0000-00000000000\(number)" }
        func missed(_ keys: String) async throws -> [MissedSelection] {
            let test = try TestArchive(", images: { \(keys) }")
            try await test.add(noise(1), ["name": "a[1]*"], id: id(1))
            try await test.add(noise(2), ["name": "b", "owner": "o"], id: id(2))
            try await test.add(noise(3), ["name": "b", "owner": "p"], id: id(3))
            let missed = Guarded<[MissedSelection]>([])
            try await test.source.list(
                Listing(
                    date: "2026-11-28", nowUnixSeconds: 0,
                    missed: { one in missed.withLock { $0.append(one) } })
            ) { _ in }
            return missed.withLock { $0 }
        }
        let glob = try #require(try await missed("name: 'a[1]*'").first)
        #expect(glob.cause == .glob(escaped: #"a\[1\]\*"#))
        #expect(
            glob.words.hasSuffix("an image \"a[1]*\", but as a glob this name does not match it"))
        #expect(glob.wayOut?.hasPrefix(#"write its name as 'a\[1\]\*'"#) == true)
        #expect(try await missed(#"name: 'a\[1\]\*'"#).isEmpty)
        // An image of the named owner explains more than one of another owner.
        let tagged = try #require(try await missed("name: 'b*', owner: p, tags: [t]").first)
        #expect(tagged.words.hasSuffix("but it has no tag \"t\""), "\(tagged.words)")
    }

    @Test func `The image block replaces fields, and a series makes versions of them`()
        async throws
    {
        let test = try TestArchive(
            ", series: debian, image: { name: '{stem} {date}', tags: [x], visibility: public, "
                + "min_disk: 7, protected: true, properties: { a: b } }")
        try await test.add(noise(10), ["os_distro": "debian", "min_ram": 4])
        let listed = try #require(try await list(test.source).first)
        let image = listed.image
        #expect(image.name == "debian 2026-11-28" && image.tags == ["x"])
        #expect(image.visibility == .public && image.minDiskGiB == 7 && image.isProtected)
        #expect(image.properties == ["a": "b"] && image.minRAMMiB == 4)
        #expect(image.lineage == "series:debian" && listed.series?.allowsSeveral == false)
    }

    @Test func `An image without a value for a placeholder of its name is refused`() async throws {
        let test = try TestArchive(", image: { name: 'b {version}' }")
        try await test.add(noise(10), ["os_version": "12"])
        let named = try #require(try await list(test.source).first)
        #expect(named.refusal == nil && named.image.name == "b 12")
        let other = try TestArchive(", image: { name: 'b {version}' }")
        try await other.add(noise(10), ["os_distro": "debian"])
        let nameless = try #require(try await list(other.source).first)
        #expect(nameless.refusal?.message.contains("{version}, which has no value") == true)
    }

    @Test func `A folder that is not an archive is refused`() async throws {
        let test = try TestArchive()
        let error = await failure { _ = try await list(test.source) }
        #expect(error?.code == .sourceUnavailable && error?.hint != nil)
    }
}
