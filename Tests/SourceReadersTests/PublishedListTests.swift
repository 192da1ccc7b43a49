// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import HTTPTransport
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

@Suite(.timeLimit(.minutes(5))) struct PublishedListTests {
    private static let line = String(repeating: "a", count: 64) + "  a.img\n"

    @Test func `A file's list may be at an address, and is read once for all files`() async throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "a.img")
        try folder.write([2], to: "b.img")
        let server = try RawHTTPServer { _ in .status(200, text: Self.line) }
        defer { server.stop() }
        guard
            case .file(let entry) = try entries(
                """
                { file: '\(folder.path)/*.img', checksum_file: '\(server.url)/SUMS',
                    image: { disk_format: raw, container_format: bare } }
                """)[0]
        else { throw NotThatKind() }
        let listed = try await list(FileImages(source: entry, sourceIndex: 0, baseDirectory: "/"))
        #expect(listed.count == 2)
        #expect(listed[0].image.checksums == [try Sample.checksum(.sha256, "a")])
        #expect(listed[1].refusal?.message.contains("lists only a.img") == true)
        // For several files, the hint does not name `checksum`.
        #expect(listed[1].refusal?.hint?.contains("`checksum:") == false)
        #expect(server.requests.count == 1)
    }

    @Test func `A URL's list may be a file of this machine`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(Array(Self.line.utf8), to: "SUMS")
        let server = try RawHTTPServer { _ in .status(200, body: [1, 2, 3]) }
        defer { server.stop() }
        let source = URLImage(
            source: try urlEntry(
                server.url + "/x/a.img", ", checksum_file: '\(folder.file("SUMS"))'"),
            sourceIndex: 0, client: HTTPClient())
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal == nil)
        #expect(listed.image.checksums == [try Sample.checksum(.sha256, "a")])
    }

    @Test(arguments: [401, 403, 404, 410, 503])
    func `A mirror without the list is asked again`(status: Int) async throws {
        let count = Guarded(0)
        let server = try RawHTTPServer { _ in
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? .status(status, text: "not here") : .status(200, text: Self.line)
        }
        defer { server.stop() }
        let published = PublishedList(
            place: server.url + "/SUMS", client: HTTPClient())
        let list = try await published.read()
        #expect(
            try list.list.checksum(forPath: "a.img", shown: "SUMS") == Sample.checksum(.sha256, "a")
        )
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [203, 206, 304, 416, 302, 418])
    func `An answer that is not a list says what to do`(status: Int) async throws {
        let server = try RawHTTPServer { _ in
            .status(status, text: status == 304 ? "" : Self.line)
        }
        defer { server.stop() }
        let published = PublishedList(place: server.url + "/SUMS", client: HTTPClient())
        let error = await failure { _ = try await published.read() }
        #expect(error?.hint?.isEmpty == false, "\(error as Any)")
    }

    /// The first answers to the request for a detached signature.
    @Test(arguments: ["404", "403", "401", "410", "206", "page", "list"], [true, false])
    func `A signature is asked for again as the list is`(first: String, isNamed: Bool) async throws
    {
        let folder = try TemporaryFolder()
        let key = try SigningKey()
        try folder.write(key.publicKey(), to: "keys.gpg")
        let sums = Array(Self.line.utf8)
        let signature = try key.signature(of: sums)
        let count = Guarded(0)
        let page = Reply.status(200, text: "<html><body>later</body></html>")
        let server = try RawHTTPServer { request in
            let isList = request.path == "/SUMS"
            if first == "list" ? isList : request.path == "/SUMS.sig" {
                let isFirst = count.withLock { count in
                    count += 1
                    return count == 1
                }
                if isFirst { return Int(first).map { Reply.status($0, text: "x") } ?? page }
            }
            switch request.path {
            case "/SUMS": return .status(200, body: sums)
            case "/SUMS.sig": return .status(200, body: signature)
            default: return .status(404, text: "not here")
            }
        }
        defer { server.stop() }
        var published = PublishedList(
            place: server.url + "/SUMS",
            signature: SignatureRule(
                keyring: folder.file("keys.gpg"), place: isNamed ? server.url + "/SUMS.sig" : nil),
            client: HTTPClient())
        published.wait = { _ in }
        // A signature that the pipeline names is one file, and 206 shows that the server has it.
        let passes = !isNamed || first != "206"
        let error = await failure { _ = try await published.read() }
        #expect((error == nil) == passes, "\(error as Any)")
        #expect(count.withLock { $0 } == (passes ? 2 : 1))
    }

    @Test(arguments: [401, 403, 410, 206])
    func `Only an answer of not found says that there is no signature`(
        status: Int
    ) async throws {
        let folder = try TemporaryFolder()
        try folder.write(try SigningKey().publicKey(), to: "keys.gpg")
        let server = try RawHTTPServer { request in
            switch request.path {
            case "/SUMS": .status(200, text: Self.line)
            case "/SUMS.gpg": .status(status, text: "x")
            default: .status(404, text: "not here")
            }
        }
        defer { server.stop() }
        var published = PublishedList(
            place: server.url + "/SUMS",
            signature: SignatureRule(keyring: folder.file("keys.gpg"), place: nil),
            client: HTTPClient())
        published.wait = { _ in }
        let error = await failure { _ = try await published.read() }
        #expect(error?.message.contains("has no signature") == false, "\(error as Any)")
        #expect(error?.message.contains("SUMS.gpg") == true && error?.hint != nil)
        #expect(server.requests.count { $0.path == "/SUMS.gpg" } == 3)
    }

    /// The server's answers for the signature that the pipeline file names, with a word of each
    /// hint.
    @Test(arguments: [
        (401, "`auth` and `headers`"), (403, "`auth` and `headers`"), (404, "correct `signature`"),
        (410, "correct `signature`"), (503, "run again later"),
    ])
    func `A signature that is named is asked for three times, and the hint follows the cause`(
        status: Int, hint: String
    ) async throws {
        let folder = try TemporaryFolder()
        try folder.write(try SigningKey().publicKey(), to: "keys.gpg")
        let server = try RawHTTPServer {
            $0.path == "/SUMS" ? .status(200, text: Self.line) : .status(status, text: "x")
        }
        defer { server.stop() }
        var published = PublishedList(
            place: server.url + "/SUMS",
            signature: SignatureRule(
                keyring: folder.file("keys.gpg"), place: server.url + "/elsewhere/SUMS.sig"),
            client: HTTPClient())
        published.wait = { _ in }
        let error = await failure { _ = try await published.read() }
        #expect(error?.answer?.status == status)
        #expect(error?.message.hasPrefix("reading `signature`: ") == true, "\(error as Any)")
        #expect(error?.hint?.contains(hint) == true, "\(error as Any)")
        #expect(server.requests.count { $0.path == "/elsewhere/SUMS.sig" } == 3)
    }

    @Test(arguments: [401, 403])
    func `A login goes to one host only, and the hint says so`(status: Int) async throws {
        let server = try RawHTTPServer { _ in .status(status, text: "x") }
        defer { server.stop() }
        var published = PublishedList(place: server.url + "/SUMS", client: HTTPClient())
        published.wait = { _ in }
        for (origin, isElsewhere) in [
            ("127.0.0.2:1", true), (URLImage.host(of: server.url), false),
        ] {
            let error = await failure {
                _ = try await published.read(headers: ["X-Key": "k"], origin: origin)
            }
            #expect(error?.hint?.contains("go to 127.0.0.2:1 only") == isElsewhere)
            #expect(error?.hint?.contains("log in") == !isElsewhere, "\(error as Any)")
        }
    }

    @Test func `A refusal for good ends after a few tries`() async throws {
        let server = try RawHTTPServer { _ in .status(404, text: "not here") }
        defer { server.stop() }
        let published = PublishedList(
            place: server.url + "/SUMS", client: HTTPClient())
        let error = await failure { _ = try await published.read() }
        #expect(error?.code == .notFound)
        #expect(error?.message.hasPrefix("reading `checksum_file`: ") == true)
        #expect(error?.hint?.contains("moved or removed") == true)
        #expect(server.requests.count == 3)
    }

    /// hashicorp/packer#5577: a list above two folders, each with a file of the same name.
    @Test(arguments: ["SUMS", "lists/SUMS"])
    func `The path relative to the list decides, for URLs and for files`(place: String) async throws
    {
        let prefix = place == "SUMS" ? "./" : "../"
        let lines = [("amd64", "b"), ("arm64", "a")].map {
            String(repeating: $0.1, count: 64) + "  \(prefix)\($0.0)/a.img\n"
        }.joined()
        let expected = [try Sample.checksum(.sha256, "a")]
        let server = try RawHTTPServer {
            .status(200, text: $0.path.hasSuffix("SUMS") ? lines : "data of a disk \u{1}")
        }
        defer { server.stop() }
        let source = URLImage(
            source: try urlEntry(
                server.url + "/r/arm64/a.img", ", checksum_file: '\(server.url)/r/\(place)'"),
            sourceIndex: 0, client: HTTPClient())
        #expect(try await list(source).first?.image.checksums == expected)

        let folder = try TemporaryFolder()
        for name in ["arm64/a.img", place] {
            let parent = URL(fileURLWithPath: folder.file(name)).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        }
        try folder.write([1], to: "arm64/a.img")
        try folder.write(Array(lines.utf8), to: place)
        guard
            case .file(let entry) = try entries(
                """
                { file: '\(folder.path)/arm64/a.img', checksum_file: '\(folder.file(place))',
                    image: { disk_format: raw } }
                """)[0]
        else { throw NotThatKind() }
        let files = try await list(FileImages(source: entry, sourceIndex: 0, baseDirectory: "/"))
        #expect(files.first?.image.checksums == expected)
    }

    @Test func `A list elsewhere says which of two files of one name is meant`() async throws {
        let lines = [("amd64", "b"), ("arm64", "a")].map {
            String(repeating: $0.1, count: 64) + "  ./\($0.0)/a.img\n"
        }.joined()
        let expected = [try Sample.checksum(.sha256, "a")]
        let folder = try TemporaryFolder()
        try folder.write(Array(lines.utf8), to: "SUMS")
        let server = try RawHTTPServer {
            .status(200, text: $0.path.hasSuffix("SUMS") ? lines : "data of a disk \u{1}")
        }
        let other = try RawHTTPServer { _ in .status(200, text: lines) }
        defer {
            server.stop()
            other.stop()
        }
        for place in [folder.file("SUMS"), "\(other.url)/x/SUMS"] {
            let source = URLImage(
                source: try urlEntry(
                    server.url + "/plain/r/arm64/a.img", ", checksum_file: '\(place)'"),
                sourceIndex: 0, client: HTTPClient())
            #expect(try await list(source).first?.image.checksums == expected, "\(place)")
        }
        let parent = URL(fileURLWithPath: folder.file("arm64"))
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try folder.write([1], to: "arm64/a.img")
        guard
            case .file(let entry) = try entries(
                """
                { file: '\(folder.path)/arm64/a.img', checksum_file: '\(server.url)/SUMS',
                    image: { disk_format: raw } }
                """)[0]
        else { throw NotThatKind() }
        let files = try await list(FileImages(source: entry, sourceIndex: 0, baseDirectory: "/"))
        #expect(files.first?.image.checksums == expected)
    }

    @Test func `A list that is too large is not about the limits of images`() async throws {
        let bytes = try compressed([UInt8](repeating: 0, count: 65 << 20), .gz)
        let server = try RawHTTPServer { _ in .status(200, body: bytes) }
        defer { server.stop() }
        let error = await failure {
            _ = try await PublishedList(place: server.url + "/SUMS.gz", client: HTTPClient()).read()
        }
        #expect(error?.code == .decompressionFailed)
        #expect(error?.hint?.contains("`checksum`") == true, "\(error?.hint ?? "none")")
        #expect(error?.hint?.contains("limits") == false)
    }

    @Test(arguments: ["gzip", "x-gzip", ""])
    func `A list may be compressed on its way, or where it is stored`(encoding: String) async throws
    {
        let body = try compressed(Array(Self.line.utf8), .gz)
        let server = try RawHTTPServer { _ in
            .status(
                200, headers: encoding.isEmpty ? [] : [("Content-Encoding", encoding)], body: body)
        }
        defer { server.stop() }
        let read = try await PublishedList(place: server.url + "/SUMS.gz", client: HTTPClient())
            .read()
        #expect(
            try read.list.checksum(forPath: "a.img", shown: "SUMS") == Sample.checksum(.sha256, "a")
        )
    }

    @Test(arguments: ["gzip", "x-gzip", "binary", "aws-chunked", "utf-8", "identity, none"])
    func `A list of plain text is read whatever encoding its server writes`(
        encoding: String
    ) async throws {
        let server = try RawHTTPServer { _ in
            .status(200, headers: [("Content-Encoding", encoding)], body: Array(Self.line.utf8))
        }
        defer { server.stop() }
        let read = try await PublishedList(place: server.url + "/SUMS", client: HTTPClient())
            .read()
        #expect(
            try read.list.checksum(forPath: "a.img", shown: "SUMS") == Sample.checksum(.sha256, "a")
        )
    }

    @Test(arguments: [(Compression.xz, "xz"), (.bz2, "bzip2"), (.zst, "zstd")])
    func `A list that is stored in another compression is called compressed`(
        compression: Compression, word: String
    ) async throws {
        let folder = try TemporaryFolder()
        let packed = try compressed(Array(Self.line.utf8), compression)
        let place = try folder.write(packed, to: "SUMS.\(compression.rawValue)")
        let error = await failure {
            _ = try await PublishedList(place: place, client: HTTPClient()).read()
        }
        #expect(error?.message.contains("is compressed (\(word))") == true, "\(error as Any)")
        #expect(error?.hint?.contains("unpack it") == true)
    }

    @Test func `An unknown encoding and a damaged list are refused`() async throws {
        var isDamaged = false
        for words in ["Content-Encoding: br", "ends early"] {
            let body: [UInt8] =
                isDamaged
                ? Array(try compressed(Array(Self.line.utf8), .gz).dropLast(9))
                : Array(Self.line.utf8)
            let encoding = isDamaged ? "gzip" : "br"
            let server = try RawHTTPServer { _ in
                .status(200, headers: [("Content-Encoding", encoding)], body: body)
            }
            defer { server.stop() }
            let error = await failure {
                _ = try await PublishedList(place: server.url + "/SUMS", client: HTTPClient())
                    .read()
            }
            #expect(error?.message.contains(words) == true)
            isDamaged = true
        }
    }
}
