// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@Suite struct RefusalTests {
    @Test(arguments: [
        (400, "bad-request", false), (401, "unauthorized", false), (403, "forbidden", false),
        (404, "not-found", false), (408, "timed-out", true), (409, "conflict", false),
        (410, "gone", false), (413, "quota-exceeded", false), (415, "format-rejected", false),
        (416, "range-not-satisfiable", false), (422, "bad-request", false),
        (425, "bad-request", true), (429, "rate-limited", true), (500, "service-failed", true),
        (501, "service-failed", false), (503, "service-failed", true),
        (505, "service-failed", false), (507, "quota-exceeded", false),
        (509, "service-failed", true), (511, "service-failed", false),
        (520, "service-failed", true), (524, "service-failed", true),
        (599, "service-failed", true),
    ])
    func `A status has its code`(status: Int, code: String, isTransient: Bool) {
        let error = HTTPResponse(status: status).refusal(by: .image, asked: "GET /v2/images")
        #expect(error.code.rawValue == code)
        #expect(error.isTransient == isTransient)
        #expect(error.message == "Glance answered \(status) (GET /v2/images)")
    }

    @Test(arguments: [
        (
            "<html>\n <head>\n  <title>409 Conflict</title>\n </head>\n <body>\n  <h1>409 Conflict"
                + "</h1>\n  Image &quot;x&quot; already\n exists<br /><br />\n\n\n </body>\n</html>",
            "Image \"x\" already exists"
        ),
        (#"{"message": "No quota", "code": "413", "title": "Too Large"}"#, "No quota"),
        (
            #"{"error": {"code": 401, "message": "Wrong password", "title": "Unauthorized"}}"#,
            "Wrong password"
        ),
        (#"{"badRequest": {"code": 400, "message": "Bad name"}}"#, "Bad name"),
        ("<html><body><h1>502 Bad Gateway</h1></body></html>", "502 Bad Gateway"),
        ("plain\n words &amp; more", "plain words & more"),
        (
            "409 Conflict\n\nThere was a conflict.\n\n Not queued  ",
            "There was a conflict. Not queued"
        ),
        (
            "409 Conflict\n\nProvided object does not match schema 'image': 'rwa' is not one of "
                + "['raw']\n\nFailed validating 'enum' in schema['properties']['disk_format']:\n"
                + "    {'enum': ['raw'], 'type': 'string'}\n\nOn instance['disk_format']:\n    'rwa'",
            "Provided object does not match schema 'image': 'rwa' is not one of ['raw'] (disk_format)"
        ),
        ("409 Conflict\n\n\n\n   ", "409 Conflict"),
        ("", ""),
    ])
    func `The service's own words are taken out of its answer`(body: String, words: String) {
        let response = HTTPResponse(status: 409, body: Array(body.utf8))
        let error = response.refusal(by: .image, asked: "PUT /v2/images/1/file")
        #expect(error.answer?.message == words)
        #expect(
            error.message
                == "Glance answered 409\(words.isEmpty ? "" : ": \(words)") (PUT /v2/images/1/file)"
        )
    }

    private static let longPage =
        "<html><body><p>" + String(repeating: "word ", count: 400) + "</p></body></html>"
    private static let longMessage = String(repeating: "w", count: 300)

    @Test(
        arguments: [
            (
                "<HTML><HEAD><TITLE>404</TITLE></HEAD><BODY><H1>404 Not Found</H1><!-- padding -->"
                    + "<hr>nginx/1.22.1</BODY></HTML>",
                "nginx/1.22.1"
            ),
            (
                "<!DOCTYPE html><html><head><title>Error response</title></head><body>\n"
                    + "<h1>Error response</h1>\n<p>Error code: 404</p>\n<p>Not found.</p>",
                "Error code: 404 Not found."
            ),
            (
                "<html><head><title>Sign in</title></head><body><script>a<b</script>"
                    + "<script>b</script><style>p{}</style></body></html>",
                "Sign in"
            ),
            ("<body><header>a</header><h1>b</h1>c", "a c"),
            (longPage, String(repeating: "word ", count: 24) + "…"),
            (
                "<html><body><h1>403</h1>" + longMessage + "<br /><br /></body></html>",
                longMessage
            ),
        ] as [(String, String)])
    func `A page is shown as its first words`(body: String, words: String) {
        let response = HTTPResponse(status: 404, body: Array(body.utf8))
        #expect(response.refusal(by: .other, asked: "GET /").answer?.message == words)
    }

    @Test func `A page without ends costs little`() {
        let body = String(repeating: "<style><!--<script><head", count: 10_000)
        let response = HTTPResponse(status: 404, body: Array(body.utf8))
        let start = ContinuousClock.now
        #expect(response.refusal(by: .other, asked: "GET /").message.count < 300)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func `The request id and the wait are kept, and the words have a limit`() {
        let response = HTTPResponse(
            status: 503, headers: ["X-OpenStack-Request-ID": "req-1", "Retry-After": "7"],
            body: Array(String(repeating: "x", count: 5000).utf8))
        let error = response.refusal(by: .image, asked: "GET /")
        #expect(error.code == .rateLimited)
        #expect(error.answer?.requestID == "req-1")
        #expect(error.answer?.retryAfterSeconds == 7)
        #expect(error.answer?.message.count == 1000)
    }

    @Test(
        arguments: [
            ("0", 0), ("120", 120), ("9007199254740992", 1 << 53),
            // Longer than any wait.
            ("9223372036854775807", 1 << 53), ("99999999999999999999", 1 << 53),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 251_629_199_998),
            // No wait.
            ("-5", 0), ("-99999999999999999999", 0), ("Mon, 01 Jan 1900 00:00:00 GMT", 0),
            ("Tue, 10 Mar 2026 00:00:00 GMT", 0),
            ("Tue, 10 Mar 2026 00:00:07 GMT", 6), ("Tuesday, 10-Mar-26 00:00:07 GMT", 6),
            // The same as without the field.
            ("", nil), ("-", nil), ("1.5", nil), ("+5", nil), ("nan", nil), ("1e300", nil),
            ("soon", nil), ("7 s", nil), ("2026-03-10T00:00:07Z", nil),
        ] as [(String, Int?)])
    func `A wait is a number or a date, and everything else is none`(text: String, seconds: Int?) {
        let response = HTTPResponse(
            status: 503, headers: ["Retry-After": text, "Date": "Tue, 10 Mar 2026 00:00:01 GMT"])
        let error = response.refusal(by: .image, asked: "GET /")
        #expect(error.answer?.retryAfterSeconds == seconds)
        #expect(error.code == (seconds == nil ? .serviceFailed : .rateLimited))
        #expect(error.isTransient)
    }

    @Test func `Without a date of its own, an answer's wait counts from now`() {
        let later = HTTPResponse(
            status: 429, headers: ["Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"])
        #expect((later.retryAfterSeconds ?? 0) > 1 << 32)
        let past = HTTPResponse(
            status: 429, headers: ["Retry-After": "Tue, 10 Mar 2020 00:00:00 GMT"])
        #expect(past.retryAfterSeconds == 0)
    }

    @Test func `A large body costs little and says little`() {
        let long = #"{"message": ""# + String(repeating: "x", count: 8 << 20) + #""}"#
        let many = #"{"message": ["# + String(repeating: "0,", count: 4 << 20) + "0]}"
        let deep = String(repeating: "[", count: 30_000)
        for body in [long, many, deep] {
            let began = ContinuousClock.now
            let error = HTTPResponse(status: 500, body: Array(body.utf8))
                .refusal(by: .image, asked: "GET /")
            #expect(error.message.count < 1100)
            #expect(ContinuousClock.now - began < .seconds(5))
        }
    }
}
