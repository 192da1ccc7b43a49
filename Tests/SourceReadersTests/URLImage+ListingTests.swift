// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import HTTPTransport
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

/// The facts that a plan learns about a URL before any image data is transferred.
@Suite(.timeLimit(.minutes(5))) struct URLImageListingTests {
    /// Lists one URL of a server that answers every request with the handler.
    private func listed(
        _ path: String = "/disk.img", image: String = "", more: String = "",
        isPromised: Bool = true, _ handler: @escaping RawHTTPServer.Handler
    ) async throws -> (ListedImage, requests: [ReceivedRequest]) {
        let server = try RawHTTPServer(handler)
        defer { server.stop() }
        let sum = String(repeating: "a", count: 64)
        let promise = isPromised ? "checksum: 'sha256:\(sum)', " : ""
        let text = "{ url: '\(server.url)\(path)', \(promise)image: { \(image) }\(more) }"
        guard case .url(let entry) = try entries(text)[0] else { throw NotThatKind() }
        let source = URLImage(source: entry, sourceIndex: 0, client: HTTPClient())
        return (try #require(try await list(source).first), server.requests)
    }

    @Test(arguments: [
        (DiskHeads.qcow2(), "qcow2"), (DiskHeads.vmdk(), "vmdk"), (DiskHeads.iso(), "iso"),
        (DiskHeads.mbr, "raw"),
    ])
    func `A format that is not written is that of the data`(
        data: [UInt8], format: String
    ) async throws {
        let (image, _) = try await listed { _ in .status(200, body: data) }
        #expect(image.refusal == nil)
        #expect(image.image.diskFormat == format)
        #expect(image.image.sizeBytes == Int64(data.count))
    }

    @Test func `Data that shows no format needs one that is written`() async throws {
        let (image, _) = try await listed { _ in .status(200, body: noise(70_000)) }
        #expect(image.refusal?.code == .refused)
        #expect(image.refusal?.hint?.contains("`disk_format`") == true)
    }

    @Test(arguments: [
        ("/disk.raw", "", DiskHeads.qcow2(), "is a qcow2 image, and its disk_format is raw"),
        ("/disk.img", "disk_format: raw", DiskHeads.xz, "is compressed (xz), not a raw image"),
        ("/disk.raw.xz", "", DiskHeads.xz, "is compressed (xz), not a disk image"),
        ("/a.qcow2", "", DiskHeads.qcow2(backing: "b"), "needs its backing file \"b\""),
    ])
    func `Data that is something else is refused`(
        path: String, image: String, data: [UInt8], words: String
    ) async throws {
        let (listed, _) = try await listed(path, image: image) { _ in .status(200, body: data) }
        #expect(listed.refusal?.code == .formatRejected)
        #expect(listed.refusal?.message.contains(words) == true, "\(listed.refusal as Any)")
    }

    @Test(arguments: ["b {version}", "b {checksum:8}", "{stem} {checksum} {version}"])
    func `An image without a value for a placeholder of its name is refused`(
        name: String
    ) async throws {
        let fields = "name: '\(name)', disk_format: raw"
        let (nameless, _) = try await listed(image: fields, isPromised: false) { _ in
            .status(200, body: [1, 2, 3])
        }
        let words = "which has no value for this image"
        #expect(nameless.refusal?.message.contains(words) == true, "\(nameless.refusal as Any)")
        #expect(nameless.image.name == nil && nameless.upstream?.look == nil)
        // Another refusal explains more.
        let (page, _) = try await listed(image: fields, isPromised: false) { _ in
            .status(200, body: DiskHeads.html)
        }
        #expect(page.refusal?.message.contains("is a web page") == true, "\(page.refusal as Any)")
        let (named, _) = try await listed(image: fields + ", properties: { os_version: 7 }") { _ in
            .status(200, body: [1, 2, 3])
        }
        #expect(named.refusal == nil && named.image.name?.contains("{") == false)
    }

    @Test func `What is compressed twice gets a hint that helps`() async throws {
        let data = try compressed(compressed([1, 2, 3], .xz), .gz)
        let (image, _) = try await listed("/disk.raw.gz", more: ", decompress: auto") { _ in
            .status(200, body: data)
        }
        #expect(image.refusal?.message.contains("is compressed (xz)") == true)
        #expect(image.refusal?.hint?.hasPrefix("unpack it (xz -d)") == true)
    }

    @Test func `A web page is called one, with its type and size`() async throws {
        let (image, _) = try await listed(image: "disk_format: raw") { _ in
            .status(
                200, headers: [("Content-Type", "text/html; charset=utf-8")], body: DiskHeads.html)
        }
        let words = "is a web page (text/html; charset=utf-8, 47 bytes), not a raw image"
        #expect(image.refusal?.message.contains(words) == true)
    }

    @Test(arguments: [
        "text/html", "text/plain; charset=iso-8859-1", "application/json", "application/xhtml+xml",
    ])
    func `A type of documents refuses data that is not a known disk`(type: String) async throws {
        let reply = Reply.status(
            200, headers: [("Content-Type", type)], body: noise(100_000))
        let (image, _) = try await listed(image: "disk_format: raw", isPromised: false) { _ in
            reply
        }
        #expect(image.refusal?.code == .formatRejected)
        #expect(image.refusal?.message.contains("(\(type), 100000 bytes)") == true)
        #expect(image.refusal?.hint?.contains("inspect: false") == true)
        // If the operator wants it, or a checksum proves the data, the type is only a note.
        for (more, isPromised) in [(", inspect: false", false), ("", true)] {
            let (meant, _) = try await listed(
                image: "disk_format: raw", more: more, isPromised: isPromised
            ) { _ in reply }
            #expect(meant.refusal == nil && meant.notes.contains(.contentType(type)), "\(more)")
        }
        let (disk, _) = try await listed(image: "disk_format: raw") { _ in
            .status(200, headers: [("Content-Type", type)], body: DiskHeads.gpt)
        }
        #expect(disk.refusal == nil && disk.notes.isEmpty)
    }

    @Test func `Data that is shorter than a sector is remarked`() async throws {
        for isPromised in [false, true] {
            let (image, _) = try await listed(
                image: "disk_format: raw", isPromised: isPromised
            ) { _ in .status(200, headers: [("ETag", "\"a\"")], body: [0x31]) }
            #expect(image.refusal == nil)
            #expect(image.notes.contains(.smallerThanSector(sizeBytes: 1)) == !isPromised)
        }
    }

    @Test func `Data that is meant is copied as it is`() async throws {
        let (image, _) = try await listed(image: "disk_format: raw", more: ", inspect: false") {
            _ in .status(200, body: DiskHeads.html)
        }
        #expect(image.refusal == nil)
    }

    @Test func `The disk inside is compared with min_disk`() async throws {
        let (image, _) = try await listed(image: "min_disk: 1") { _ in
            .status(200, body: DiskHeads.qcow2(sizeBytes: 5 << 30))
        }
        #expect(image.notes.first?.words.contains("needs 5 GiB") == true)
    }

    // MARK: The requests

    @Test func `Two small requests are enough`() async throws {
        let (image, requests) = try await listed { request in
            guard request[header: "range"] != nil else {
                return .status(200, headers: [("Content-Length", "9000000")])
            }
            return .status(
                206, headers: [("Content-Range", "bytes 0-65535/9000000")],
                body: Array(DiskHeads.qcow2().prefix(65536)))
        }
        #expect(image.image.sizeBytes == 9_000_000 && image.image.diskFormat == "qcow2")
        #expect(requests.map(\.method) == ["HEAD", "GET"])
        #expect(requests.last?[header: "range"] == "bytes=0-65535")
    }

    @Test(arguments: [400, 403, 404, 405, 410, 500, 501, 502, 503, 599])
    func `The size is that of the whole where only GET answers`(status: Int) async throws {
        let (image, requests) = try await listed { request in
            guard request.method == "GET" else { return .status(status) }
            return .status(
                206, headers: [("Content-Range", "bytes 0-65535/9000000"), ("ETag", "\"a\"")],
                body: Array(DiskHeads.qcow2().prefix(65536)))
        }
        #expect(image.image.sizeBytes == 9_000_000 && image.refusal == nil)
        #expect(requests.map(\.method) == ["HEAD", "GET"])
    }

    @Test func `A body without an end is not read to its end`() async throws {
        let (image, _) = try await listed(image: "disk_format: raw") { request in
            guard request.method == "GET" else { return .status(200) }
            return Reply { exchange in
                exchange.sendHead(200, [("Content-Length", "\(1 << 40)")])
                while exchange.send(noise(1 << 20)) {}
                exchange.close()
            }
        }
        #expect(image.refusal == nil)
        #expect(image.image.sizeBytes == 1 << 40)
    }

    @Test(arguments: [400, 416, 501])
    func `A server that refuses the range is asked without`(status: Int) async throws {
        let (image, _) = try await listed { request in
            request[header: "range"] == nil
                ? .status(200, body: DiskHeads.qcow2()) : .status(status)
        }
        #expect(image.image.diskFormat == "qcow2" && image.refusal == nil)
    }

    @Test func `The bytes of another part say nothing`() async throws {
        let (image, _) = try await listed(image: "disk_format: raw") { request in
            guard request.method == "GET" else {
                return .status(200, headers: [("Content-Length", "90000")])
            }
            return .status(
                206, headers: [("Content-Range", "bytes 100-146/90000")], body: DiskHeads.html)
        }
        #expect(image.refusal == nil)
        #expect(image.notes.first?.words.contains("could not look at the data") == true)
    }

    @Test func `A failure that may pass is left to the transfer`() async throws {
        let (image, _) = try await listed(image: "disk_format: raw") { request in
            request.method == "HEAD"
                ? .status(200, headers: [("Content-Length", "90000")]) : .status(503)
        }
        #expect(image.refusal == nil)
        #expect(image.notes.first?.words.contains("503") == true)
    }

    /// Counts requests.
    private final class Counter: Sendable {
        private let count = Guarded(0)
        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }

    @Test(arguments: [404, 500, 502, 503, 429])
    func `Another mirror of the pool is asked`(status: Int) async throws {
        let counter = Counter()
        let (image, requests) = try await listed(image: "disk_format: raw") { _ in
            // The first mirror refuses the HEAD, and also the GET in the case of 404.
            counter.next() <= (status == 404 ? 2 : 1)
                ? .status(status, text: "not here") : .status(200, body: noise(90_000))
        }
        #expect(image.refusal == nil && image.notes.isEmpty, "\(image)")
        #expect(image.image.sizeBytes == 90_000)
        #expect(requests.count <= 4)
    }

    @Test func `The size that the GET reports counts`() async throws {
        let (image, _) = try await listed(image: "disk_format: raw") { request in
            request.method == "HEAD"
                ? .status(200, headers: [("Content-Length", "17")])
                : .status(200, body: noise(90_000))
        }
        #expect(image.image.sizeBytes == 90_000)
    }

    @Test(arguments: [nil, "Sat, 28 Nov 2026 12:00:00 GMT"])
    func `An ETag that changes with every answer shows no version`(changed: String?) async throws {
        let counter = Counter()
        let server = try RawHTTPServer { _ in
            let time = changed.map { [("Last-Modified", $0)] } ?? []
            return .status(
                200, headers: [("ETag", "\"edge-\(counter.next())\"")] + time,
                body: noise(90_000))
        }
        defer { server.stop() }
        let source = URLImage(
            source: try urlEntry(server.url + "/a.img"), sourceIndex: 0, client: HTTPClient())
        let first = try #require(try await list(source).first)
        let second = try #require(try await list(source).first)
        #expect(first.image.seen?.eTag == nil && first.image.seen?.lastModified == changed)
        #expect(first.image.fingerprint == second.image.fingerprint)
        #expect(first.notes.contains(.changingETag) == (changed == nil))
        #expect(await read(first.image, by: source).error == nil)
    }

    /// The time at which a reproducible build sets all its files shows no version either.
    @Test(arguments: [nil, "Thu, 01 Jan 1970 00:00:01 GMT"])
    func `Of data without a version, the first bytes show a new one`(changed: String?)
        async throws
    {
        let bytes = Guarded(noise(90_000))
        let server = try RawHTTPServer { _ in
            .status(
                200, headers: changed.map { [("Last-Modified", $0)] } ?? [],
                body: bytes.withLock { $0 })
        }
        defer { server.stop() }
        let plain = URLImage(
            source: try urlEntry(server.url + "/a.img"), sourceIndex: 0, client: HTTPClient())
        // A longer look gives the same digest.
        let unpacked = URLImage(
            source: try urlEntry(server.url + "/a.img", ", decompress: auto"), sourceIndex: 0,
            client: HTTPClient())
        let first = try #require(try await list(plain).first)
        #expect(first.notes.contains(.noVersion))
        #expect(first.image.showsNewVersions == false)
        let second = try #require(try await list(unpacked).first)
        #expect(second.image.fingerprint == first.image.fingerprint)
        bytes.withLock { $0[70_000] ^= 1 }
        let third = try #require(try await list(plain).first)
        #expect(third.image.fingerprint == first.image.fingerprint)
        bytes.withLock { $0[600] ^= 1 }
        let fourth = try #require(try await list(plain).first)
        #expect(fourth.image.fingerprint != first.image.fingerprint)
        #expect(fourth.image.place == first.image.place)
    }

    /// Compressed data shows its end itself.
    @Test(arguments: [(false, false, true), (true, false, false), (false, true, false)])
    func `Data without a length and a checksum gets a note that a cut is not noticed`(
        isPromised: Bool, isUnpacked: Bool, isNoted: Bool
    ) async throws {
        let plain = noise(90_000)
        let data = isUnpacked ? try compressed(plain, .gz) : plain
        let (image, _) = try await listed(
            image: "disk_format: raw", more: ", decompress: auto", isPromised: isPromised
        ) { _ in
            Reply { exchange in
                exchange.sendHead(200, [("Connection", "close")])
                if exchange.request.method != "HEAD" { exchange.send(data) }
                exchange.close()
            }
        }
        #expect(image.refusal == nil)
        #expect(image.notes.contains(.noLength) == isNoted)
    }

    @Test func `Chunks and a length that only HEAD declares show a cut`() async throws {
        let (chunked, _) = try await listed(image: "disk_format: raw", isPromised: false) {
            request in
            request.method == "HEAD" ? .status(405) : .chunked(noise(90_000))
        }
        #expect(chunked.refusal == nil && !chunked.notes.contains(.noLength))
        let (declared, _) = try await listed(image: "disk_format: raw", isPromised: false) {
            request in
            Reply { exchange in
                let isHead = request.method == "HEAD"
                exchange.sendHead(
                    200, isHead ? [("Content-Length", "90000")] : [("Connection", "close")])
                if !isHead { exchange.send(noise(90_000)) }
                exchange.close()
            }
        }
        #expect(declared.refusal == nil && !declared.notes.contains(.noLength))
    }

    @Test func `A file that only HEAD finds is not there`() async throws {
        let (image, _) = try await listed(image: "disk_format: raw") { request in
            request.method == "HEAD"
                ? .status(200, headers: [("Content-Length", "90000")]) : .status(404)
        }
        #expect(image.refusal?.code == .notFound)
    }

    @Test func `Data that is compressed on its way is refused in the plan`() async throws {
        let (image, _) = try await listed(
            image: "disk_format: raw", more: ", inspect: false", isPromised: false
        ) { _ in .status(200, headers: [("Content-Encoding", "gzip")], body: DiskHeads.gzip) }
        #expect(image.refusal?.code == .invalidAnswer)
        #expect(image.refusal?.message.contains("Content-Encoding: gzip") == true)
        #expect(image.refusal?.hint?.contains("another address") == true)
    }

    /// Such as Apache with `AddEncoding x-gzip .gz`.
    @Test(arguments: [
        ("/disk.raw.gz", "gzip", "gz", false), ("/disk.raw.gz", "x-gzip", "auto", true),
        ("/disk.raw", "gzip", "gz", true), ("/disk.raw", "gzip", "auto", false),
        ("/disk.raw.gz", "binary", "auto", true), ("/disk.raw.gz", "aws-chunked, gzip", "gz", true),
    ])
    func `A stored file that its server labels as compressed is decompressed`(
        path: String, encoding: String, decompress: String, isPromised: Bool
    ) async throws {
        let inside = noise(90_000)
        let stored = try compressed(inside, .gz)
        let server = try RawHTTPServer { _ in
            .status(200, headers: [("Content-Encoding", encoding)], body: stored)
        }
        defer { server.stop() }
        let promise = isPromised ? ", checksum: '\(try digest(.sha256, of: stored))'" : ""
        let source = URLImage(
            source: try urlEntry(server.url + path, ", decompress: \(decompress)\(promise)"),
            sourceIndex: 0, client: HTTPClient())
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal == nil, "\(listed.refusal as Any)")
        let reading = await read(listed.image, by: source)
        #expect(reading.error == nil, "\(reading.error as Any)")
        #expect(reading.bytes == inside)
    }

    /// A proxy compressed these, or the label is wrong.
    @Test(arguments: [
        ("/disk.img", "gzip", "", true), ("/disk.img", "gzip", ", decompress: auto", true),
        ("/disk.img.gz", "gzip", ", decompress: auto", false),
        ("/disk.img.gz", "br", ", decompress: gz", true),
    ])
    func `Labelled data that would not be decompressed is refused in the plan`(
        path: String, encoding: String, more: String, isGzip: Bool
    ) async throws {
        let (image, _) = try await listed(path, image: "disk_format: raw", more: more) { _ in
            .status(
                200, headers: [("Content-Encoding", encoding)],
                body: isGzip ? DiskHeads.gzip : DiskHeads.mbr)
        }
        #expect(image.refusal?.code == .invalidAnswer, "\(image.refusal as Any)")
        #expect(image.refusal?.message.contains("Content-Encoding: \(encoding)") == true)
    }

    @Test func `A label that changes nothing is not an encoding`() async throws {
        for label in ["binary", "aws-chunked", "none"] {
            let (image, _) = try await listed { _ in
                .status(200, headers: [("Content-Encoding", label)], body: DiskHeads.qcow2())
            }
            #expect(image.refusal == nil, "\(label): \(image.refusal as Any)")
        }
    }

    // MARK: The name

    @Test func `A script is not the name of its file`() async throws {
        let reply = Reply.status(
            200, headers: [("Content-Disposition", "attachment; filename=\"jammy.qcow2\"")],
            body: DiskHeads.qcow2())
        let (query, _) = try await listed("/download?file=noble.img") { _ in reply }
        #expect(query.image.name == "noble" && query.stem == "noble")
        let (answer, _) = try await listed("/download?id=17") { _ in reply }
        #expect(answer.image.name == "jammy" && answer.image.diskFormat == "qcow2")
        let (path, _) = try await listed("/focal.img?id=17") { _ in reply }
        #expect(path.image.name == "focal")
    }

    @Test func `A file that nothing names needs a name`() async throws {
        let (unnamed, _) = try await listed("/download?id=17") { _ in
            .status(200, body: DiskHeads.qcow2())
        }
        #expect(unnamed.refusal?.code == .refused)
        #expect(unnamed.refusal?.hint?.contains("`name`") == true)
        let (named, _) = try await listed("/download?id=17", image: "name: a") { _ in
            .status(200, body: DiskHeads.qcow2())
        }
        #expect(named.refusal == nil && named.image.name == "a")
    }
}
