// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

@Suite(.timeLimit(.minutes(5))) struct URLImageLatestTests {
    private static let page = """
        <a href="../">../</a><a href="noble-9.9.img">x</a><a href="noble-9.10.img">x</a>
        <a href="noble-latest.img">x</a><a href="noble-9.10.img.sha256">x</a>
        """

    private static func digits(_ digit: String) -> String { String(repeating: digit, count: 64) }

    private func server(_ scripts: [String: String]) throws -> RawHTTPServer {
        try RawHTTPServer { request in
            scripts[request.path].map { .status(200, text: $0) } ?? .status(404, text: "not here")
        }
    }

    private func source(
        _ server: RawHTTPServer, _ more: String, path: String = "/noble/"
    ) throws -> URLImage {
        guard
            case .url(let entry) = try entries(
                """
                { url: '\(server.url)\(path)', \(more),
                    image: { name: "noble {version}", disk_format: raw, container_format: bare } }
                """)[0]
        else { throw NotThatKind() }
        var reopening = Reopening()
        reopening.wait = { _ in }
        return URLImage(source: entry, sourceIndex: 0, client: HTTPClient(), reopening: reopening)
    }

    @Test(arguments: [("<html><body>login", "is a web page"), ("", "")])
    func `The hint of a list that names nothing does not ask for a list`(
        list text: String, words: String
    ) async throws {
        let server = try server(["/SUMS": text])
        defer { server.stop() }
        let source = try source(
            server, "latest: noble-@v.img, checksum_file: '\(server.url)/SUMS'")
        let refusal = try await list(source).first?.refusal
        #expect(refusal?.message.contains(words) == true)
        #expect(refusal?.hint?.contains("checksum_file") == false)
    }

    @Test(arguments: [(404, "check the URL"), (403, "check the URL"), (503, "run again later")])
    func `A folder that its server does not list has a hint`(
        status: Int, words: String
    ) async throws {
        let server = try RawHTTPServer { _ in .status(status, text: "not now") }
        defer { server.stop() }
        let refusal = try await list(try source(server, "latest: noble-@v.img")).first?.refusal
        #expect(refusal?.message.contains("answered \(status)") == true, "\(refusal as Any)")
        #expect(refusal?.hint?.hasPrefix(words) == true, "\(refusal as Any)")
    }

    @Test func `The newest name of a folder's page is the image`() async throws {
        let server = try server(["/noble/": Self.page, "/noble/noble-9.10.img": "abc"])
        defer { server.stop() }
        let source = try source(server, "latest: noble-@v.img")
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal == nil)
        #expect(listed.image.version == "9.10")
        #expect(listed.image.name == "noble 9.10")
        #expect(listed.image.key == "url:\(server.url)/noble/noble-9.10.img")
        #expect(listed.image.lineage == "series:noble {version}")
        #expect(listed.stem == "noble-9.10")
        let reading = await read(listed.image, by: source)
        #expect(reading.bytes == Array("abc".utf8))
        #expect(
            source.fetchable(listed.image, for: nil)
                == .openURL(Secret("\(server.url)/noble/noble-9.10.img")))
    }

    @Test func `The list of checksums names the versions, and is read once`() async throws {
        let list = ["9.9", "9.10", "9.11-rc"].enumerated()
            .map { "\(Self.digits("\($0.offset)"))  noble/noble-\($0.element).img\n" }.joined()
        let server = try server(["/SUMS": list, "/noble/noble-9.11-rc.img": "abc"])
        defer { server.stop() }
        let source = try source(
            server, "latest: noble-@v.img, checksum_file: '\(server.url)/SUMS'")
        let image = try #require(try await SourceReadersTests.list(source).first?.image)
        // The last line of the list has the highest version.
        #expect(image.version == "9.11-rc")
        #expect(image.checksums.first?.value == Self.digits("2"))
        #expect(server.requests.filter { $0.path == "/SUMS" }.count == 1)
        #expect(!server.requests.contains { $0.path == "/noble/" })
    }

    @Test func `No hint names checksum, which latest excludes`() async throws {
        let list = ["a", "b"].map { "\(Self.digits($0))  noble/noble-9.img\n" }.joined()
        let server = try server(["/SUMS": list, "/noble/noble-9.img": "abc"])
        defer { server.stop() }
        let source = try source(
            server, "latest: noble-@v.img, checksum_file: '\(server.url)/SUMS'")
        let refusal = try #require(try await SourceReadersTests.list(source).first?.refusal)
        #expect(refusal.message.contains("contradicts itself"))
        #expect(refusal.hint == "ask its publisher, or name another list with `checksum_file`")
    }

    @Test func `Each version may have a folder and a list of its own`() async throws {
        let server = try server([
            "/noble/": "<a href='41-1.4/'>x</a><a href='41-1.10/'>x</a>",
            "/noble/41-1.10/disk-41-1.10.img": "abc",
            "/noble/41-1.10/SUMS-41-1.10": "\(Self.digits("a"))  disk-41-1.10.img\n",
        ])
        defer { server.stop() }
        let source = try source(
            server,
            "latest: '@v/disk-@v.img', checksum_file: '\(server.url)/noble/@v/SUMS-@v'")
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal == nil)
        #expect(listed.image.version == "41-1.10")
        #expect(listed.image.checksums.first?.value == Self.digits("a"))
        #expect(listed.image.location == "\(server.url)/noble/41-1.10/disk-41-1.10.img")
    }

    @Test func `A query of the folder goes with every request, and into no message`() async throws {
        let server = try server(["/noble/": Self.page, "/noble/noble-9.10.img": "abc"])
        defer { server.stop() }
        let source = try source(server, "latest: noble-@v.img", path: "/noble/?key=planted")
        let image = try #require(try await list(source).first?.image)
        #expect(image.location == "\(server.url)/noble/noble-9.10.img")
        #expect(await read(image, by: source).bytes == Array("abc".utf8))
        #expect(server.requests.count == 4)
        #expect(server.requests.allSatisfy { $0.target.hasSuffix("?key=planted") })
    }

    /// If a server needs `download=1`, it has to be in `url`.
    @Test func `The queries of links are dropped, and that of the folder is sent`() async throws {
        let page = """
            <a href="?C=N;O=D">Name</a><a href="noble-9.9.img?download=0">x</a>
            <a href="noble-9.10.img?download=0&amp;token=planted">x</a>
            """
        let server = try server(["/noble/": page, "/noble/noble-9.10.img": "abc"])
        defer { server.stop() }
        let source = try source(server, "latest: noble-@v.img", path: "/noble/?download=1")
        let image = try #require(try await list(source).first?.image)
        #expect(image.location == "\(server.url)/noble/noble-9.10.img")
        #expect(await read(image, by: source).bytes == Array("abc".utf8))
        #expect(server.requests.allSatisfy { $0.target.hasSuffix("?download=1") })
    }

    @Test func `If nothing matches, the message says what is there`() async throws {
        let server = try server(["/noble/": Self.page])
        defer { server.stop() }
        let listed = try #require(
            try await list(source(server, "latest: noble-@v.qcow2")).first)
        #expect(listed.refusal?.code == .sourceUnavailable)
        #expect(
            listed.refusal?.message
                == "\(server.url)/noble/ has no name that matches noble-@v.qcow2; it has "
                + "noble-9.9.img, noble-9.10.img, noble-latest.img, noble-9.10.img.sha256")
        #expect(listed.image.lineage == "series:noble {version}")
    }

    @Test func `A page without files, and no page, are refusals of the image`() async throws {
        let server = try server(["/noble/": "<h1>welcome</h1>"])
        defer { server.stop() }
        let empty = try #require(try await list(source(server, "latest: noble-@v.img")).first)
        #expect(empty.refusal?.message.contains("lists no file") == true)
        let gone = try #require(
            try await list(source(server, "latest: noble-@v.img", path: "/x/")).first)
        #expect(gone.refusal?.code == .notFound)
        #expect(gone.refusal?.message.contains("GET \(server.url)/x/") == true)
    }

    // MARK: A version that is still being filled

    private static let newer = [
        "/n/": "<a href='1/'>x</a><a href='2/'>x</a><a href='3/'>x</a>",
        "/n/1/disk-1.img": "a", "/n/1/SUMS": "\(digits("a"))  disk-1.img\n",
        "/n/2/disk-2.img": "b", "/n/2/SUMS": "\(digits("b"))  disk-2.img\n",
    ]

    private func newest(_ more: [String: String?]) async throws -> ListedImage {
        var scripts = Self.newer
        for (path, text) in more { scripts[path] = text }
        let server = try server(scripts)
        defer { server.stop() }
        let source = try source(
            server, "latest: '@v/disk-@v.img', checksum_file: '\(server.url)/n/@v/SUMS'",
            path: "/n/")
        return try #require(try await list(source).first)
    }

    @Test(arguments: ["", " \n", "\(digits("c"))  disk-3.img.part\n", nil])
    func `The newest complete version is taken, with a note of the one that is not`(
        list: String?
    ) async throws {
        let listed = try await newest(["/n/3/SUMS": list, "/n/3/disk-3.img": "c"])
        #expect(listed.refusal == nil && listed.image.version == "2")
        #expect(listed.image.checksums.first?.value == Self.digits("b"))
        guard case .versionBeingFilled("3", "2", let reason)? = listed.notes.last else {
            Issue.record("no note: \(listed.notes)")
            return
        }
        #expect(reason.contains("/n/3/SUMS"), "\(reason)")
        // Only this plan has the note; the remembered look does not.
        #expect(listed.upstream?.look?.notes == Array(listed.notes.dropLast()))
        let two = try await newest([
            "/n/3/SUMS": "", "/n/2/SUMS": nil, "/n/3/disk-3.img": "c",
        ])
        #expect(two.image.version == "1" && two.refusal == nil)
    }

    @Test func `A version whose file is not there yet is passed over`() async throws {
        let listed = try await newest(["/n/3/SUMS": "\(Self.digits("c"))  disk-3.img\n"])
        #expect(listed.refusal == nil && listed.image.version == "2")
    }

    @Test func `If none is complete, the newest is refused`() async throws {
        let listed = try await newest([
            "/n/3/SUMS": "", "/n/2/SUMS": "", "/n/1/SUMS": "",
        ])
        #expect(listed.image.version == "3" && listed.refusal?.code == .sourceUnavailable)
    }

    /// Waiting does not help with these lists.
    @Test(arguments: [
        "\(digits("c"))  disk-3.img\n\(digits("d"))  disk-3.img\n", "<html><body>login",
        "abc  disk-3.img\n",
    ])
    func `A list that says something wrong refuses the newest version`(list: String) async throws {
        let listed = try await newest(["/n/3/SUMS": list, "/n/3/disk-3.img": "c"])
        #expect(listed.refusal?.code == .sourceUnavailable, "\(listed.image.version ?? "")")
        #expect(listed.image.version == "3" && listed.notes.isEmpty)
    }
}
