// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPTransport

@Suite struct UnreadAnswerTests {
    @Test func `A refusal is read with its body`() throws {
        let text = "HTTP/1.1 409 Conflict\r\nContent-Length: 5\r\n\r\ntaken"
        let (head, body) = try #require(UnreadAnswer.parse(Array(text.utf8), bodyBytesMax: 100))
        #expect(head.status == 409)
        #expect(body == Array("taken".utf8))
    }

    @Test func `A chunked body is put together, as far as it came`() throws {
        let text =
            "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nover\r\n6;x=y\r\n quo"
        let (_, body) = try #require(UnreadAnswer.parse(Array(text.utf8), bodyBytesMax: 100))
        #expect(String(decoding: body, as: UTF8.self) == "over quo")
    }

    @Test(arguments: [
        "", "HTTP/1.1 409 Conflict\r\nContent-", "HTTP/1.1 100 Continue\r\n\r\n", "SSH-2.0\r\n\r\n",
    ])
    func `Only a complete final head is an answer`(text: String) {
        #expect(UnreadAnswer.parse(Array(text.utf8), bodyBytesMax: 100) == nil)
    }
}
