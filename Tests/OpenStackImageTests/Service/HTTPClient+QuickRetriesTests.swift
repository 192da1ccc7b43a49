// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite struct HTTPClientQuickRetriesTests {
    private let reset = Reply { $0.reset() }

    private func asked(_ replies: [Reply], retries: Int) async throws -> (status: Int?, count: Int)
    {
        let server = try RawHTTPServer(scripts: ["/": replies])
        var status: Int?
        do {
            let request = HTTPRequest(.get, "\(server.url)/")
            status = try await HTTPClient().send(request, quickRetries: retries).status
        } catch {
            #expect(error.code == .connectionLost)
        }
        return (status, server.requests.count)
    }

    @Test func `A broken connection and a gateway's refusal are tried again at once`() async throws
    {
        let found = try await asked([reset, .status(502), .status(200)], retries: 2)
        #expect(found == (200, 3))
    }

    @Test func `No more often than asked, and the last answer counts`() async throws {
        #expect(
            try await asked([.status(503), .status(504), .status(200)], retries: 1) == (504, 2))
        #expect(try await asked([reset, reset, .status(200)], retries: 1) == (nil, 2))
        #expect(try await asked([reset, .status(200)], retries: 0) == (nil, 1))
    }

    @Test(arguments: [425, 429, 500, 502, 503, 504, 509])
    func `What may pass is asked again`(status: Int) async throws {
        #expect(try await asked([.status(status), .status(200)], retries: 2) == (200, 2))
    }

    @Test(arguments: [404, 408, 501, 505, 507, 510, 511])
    func `Every other answer is the answer`(status: Int) async throws {
        #expect(try await asked([.status(status), .status(200)], retries: 2) == (status, 1))
    }

    @Test func `A service that says when to come back is not asked before`() async throws {
        let busy = Reply.status(503, headers: [("Retry-After", "60")])
        #expect(try await asked([busy, .status(200)], retries: 2) == (503, 1))
        let soon = Reply.status(503, headers: [("Retry-After", "1")])
        #expect(try await asked([soon, .status(429), .status(200)], retries: 2) == (200, 3))
    }

    @Test(arguments: [429, 503], ["-5", "Mon, 01 Jan 1900 00:00:00 GMT", "1.5", "rubbish"])
    func `A time that has passed and what is none keep no one waiting`(
        status: Int, wait: String
    ) async throws {
        let busy = Reply.status(status, headers: [("Retry-After", wait)])
        #expect(try await asked([busy, .status(200)], retries: 1) == (200, 2))
    }

    @Test(arguments: ["99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
    func `Who asks for a very long wait is left alone`(wait: String) async throws {
        let busy = Reply.status(503, headers: [("Retry-After", wait)])
        #expect(try await asked([busy, .status(200)], retries: 2) == (503, 1))
    }

    @Test(arguments: [(nil, 900), (1 << 30, 900), (100 << 30, 25_600)] as [(Int64?, Int)])
    func `The token is to live as long as a slow link needs for the body`(
        bytes: Int64?, seconds: Int
    ) {
        #expect(ImageService.tokenSeconds(forBytes: bytes) == seconds)
    }
}
