// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct RedirectTests {
    @Test func `A redirect is an answer unless it is to be followed`() async throws {
        let server = try RawHTTPServer(scripts: [
            "/a": [.redirect(to: "b?x=1")], "/b": [.status(200, text: "here")],
        ])
        let request = HTTPRequest(.get, server.url + "/a")
        #expect(try await HTTPClient().send(request).status == 302)
        var following = request
        following.followsRedirects = true
        let response = try await HTTPClient().send(following)
        #expect(response.body == Array("here".utf8))
        #expect(response.effectiveURL == server.url + "/b?x=1")
        #expect(server.requests.last?.target == "/b?x=1")
    }

    @Test func `Credentials go to the same host only`() async throws {
        let other = try RawHTTPServer { _ in .status(200) }
        let server = try RawHTTPServer(scripts: [
            "/near": [.redirect(to: "/far")], "/far": [.redirect(to: other.url + "/there")],
        ])
        let headers: HTTPHeaders = [
            "X-Auth-Token": "t", "Authorization": "a", "Cookie": "c", "PRIVATE-TOKEN": "p",
            "Range": "bytes=1-",
        ]
        _ = try await HTTPClient().send(
            HTTPRequest(.get, server.url + "/near", headers: headers, followsRedirects: true))
        let far = try #require(server.requests.last)
        #expect(far.path == "/far")
        #expect(far[header: "x-auth-token"] == "t")
        let there = try #require(other.requests.last)
        for name in ["x-auth-token", "authorization", "cookie", "private-token"] {
            #expect(there[header: name] == nil)
        }
        #expect(there[header: "range"] == "bytes=1-")
    }

    @Test func `Going in circles ends`() async throws {
        let server = try RawHTTPServer(scripts: ["/": [.redirect(to: "/")]])
        let error = await failure {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url + "/", followsRedirects: true))
        }
        #expect(error?.code == .badRedirect)
        #expect(server.requests.count == 11)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/1", "http://"])
    func `Only http and https are followed`(place: String) async throws {
        let server = try RawHTTPServer(scripts: ["/": [.redirect(to: place)]])
        let error = await failure {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url + "/", followsRedirects: true))
        }
        #expect(error?.code == .badRedirect)
    }

    @Test(arguments: [(303, "GET"), (302, "GET"), (307, "POST")])
    func `A post becomes what the status says`(status: Int, method: String) async throws {
        let server = try RawHTTPServer(scripts: [
            "/": [.redirect(status, to: "/next")], "/next": [.status(200)],
        ])
        _ = try await HTTPClient().send(
            HTTPRequest(.post, server.url + "/", body: [1, 2], followsRedirects: true))
        #expect(server.requests.last?.method == method)
        #expect(server.requests.last?.bodyBytes == (method == "POST" ? 2 : 0))
    }
}
