// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ProxyTests {
    // Runs in processes of their own, because the environment belongs to all tests.
    @Test func `A proxy of the environment is asked`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try RawHTTPServer { _ in .status(200, text: "by proxy") }
            setenv("http_proxy", proxy.url, 1)
            let response = try await HTTPClient().send(HTTPRequest(.get, "http://far.invalid/x"))
            #expect(response.body == Array("by proxy".utf8))
            #expect(proxy.requests.first?.target == "http://far.invalid/x")
        }
    }

    @Test func `no_proxy makes an exception`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try RawHTTPServer { _ in .status(500) }
            let server = try RawHTTPServer { _ in .status(200) }
            setenv("http_proxy", proxy.url, 1)
            setenv("no_proxy", "127.0.0.1", 1)
            #expect(try await HTTPClient().send(HTTPRequest(.get, server.url)).status == 200)
            #expect(proxy.requests.isEmpty)
        }
    }

    @Test(arguments: [
        (
            "http_proxy", "http://user:geheim@127.0.0.1:1", "http://far.invalid/x",
            "http://127.0.0.1:1"
        ),
        ("HTTPS_PROXY", "127.0.0.1:1", "https://far.invalid/x", "127.0.0.1:1"),
        (
            "all_proxy", "http://proxy.invalid:3128", "http://far.invalid/x",
            "http://proxy.invalid:3128"
        ),
    ])
    func `A proxy that does not answer is named, with the variable that names it`(
        variable: String, value: String, url: String, shown: String
    ) async {
        await #expect(processExitsWith: .success) { [variable, value, url, shown] in
            setenv(variable, value, 1)
            let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, url)) }
            #expect(error?.code == .unreachable && error?.isTransient == true)
            let words = "by the proxy \(shown) that \(variable) in the environment names"
            #expect(error?.message.contains(words) == true)
            #expect(error?.hint?.contains(variable) == true)
            #expect(error?.hint?.contains("no_proxy") == true)
        }
    }

    @Test func `A service that does not answer is not the fault of a proxy that it is kept from`()
        async
    {
        await #expect(processExitsWith: .success) {
            setenv("http_proxy", "http://127.0.0.1:1", 1)
            setenv("no_proxy", "10.0.0.0/8, .localhost,127.0.0.1", 1)
            for url in ["http://127.0.0.1:2/", "http://a.localhost:2/"] {
                let error = await failure {
                    _ = try await HTTPClient().send(HTTPRequest(.get, url))
                }
                #expect(error?.code == .unreachable)
                #expect(error?.message.contains("proxy") == false)
                #expect(error?.hint?.contains("the service is up") == true)
            }
        }
    }

    @Test(arguments: [".0.0.1", "*,a.example"])
    func `A proxy is named if no_proxy looks like an exception and curl asks it`(
        exceptions: String
    ) async {
        await #expect(processExitsWith: .success) { [exceptions] in
            setenv("http_proxy", "http://127.0.0.1:1", 1)
            setenv("no_proxy", exceptions, 1)
            let error = await failure {
                _ = try await HTTPClient().send(HTTPRequest(.get, "http://127.0.0.1:2/"))
            }
            let words = "by the proxy http://127.0.0.1:1 that http_proxy in the environment names"
            #expect(error?.message.contains(words) == true)
        }
    }

    @Test func `A tunnel that the proxy refuses is not the service's refusal`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try RawHTTPServer { _ in .status(403, text: "not there") }
            setenv("https_proxy", proxy.url, 1)
            let error = await failure {
                _ = try await HTTPClient().send(HTTPRequest(.get, "https://far.invalid/x"))
            }
            #expect(proxy.requests.first?.method == "CONNECT")
            #expect(error?.code == .unreachable)
            #expect(error?.hint?.contains("https_proxy") == true)
        }
    }

    @Test func `A proxy that curl does not know is named each time`() async {
        await #expect(processExitsWith: .success) {
            setenv("http_proxy", "bad://127.0.0.1:1", 1)
            let client = HTTPClient()
            for _ in 1...3 {
                let error = await failure {
                    _ = try await client.send(HTTPRequest(.get, "http://far.invalid/x"))
                }
                #expect(error?.message.contains("unsupported proxy scheme") == true)
                #expect(error?.hint?.contains("http_proxy") == true)
            }
        }
    }

    @Test(arguments: [
        "bad://user:geheim@127.0.0.1:1", "http://user:ge'heim geheim@127.0.0.1:x1",
        "http://user:geheim@", "http://user:geheim@127.0.0.1:1", "http://127.0.0.1:1?tok=geheim",
        "http://127.0.0.1:1/geheim", "http://127.0.0.1:1#geheim", "http://127.0.0.1:1?a@geheim",
        "127.0.0.1:1?tok=geheim", "://geheim", "bad://127.0.0.1:1?tok=geheim",
        "http://user:geheim@127.0.0.1:1?tok=geheim", "http://user:ge/heim@127.0.0.1:1/geheim",
        "http://127.0.0.1:port?tok=geheim",
        "http://127.0.0.1:port?" + String(repeating: "geheim", count: 100),
    ])
    func `A secret of the proxy's address is never shown`(address: String) async {
        await #expect(processExitsWith: .success) { [address] in
            setenv("http_proxy", address, 1)
            let error = await failure {
                _ = try await HTTPClient().send(HTTPRequest(.get, "http://far.invalid/x"))
            }
            #expect(error != nil)
            #expect("\(error.map { "\($0)" } ?? "")".contains("geheim") == false)
        }
    }
}
