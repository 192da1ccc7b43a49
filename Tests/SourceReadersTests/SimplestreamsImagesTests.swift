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

@Suite(.timeLimit(.minutes(5))) struct SimplestreamsImagesTests {
    static let index = """
        {"format": "index:1.0", "index": {
          "com.example:released": {"datatype": "image-downloads", "format": "products:1.0",
            "path": "streams/v1/released.json"},
          "com.example:ids": {"datatype": "image-ids", "format": "products:1.0", "path": "x.json"}}}
        """

    /// Returns two releases; the first has two versions, the newer one first.
    static func products(path: String = "noble/2.img") -> String {
        let digits = String(repeating: "b", count: 64)
        return """
            {"format": "products:1.0", "products": {
              "com.example:24.04:amd64": {"arch": "amd64", "os": "ubuntu", "version": "24.04",
                "release": "noble", "supported": true, "versions": {
                  "20241201": {"items": {"disk1.img": {"ftype": "disk1.img", "path": "\(path)",
                    "size": 3, "md5": "\(digits.prefix(32))", "sha256": "\(digits)"}}},
                  "20241119": {"items": {"disk1.img": {"path": "noble/1.img", "size": 3}}},
                  "20250101": {"items": {"lxd.tar.xz": {"ftype": "lxd.tar.xz", "path": "l"}}}}},
              "com.example:22.04:arm64": {"arch": "arm64", "os": "ubuntu", "version": "22.04",
                "release": "jammy", "versions": {
                  "20241010": {"items": {"d": {"ftype": "disk1.img", "path": "jammy/1.img"}}}}}}}
            """
    }

    func server(
        products: String = products(), index: String = index
    ) throws -> RawHTTPServer {
        try RawHTTPServer { request in
            switch request.path {
            case "/r/streams/v1/index.json": .status(200, text: index)
            case "/r/streams/v1/released.json": .status(200, text: products)
            case "/r/noble/2.img", "/r/jammy/1.img":
                .status(200, headers: [("ETag", "\"1\"")], body: [1, 2, 3])
            default: .status(404, text: "not here")
            }
        }
    }

    /// An index with one image, on a server that reports an ETag.
    private final class TestStreams: TestSource {
        let server: RawHTTPServer
        let source: any ImageSource
        private let content = TaggedData()

        init() async throws {
            let products = """
                {"format": "products:1.0", "products": {"p": {"release": "noble",
                  "versions": {"1": {"items": {"disk1.img": {"path": "a.img"}}}}}}}
                """
            server = try RawHTTPServer { [content] request in
                switch request.path {
                case "/r/streams/v1/index.json": .status(200, text: index)
                case "/r/streams/v1/released.json": .status(200, text: products)
                default: content.reply
                }
            }
            source = try await SimplestreamsImagesTests.source(server)
        }

        func put(_ bytes: [UInt8]) { content.put(bytes) }

        func change() { content.change() }

        func remove() { content.remove() }
    }

    @Test func `An image of an index is read as every source is`() async throws {
        try await checkConformance { try await TestStreams() }
    }

    func source(
        _ server: RawHTTPServer, _ more: String = ""
    ) async throws -> any ImageSource {
        try await Self.source(server, more)
    }

    static func source(
        _ server: RawHTTPServer, _ more: String = "", name: String = "{stem} {version}"
    ) async throws -> any ImageSource {
        let entry = try entries(
            """
            { simplestreams: '\(server.url)/r/streams/v1/index.json'\(more),
                image: { name: "\(name)", disk_format: raw } }
            """)[0]
        var reopening = Reopening()
        reopening.wait = { _ in }
        let factory = SourceFactory(
            baseDirectory: "/", environment: [:], reopening: reopening,
            signIn: { (_) throws(TranshipError) in throw TranshipError(.unclassified, "no cloud") },
            client: { _ in HTTPClient() })
        return try await factory.open(entry, index: 0)
    }

    @Test func `The newest version of each product is an image`() async throws {
        let server = try server()
        defer { server.stop() }
        let source = try await source(server)
        let listed = try await list(source)
        #expect(listed.map(\.refusal?.message) == [nil, nil])
        #expect(listed.map(\.image.version) == ["20241010", "20241201"])
        let noble = listed[1].image
        #expect(noble.name == "2 20241201")
        #expect(noble.location == "\(server.url)/r/noble/2.img")
        #expect(noble.checksums == [try Sample.checksum(.sha256, "b")])
        #expect(noble.properties["os_distro"] == "ubuntu")
        #expect(noble.properties["os_version"] == "24.04")
        #expect(noble.properties["architecture"] == "x86_64")
        #expect(listed[0].image.properties["architecture"] == "aarch64")
        #expect(listed[0].image.checksums.isEmpty)
        #expect(await read(noble, by: source).bytes == [1, 2, 3])
    }

    static func product(_ path: String, _ more: String = "") -> String {
        "{\"versions\": {\"1\": {\"items\": {\"disk1.img\": {\"path\": \"\(path)\"\(more)}}}}}"
    }

    static func products(_ products: [String: String]) -> String {
        let entries = products.sorted { $0.key < $1.key }.map { "\"\($0)\": \($1)" }
        return "{\"format\": \"products:1.0\", \"products\": {\(entries.joined(separator: ", "))}}"
    }

    @Test func `Products of one series are refused alone, and their names tell them apart`()
        async throws
    {
        let server = try RawHTTPServer { request in
            switch request.path {
            case "/r/streams/v1/index.json":
                .status(
                    200,
                    text: Self.products([
                        "a": Self.product("a/disk.img"), "b": Self.product("b/disk.img"),
                        "c": Self.product("c/other.img"),
                    ]))
            default: .status(200, headers: [("ETag", "\"1\"")], body: [1, 2, 3])
            }
        }
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.map(\.refusal?.code) == [.refused, .refused, nil])
        #expect(listed[0].refusal?.message.contains("product a of") == true)
        #expect(listed[0].refusal?.message.contains("same series as b,") == true)
        #expect(listed[0].refusal?.hint?.contains("{product}") == true)
        #expect(Set(listed.map(\.image.key)).count == listed.count)

        let named = try await list(Self.source(server, name: "{stem} of {product}"))
        #expect(named.map(\.refusal?.message) == [nil, nil, nil])
        #expect(named.map(\.image.name) == ["disk of a", "disk of b", "other of c"])
        #expect(Set(named.map(\.image.lineage)).count == named.count)
    }

    @Test(arguments: [
        ("{\"format\": \"products", "is not whole", true), ("<html><body>", "is a web page", false),
        ("hello", "is not JSON", false),
    ])
    func `The hint follows what the index is`(
        text: String, words: String, isTransient: Bool
    ) async throws {
        let server = try server(index: text)
        defer { server.stop() }
        // A transient error makes the source absent; any other error refuses its products.
        let thrown = await failure { _ = try await list(source(server)) }
        #expect((thrown != nil) == isTransient)
        let refusal =
            if let thrown { thrown } else { try await list(source(server)).first?.refusal }
        #expect(refusal?.message.contains(words) == true)
        #expect(refusal?.isTransient == isTransient)
        #expect(refusal?.hint?.contains("cloud-images") == (words == "is not JSON"))
    }

    @Test(arguments: [
        ("{ arch: amd64 }", ["20241201"]), ("{ release: [jammy, x*] }", ["20241010"]),
        ("{ arch: amd64, release: jammy }", []), ("{ supported: true }", ["20241201"]),
        ("{ nothing: '*' }", []),
    ])
    func `Products are selected by their fields`(
        filters: String, versions: [String]
    ) async throws {
        let server = try server()
        defer { server.stop() }
        let listed = try await list(source(server, ", products: \(filters)"))
        #expect(listed.map(\.image.version) == versions.map(Optional.some))
    }

    @Test(arguments: [
        "../x.img", "/etc/x.img", "http://evil.example/x.img", "a//b", "", "a\\b", "%2e%2e/x.img",
        "a/.%2E/%2e./x.img", "..%2Fx.img", "a%5c..%5Cx.img",
    ])
    func `A path that leads elsewhere refuses its product alone`(path: String) async throws {
        let text = path.replacing("\\", with: "\\\\")
        let server = try server(products: Self.products(path: text))
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.map(\.refusal?.code) == [nil, .sourceUnavailable])
        let words = try #require(listed.last?.refusal?.message)
        let cause = path.isEmpty ? "is empty" : "leads out of it"
        #expect(words.contains("of product com.example:24.04:amd64, which \(cause)"))
        #expect(listed.last?.refusal?.hint?.contains("`products`") == true)
        #expect(
            Set(server.requests.map(\.path).filter { $0.hasSuffix(".img") }) == ["/r/jammy/1.img"])
    }

    /// The faulty product is beside a correct one.
    @Test(arguments: [
        ("5", "it is not an object"), ("[]", "it is not an object"),
        (#"{"versions": [1]}"#, #"its "versions" are not an object"#),
        (#"{"versions": {"1": "x"}}"#, #"its version 1 has no object "items""#),
        (#"{"versions": {"1": {"items": ["x"]}}}"#, #"its version 1 has no object "items""#),
        (#"{"versions": {"1": {"items": {"disk1.img": [1]}}}}"#, "its version 1 has an item that"),
        (#"{"versions": {"1": {"items": {"disk1.img": "x"}}}}"#, "its version 1 has an item that"),
        (
            #"{"versions": {"1": {"items": {"a": {"ftype": 5, "path": "a"}}}}}"#,
            "its version 1 has an item that"
        ),
        (#"{"versions": {"1": {"items": {"disk1.img": {"path": 5}}}}}"#, "its path is not a text"),
        (
            """
            {"versions": {"2": {"items": 5}, "1": {"items": {"disk1.img": {"path": "a.img"}}}}}
            """, #"its version 2 has no object "items""#
        ),
    ])
    func `A product of a wrong type is refused alone, by its name`(
        product: String, words: String
    ) async throws {
        let server = try server(
            products: Self.products(["good": Self.product("jammy/1.img"), "odd": product]))
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.map(\.refusal?.code) == [nil, .sourceUnavailable])
        let message = try #require(listed.last?.refusal?.message)
        #expect(message.contains(" is damaged at product odd: \(words)"), "\(message)")
    }

    @Test func `What a product may lack is not damage`() async throws {
        let server = try server(
            products: Self.products([
                "a": "{}", "b": #"{"versions": null}"#, "c": #"{"versions": {"1": {}}}"#,
                "d": #"{"versions": {"1": {"items": {"disk1.img": {"path": null}}}}}"#,
                "e": #"{"versions": {"1": {"items": {"other": {"path": "x"}}}}}"#,
                "good": """
                {"versions": {"1": {"items": 5},
                  "2": {"items": {"disk1.img": {"path": "noble/2.img"}}}}}
                """,
            ]))
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.map(\.image.version) == ["2"])
        #expect(listed.compactMap(\.refusal?.message).isEmpty)
    }

    @Test(arguments: [
        (#""products": 5"#, #"has "products" that are not an object"#),
        (#""products": ["p"]"#, #"has "products" that are not an object"#),
    ])
    func `Products that are not an object refuse their file`(
        products: String, words: String
    ) async throws {
        let server = try server(products: #"{"format": "products:1.0", \#(products)}"#)
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.count == 1 && listed[0].refusal?.message.contains(words) == true)
    }

    @Test(arguments: [#"{"path": 5}"#, "[]", #""streams/v1/x.json""#])
    func `An entry of the index without a readable path is refused, and the others go on`(
        entry: String
    ) async throws {
        let server = try server(
            index: Self.index.replacing(#""index": {"#, with: #""index": {"odd": \#(entry),"#))
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.count == 3)
        let refusals = listed.compactMap(\.refusal?.message)
        #expect(refusals.count == 1)
        #expect(refusals.first?.contains("has an entry whose path is not a text") == true)
    }

    @Test(arguments: ["\\u001b[31m.img", "a b.img", "a\\u202eb.img"])
    func `A path with characters that are not seen says so`(path: String) async throws {
        let server = try server(products: Self.products(path: path))
        defer { server.stop() }
        let refusal = try #require(try await list(source(server)).last?.refusal)
        #expect(refusal.message.contains("which has a space or a control character"))
        #expect(refusal.message.withControlsShown == refusal.message)
    }

    /// Names, properties and the names of earlier versions contain these values.
    @Test(arguments: ["\\u001b[2J", "\\n", "\\u202e", "\\u2028"], ["20241201", "24.04", "ubuntu"])
    func `Versions and fields with control characters refuse their product alone`(
        character: String, field: String
    ) async throws {
        let server = try server(
            products: Self.products().replacing(
                "\"\(field)\"", with: "\"\(field)\(character)\"", maxReplacements: 1))
        defer { server.stop() }
        let listed = try await list(source(server))
        let refusals = listed.compactMap(\.refusal)
        #expect(listed.count == 2 && refusals.map(\.code) == [.sourceUnavailable])
        #expect(refusals.first?.message.contains("has control characters in product") == true)
        for one in listed {
            let texts = [one.image.name ?? "", one.stem ?? ""] + one.image.properties.values
            #expect(!texts.contains { $0.unicodeScalars.contains(where: \.isUnseen) })
        }
    }

    @Test(arguments: [("3", nil), ("\"3\"", nil), ("4", "it has 3"), ("-1", "no valid size")])
    func `The size that an item says is a promise`(size: String, words: String?) async throws {
        let server = try server(
            products: Self.products().replacing(
                "\"size\": 3, \"md5\"", with: "\"size\": \(size), \"md5\""))
        defer { server.stop() }
        let refusal = try await list(source(server)).last?.refusal
        #expect((refusal == nil) == (words == nil), "\(refusal?.message ?? "none")")
        if let words { #expect(refusal?.message.contains(words) == true) }
    }

    @Test func `An entry of the index without a kind is read, unless its file has another one`()
        async throws
    {
        let index = Self.index.replacing("\"datatype\": \"image-downloads\", ", with: "")
        let plain = try server(index: index)
        defer { plain.stop() }
        #expect(try await list(source(plain)).count == 2)
        let other = try server(
            products: Self.products().replacing(
                "\"format\": \"products:1.0\"",
                with: "\"format\": \"products:1.0\", \"datatype\": \"image-ids\""), index: index)
        defer { other.stop() }
        #expect(try await list(source(other)).isEmpty)
    }

    @Test(arguments: ["zz", "", "bbbb"])
    func `A checksum that is none refuses its product alone`(digits: String) async throws {
        let all = String(repeating: "b", count: 64)
        let server = try server(
            products: Self.products().replacing(
                "\"sha256\": \"\(all)\"", with: "\"sha256\": \"\(digits)\""))
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.map(\.refusal?.code) == [nil, .sourceUnavailable])
        #expect(listed.last?.refusal?.message.contains("no valid sha256") == true)
    }

    @Test(arguments: [
        ("{ release: [noble, nix] }", 1, ["release: nix"]), ("{ release: nix }", 0, ["products"]),
        ("{ release: [noble, jammy] }", 2, []),
    ])
    func `What is selected and is not there is said`(
        filters: String, count: Int, words: [String]
    ) async throws {
        let server = try server()
        defer { server.stop() }
        let missed = Guarded<[String]>([])
        var listed = 0
        let listing = Listing(
            date: "2026-11-29", nowUnixSeconds: 1_795_910_400,
            missed: { one in missed.withLock { $0.append(one.words) } })
        try await source(server, ", products: \(filters)").list(listing) { listed += $0.count }
        #expect(listed == count)
        let said = missed.withLock { $0 }
        #expect(said.count == words.count)
        for (one, word) in zip(said, words) { #expect(one.contains(word), "\(one)") }
    }

    @Test(arguments: [
        ("hello", "is not JSON"), ("{}", "is not of Simplestreams"),
        (String(repeating: "[", count: 200), "nests lists deeper"),
    ])
    func `What is not an index is refused`(text: String, words: String) async throws {
        let server = try server(index: text)
        defer { server.stop() }
        let listed = try #require(try await list(source(server)).first)
        #expect(listed.refusal?.message.contains(words) == true)
    }

    /// In that case, it is unknown whether the products are gone.
    @Test func `An index that is down is thrown, and not refused`() async throws {
        let server = try RawHTTPServer { _ in .status(503, text: "later") }
        defer { server.stop() }
        let source = try await source(server)
        let error = await #expect(throws: TranshipError.self) { try await list(source) }
        #expect(error?.code == .serviceFailed && error?.isTransient == true)
    }

    @Test func `Unchanged products are not looked at again`() async throws {
        let server = try server()
        defer { server.stop() }
        let source = try await source(server, ", products: { arch: amd64 }")
        let first = try #require(try await list(source).first)
        let before = server.requests.count
        let again = try await list(source, .remembering(first.upstream?.look))
        #expect(again.first?.image == first.image)
        #expect(
            server.requests.dropFirst(before).map(\.path)
                == ["/r/streams/v1/index.json", "/r/streams/v1/released.json"])
    }
}
