// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct UnreachableTests {
    @Test func `A refused connection may work later`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        server.stop()
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == true)
        #expect(error?.hint != nil)
        #expect(error?.message.hasPrefix("GET \(server.url): ") == true)
    }

    @Test func `An unknown host name may be known later`() async {
        let error = await failure {
            _ = try await HTTPClient().send(HTTPRequest(.get, "http://absent.invalid/?sig=planted"))
        }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == true)
        #expect(error?.message.contains("absent.invalid") == true)
        #expect(error?.description.contains("planted") == false)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://host/", "host/path", ""])
    func `Only http and https are spoken`(url: String) async {
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, url)) }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == false)
    }

    @Test func `A head without end does not count as a lack of memory`() async throws {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.send("HTTP/1.1 200 OK\r\n")
                let line = "X-Long: " + String(repeating: "x", count: 8000) + "\r\n"
                for _ in 0..<250 where !exchange.send(line) { break }
                exchange.close()
            }
        }
        defer { server.stop() }
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message == "GET \(server.url): the head of the answer is too long")
        #expect(error?.hint != nil)
    }

    @Test func `A lost connection and a short body say what to do if that happens again`()
        async throws
    {
        let server = try RawHTTPServer { request in
            request.target == "/lost"
                ? Reply { $0.close() } : .lying(declaredBytes: 10, body: [1, 2])
        }
        defer { server.stop() }
        for (path, code) in [
            ("/lost", TranshipError.Code.connectionLost), ("/short", .sourceTruncated),
        ] {
            let error = await failure {
                _ = try await HTTPClient().download(
                    HTTPRequest(.get, server.url + path), into: ByteRing()
                ) { (_) throws(TranshipError) in }
            }
            #expect(error?.code == code)
            #expect(error?.hint?.contains("if that happens again") == true, "\(error as Any)")
        }
    }

    /// The request is for a list of checksums: a slow server is not a silent one.
    @Test(arguments: [false, true])
    func `A small answer may take longer than its timeout while bytes move`(
        isPatient: Bool
    ) async throws {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.sendHead(200, [("Content-Length", "4")])
                for byte in UInt8(1)...4 {
                    exchange.send([byte])
                    // Waits in real time, in total twice the timeout: curl has no other clock.
                    usleep(500_000)
                }
            }
        }
        defer { server.stop() }
        var request = HTTPRequest(.get, server.url, timeoutSeconds: 1)
        request.isPatientWhileBytesMove = isPatient
        let answer = try? await HTTPClient().send(request)
        #expect(answer?.body == (isPatient ? [1, 2, 3, 4] : nil))
    }

    @Test func `A URL that is none is told`() async {
        let error = await failure {
            _ = try await HTTPClient().send(HTTPRequest(.get, "http://host:port/"))
        }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == false)
    }
}

