// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Renewing a refused token")
struct TokenRenewalTests {
    private let record = Reply.status(200, text: #"{"id":"i","name":"n"}"#)

    @Test("a service that never takes a token is believed after the second")
    func secondRefusal() async throws {
        let cloud = try FaultyCloud { _, _ in .status(401, text: "<h1>401</h1>Not you") }
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.image("i")
        }
        #expect(error?.code == .unauthorized)
        #expect(error?.message.contains("Not you") == true)
        #expect(error?.hint?.contains("does its Image service belong to that Keystone") == true)
        #expect(cloud.tokenCount == 2)
        #expect(cloud.asked.count == 2)
    }

    @Test("fifty requests that are refused at once share one new token")
    func sharedRenewal() async throws {
        let record = record
        let cloud = try FaultyCloud { _, token in token < 2 ? .status(401) : record }
        let service = cloud.service
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<50 { group.addTask { try await service.image("i").name } }
            for try await name in group { #expect(name == "n") }
        }
        #expect(cloud.tokenCount == 2)
    }

    /// Keystone's clock may be years off, so only the span between its two times counts.
    @Test("a Keystone with a wrong clock issues tokens that are good for as long as it says")
    func wrongClock() async throws {
        let record = record
        let cloud = try FaultyCloud(
            issuedAt: "2009-01-01T00:00:00Z", expiresAt: "2009-01-01T01:00:00Z"
        ) { _, _ in record }
        let service = cloud.service
        for _ in 0..<3 { _ = try await service.image("i") }
        #expect(cloud.tokenCount == 1)
    }

    @Test("a download whose token was refused begins again with a new one")
    func download() async throws {
        let cloud = try FaultyCloud { _, token in
            token < 2 ? .status(401) : .status(200, text: "data")
        }
        let ring = ByteRing(capacityBytes: 1 << 16)
        let head = try await cloud.service.download("i", into: ring)
        #expect(head?.status == 200)
        #expect(try Lab.bytes(ring) == Array("data".utf8))
    }

    @Test("who is cancelled while Keystone is silent is free long before it would give up")
    func silentKeystone() async throws {
        let server = try RawHTTPServer { _ in Reply { $0.hang() } }
        let configuration = CloudConfiguration(
            name: "silent", authentication: .token(Secret("t")), authURL: server.url,
            scope: .projectID("p"))
        let service = ImageService(CloudSession(configuration))
        let task = Task { try await service.image("i") }
        #expect(await server.received { !$0.isEmpty })
        let clock = ContinuousClock()
        let waited = await clock.measure {
            task.cancel()
            _ = await task.result
        }
        #expect(waited < .seconds(25))
        await #expect(throws: TranshipError.self) { try await task.value }
    }

    @Test("without Keystone there is no token, and http_basic sends name and password")
    func withoutKeystone() async throws {
        let server = try RawHTTPServer { _ in .status(200, text: #"{"id":"i"}"#) }
        var configuration = CloudConfiguration(
            name: "alone", authentication: .none, imageEndpointOverride: "\(server.url)/v2/")
        _ = try await ImageService(CloudSession(configuration)).image("i")
        configuration.authentication = .basic(username: "u", password: Secret("p:w"))
        _ = try await ImageService(CloudSession(configuration)).image("i")
        let requests = server.requests
        #expect(requests.map(\.path) == ["/v2/images/i", "/v2/images/i"])
        #expect(requests.allSatisfy { $0[header: "x-auth-token"] == nil })
        #expect(requests.first?[header: "authorization"] == nil)
        #expect(requests.last?[header: "authorization"] == "Basic dTpwOnc=")
    }

    @Test("an Image service that is down may come back; a page of HTML is not a record")
    func otherAnswers() async throws {
        let cloud = try FaultyCloud { request, _ in
            request.path.hasSuffix("down")
                ? .status(503, headers: [("Retry-After", "7")]) : .status(200, text: "<html>")
        }
        let down = await #expect(throws: TranshipError.self) {
            try await cloud.service.image("down")
        }
        #expect(down?.isTransient == true)
        #expect(down?.answer?.retryAfterSeconds == 7)
        let html = await #expect(throws: TranshipError.self) {
            try await cloud.service.image("html")
        }
        #expect(html?.code == .invalidAnswer)
    }
}
