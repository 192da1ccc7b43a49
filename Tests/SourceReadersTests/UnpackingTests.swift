// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import HTTPTransport
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

/// `decompress` for files and URLs: the planned data, the read data, and the promise for each.
@Suite(.timeLimit(.minutes(5))) struct UnpackingTests {
    private static let disk = DiskHeads.qcow2() + noise(700_000)

    private static let quick: Reopening = {
        var reopening = Reopening()
        reopening.wait = { _ in }
        return reopening
    }()

    private func file(_ path: String, _ keys: String = "") throws -> FileImages {
        guard case .file(let entry) = try entries("{ file: '\(path)'\(keys) }")[0] else {
            throw NotThatKind()
        }
        return FileImages(source: entry, sourceIndex: 0, baseDirectory: "/")
    }

    @Test(arguments: Compression.allCases)
    func `A compressed file is planned as what is inside`(compression: Compression) async throws {
        let folder = try TemporaryFolder()
        let data = try compressed(Self.disk, compression)
        let path = try folder.write(data, to: "noble.img.\(compression.rawValue)")
        let sum = sha256(data)
        let source = try file(path, ", decompress: auto, checksum: '\(sum)'")
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal == nil)
        let image = listed.image
        #expect(image.name == "noble")
        #expect(image.diskFormat == "qcow2")
        #expect(
            image.published
                == PublishedData(
                    compression: compression, sizeBytes: Int64(data.count), checksum: sum))
        #expect(image.sizeBytes == nil && image.checksums == [])
        #expect(image.fingerprint == "\(sum) decompressed")
        let fetchable = source.fetchable(image, for: nil)
        #expect(fetchable == .nothing(.dataIsDecompressed))

        let reading = await read(image, by: source)
        #expect(reading.error == nil)
        #expect(reading.bytes == Self.disk)
        #expect(reading.facts == [SourceFacts(sizeBytes: nil)])
        #expect(
            reading.proof == PublishedProof(checksum: sum, sizeBytes: Int64(data.count)))
    }

    @Test func `Data that is not compressed is left as it is`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(noise(10_000), to: "a.raw")
        let source = try file(path, ", decompress: auto")
        let image = try #require(try await list(source).first).image
        #expect(image.published == nil)
        #expect(image.sizeBytes == 10_000)
        #expect(await read(image, by: source).bytes == noise(10_000))
    }

    @Test func `A disk to convert is planned as what it becomes`() async throws {
        let folder = try TemporaryFolder()
        let data = try compressed(Self.disk, .xz)
        let path = try folder.write(data, to: "a.qcow2.xz")
        let source = try file(path, ", decompress: auto, convert: raw, proof_properties: true")
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal == nil)
        #expect(listed.image.name == "a")
        #expect(listed.image.diskFormat == "raw")
        #expect(listed.image.published?.conversion?.from == "qcow2")
        #expect(listed.image.fingerprint.hasSuffix(" decompressed converted to raw"))
        #expect(
            listed.image.properties == [
                "tranship_published_size": "\(data.count)",
                "tranship_changes": "decompressed (xz), converted from qcow2 to raw",
            ])
        // The conversion comes later, in the spool.
        #expect(await read(listed.image, by: source).bytes == Self.disk)
    }

    @Test func `What cannot be converted is refused, and what need not be is left`() async throws {
        let folder = try TemporaryFolder()
        let iso = try folder.write(DiskHeads.iso(), to: "a.iso")
        let refusal = try await list(try file(iso, ", convert: qcow2")).first?.refusal
        #expect(refusal?.message.contains("its disk_format is iso") == true)
        let raw = try folder.write(noise(5000), to: "a.raw")
        #expect(try await list(try file(raw, ", convert: raw")).first?.image.published == nil)
    }

    @Test func `Another format than the named one is refused`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try compressed(noise(10_000), .gz), to: "a.raw.xz")
        let refusal = try await list(try file(path, ", decompress: xz")).first?.refusal
        #expect(refusal?.code == .formatRejected)
        #expect(refusal?.message.contains("does not begin as xz data") == true)
    }

    @Test func `What is inside has to be an image`() async throws {
        let folder = try TemporaryFolder()
        let page = [UInt8]("<!doctype html><html><body>login</body></html>".utf8)
        let twice = try compressed(try compressed(noise(9000), .gz), .xz)
        for (bytes, words) in [
            (try compressed(page, .xz), "is a web page"), (twice, "is compressed (gzip)"),
        ] {
            let path = try folder.write(bytes, to: "a.raw.xz")
            let refusal = try await list(try file(path, ", decompress: auto")).first?.refusal
            #expect(refusal?.code == .formatRejected)
            #expect(refusal?.message.contains(words) == true, "\(refusal?.message ?? "")")
        }
    }

    @Test func `Without the key, compressed data is refused with the cure`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try compressed(noise(10_000), .bz2), to: "a.raw.bz2")
        let refusal = try await list(try file(path)).first?.refusal
        #expect(refusal?.hint?.contains("`decompress: auto`") == true)
    }

    /// zstd data that begins with a skippable frame, bzip2 data that begins with an empty stream,
    /// and formats that only other tools unpack.
    @Test func `Compressed data is known however it begins`() async throws {
        let folder = try TemporaryFolder()
        let data = [
            DiskHeads.skippable(4) + (try compressed(Self.disk, .zst)),
            try compressed([], .bz2) + compressed(Self.disk, .bz2),
        ]
        for (bytes, format) in zip(data, [Compression.zst, .bz2]) {
            let path = try folder.write(bytes, to: "a.img.\(format.rawValue)")
            let plain = try #require(
                try await list(try file(path, ", image: { disk_format: raw }")).first)
            #expect(plain.refusal?.message.contains("is compressed") == true)
            #expect(plain.refusal?.hint?.contains("`decompress: auto`") == true)
            for setting in ["auto", format.rawValue] {
                let source = try file(path, ", decompress: \(setting)")
                let listed = try #require(try await list(source).first)
                #expect(listed.refusal == nil)
                #expect(listed.image.diskFormat == "qcow2")
                #expect(await read(listed.image, by: source).bytes == Self.disk)
            }
        }
        let other = try folder.write(DiskHeads.skippable(4) + DiskHeads.lz4, to: "a.raw")
        let refusal = try await list(try file(other, ", decompress: auto")).first?.refusal
        #expect(refusal?.message.contains("is compressed (lz4)") == true)
    }

    @Test(arguments: [("zstd -qc", Compression.zst), ("xz -c", .xz)])
    func `Data without a checksum inside is said`(
        tool: String, compression: Compression
    ) async throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.disk, to: "data")
        let proved = try output(of: "\(tool) data", in: folder)
        let flag = compression == .zst ? "--no-check" : "--check=none"
        let unproved = try output(of: "\(tool) \(flag) data", in: folder)
        for (bytes, promise, isSaid) in [
            (proved, "", false), (unproved, "", true),
            (unproved, ", checksum: '\(sha256(unproved))'", false),
        ] {
            let path = try folder.write(bytes, to: "a.img")
            let server = try RawHTTPServer { _ in .status(200, body: bytes) }
            defer { server.stop() }
            let text = "{ url: '\(server.url)/a.img', decompress: auto\(promise) }"
            guard case .url(let entry) = try entries(text)[0] else { throw NotThatKind() }
            let url = URLImage(source: entry, sourceIndex: 0, client: HTTPClient())
            let note = Note.noInnerChecksum(format: compression.rawValue)
            for listed in [
                try await list(try file(path, ", decompress: auto" + promise)).first,
                try await list(url).first,
            ] {
                #expect(listed?.refusal == nil)
                #expect(listed?.notes.contains(note) == isSaid)
            }
        }
    }

    @Test func `The checksum is of the published data, and compared at the end`() async throws {
        let folder = try TemporaryFolder()
        let data = try compressed(noise(300_000), .zst)
        let path = try folder.write(data, to: "a.raw.zst")
        let source = try file(
            path, ", decompress: auto, checksum: '\(sha256(noise(300_000)))'")
        let image = try #require(try await list(source).first).image
        let error = await read(image, by: source).error
        #expect(error?.code == .checksumMismatch)
        #expect(error?.message.contains("\(sha256(data))") == true)
    }

    @Test func `A file that ends early is not an image`() async throws {
        let folder = try TemporaryFolder()
        let data = try compressed(noise(300_000), .gz)
        let path = try folder.write(Array(data.dropLast(20_000)), to: "a.raw.gz")
        let source = try file(path, ", decompress: auto")
        let image = try #require(try await list(source).first).image
        let error = await read(image, by: source).error
        #expect(error?.code == .decompressionFailed)
        #expect(error?.message.contains("ends early") == true)
    }

    @Test func `A URL that drops is opened again within the compressed data`() async throws {
        let data = try compressed(noise(2_000_000), .xz)
        let server = try RawHTTPServer { request in
            let first = Int(request[header: "range"]?.dropFirst(6).split(separator: "-")[0] ?? "")
            return Reply { exchange in
                exchange.sendHead(
                    first == nil ? 200 : 206,
                    [
                        ("ETag", "\"a\""), ("Content-Length", "\(data.count - (first ?? 0))"),
                        (
                            "Content-Range",
                            "bytes \(first ?? 0)-\(data.count - 1)/\(data.count)"
                        ),
                    ])
                if request.method == "GET" {
                    exchange.send(
                        Array(data[(first ?? 0)..<(first == nil ? 1_200_000 : data.count)]))
                }
                exchange.close()
            }
        }
        let entry = try urlEntry("\(server.url)/a.raw.xz", ", decompress: auto")
        let source = URLImage(
            source: entry, sourceIndex: 0, client: HTTPClient(), reopening: Self.quick)
        let image = try #require(try await list(source).first).image
        #expect(image.published?.sizeBytes == Int64(data.count))
        let reading = await read(image, by: source)
        #expect(reading.error == nil)
        #expect(reading.bytes == noise(2_000_000))
        #expect(reading.told.contains { $0.hasPrefix("reopened at") })
        #expect(reading.proof?.checksum == sha256(data))
        #expect(reading.tookBytes == Int64(data.count))
    }

    /// The ring and the thread of the decompression end together with the reading.
    @Test func `A target that breaks ends the reading`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try compressed(noise(5_000_000), .gz), to: "a.raw.gz")
        let source = try file(path, ", decompress: auto")
        let image = try #require(try await list(source).first).image
        let ring = ByteRing(capacityBytes: 64 << 10)
        ring.fail(TranshipError(.targetFailed, "gone"))
        let error = await failure {
            try await source.read(Sample.transfer("a", source: image), from: nil, into: ring) { _ in
            }
        }
        #expect(error?.message == "gone")
    }
}