@Suite(.timeLimit(.minutes(5))) struct TLSTests {
    @Test func `A certificate of an unknown authority is refused, and the hint names cacert`()
        async throws
    {
        let server = try await TLSServer()
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .tlsFailed)
        #expect(error?.isTransient == false)
        #expect(error?.hint?.contains("cacert") == true)
    }

    @Test func `With its authority, or unverified, both bodies work`() async throws {
        let server = try await TLSServer()
        for configuration in [
            TransportConfiguration(caFile: server.certificateFile),
            TransportConfiguration(verifiesTLS: false),
        ] {
            let client = HTTPClient(configuration)
            let ring = ByteRing()
            let response = try await client.download(HTTPRequest(.get, server.url), into: ring) {
                _ in
            }
            #expect(response.status == 200)
            #expect(ring.writtenBytes == 100_000)
            ring.finishWriting()
            let sent = try await client.upload(
                HTTPRequest(.put, server.url + "/whole"), from: ring, sizeBytes: 100_000)
            #expect(sent.status == 201)
            #expect(String(decoding: sent.body, as: UTF8.self) == "100000")
        }
    }

    @Test func `A certificate for another name is refused`() async throws {
        let server = try await TLSServer()
        let client = HTTPClient(TransportConfiguration(caFile: server.certificateFile))
        let url = server.url.replacing("127.0.0.1", with: "localhost")
        let error = await failure { _ = try await client.send(HTTPRequest(.get, url)) }
        #expect(error?.code == .tlsFailed)
        #expect(error?.hint?.contains("another host name") == true)
        #expect(error?.hint?.contains("cacert") == false)
    }

    @Test func `The hint names the place where the authority is set`() async throws {
        let server = try await TLSServer()
        for (place, words) in [
            (TransportConfiguration.SettingsPlace.cloudsFile, "set cacert in clouds.yaml"),
            (.pipelineSource, "write the file of its certificate as `cacert` of this source"),
        ] {
            var configuration = TransportConfiguration()
            configuration.settingsPlace = place
            let client = HTTPClient(configuration)
            let error = await failure { _ = try await client.send(HTTPRequest(.get, server.url)) }
            #expect(error?.hint?.contains(words) == true)
        }
    }

    @Test func `A setting in the wrong place of clouds.yaml is the hint`() async throws {
        let server = try await TLSServer()
        var configuration = TransportConfiguration()
        configuration.misplacedKeys = ["cacert", "verify"]
        let client = HTTPClient(configuration)
        let error = await failure { _ = try await client.send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .tlsFailed)
        #expect(error?.hint?.hasPrefix("move cacert and verify out of auth in clouds.yaml") == true)
    }

    @Test func `A file of authorities that cannot be read is named as the cause`() async throws {
        let server = try await TLSServer()
        let client = HTTPClient(TransportConfiguration(caFile: "/nowhere/ca.pem"))
        let error = await failure { _ = try await client.send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .tlsFailed)
        #expect(error?.hint?.contains("cacert") == true)
        #expect(error?.message.contains("/nowhere/ca.pem") == true)
    }

    @Test(arguments: [HTTPRequest.Method.get, .head, .put])
    func `http to a port that speaks TLS may be that`(method: HTTPRequest.Method) async throws {
        let server = try await TLSServer()
        let url = server.url.replacing("https:", with: "http:")
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(method, url)) }
        let hint = error?.hint ?? ""
        #expect(
            hint.contains("if the port speaks TLS, write https://") == (method != .put), "\(hint)")
        #expect(hint.contains("look at the server"), "\(hint)")
    }

    @Test func `https to a port that speaks http is told apart`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let url = server.url.replacing("http:", with: "https:")
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, url)) }
        #expect(error?.code == .tlsFailed)
        #expect(error?.hint?.contains("plain http") == true)
    }

    @Test func `A body without a length is whole where TLS is ended, not where it is cut`()
        async throws
    {
        let server = try await TLSServer()
        let client = HTTPClient(TransportConfiguration(verifiesTLS: false))
        for path in ["/ended", "/cut"] {
            let ring = ByteRing(capacityBytes: 1 << 20)
            let error = await failure {
                _ = try await client.download(HTTPRequest(.get, server.url + path), into: ring) {
                    (_) throws(TranshipError) in
                }
            }
            #expect(ring.writtenBytes == 100_000)
            guard path == "/cut" else {
                #expect(error == nil)
                continue
            }
            #expect(error?.code == .sourceTruncated)
            #expect(error?.isTransient == true)
            #expect(error?.message.contains("the TLS connection was cut") == true)
        }
    }

    /// Python closes with our bytes unread: a reset follows the answer.
    @Test func `An early refusal is read through TLS while the source is fast`() async throws {
        let server = try await TLSServer()
        let client = HTTPClient(TransportConfiguration(verifiesTLS: false))
        for _ in 0..<20 {
            let ring = ByteRing()
            let producer = Task {
                try await blocking { while true { try ring.put(noise(100_000)) } }
            }
            let response = try await client.upload(
                HTTPRequest(.put, server.url + "/early"), from: ring, sizeBytes: 1 << 30)
            #expect(response.status == 409)
            #expect(String(decoding: response.body, as: UTF8.self) == "early words")
            await #expect(throws: TranshipError.self) { try await producer.value }
        }
    }

    @Test func `An early refusal is read through TLS while the source is silent`() async throws {
        let server = try await TLSServer()
        let client = HTTPClient(TransportConfiguration(verifiesTLS: false))
        let ring = ByteRing()
        try await blocking { try ring.put(noise(1000)) }
        let response = try await client.upload(
            HTTPRequest(.put, server.url + "/early"), from: ring, sizeBytes: 1 << 20)
        #expect(response.status == 409)
        #expect(String(decoding: response.body, as: UTF8.self) == "early words")
    }
}
