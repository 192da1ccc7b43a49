// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPTransport

@Suite struct AnswerHeadTests {
    @Test func `Interim answers are passed over and trailers are not headers`() {
        var head = AnswerHead()
        for line in ["HTTP/1.1 100 Continue\r\n", "X-Early: 1\r\n", "\r\n"] {
            let isComplete = head.add(line)
            #expect(!isComplete)
        }
        let lines = [
            "HTTP/1.1 201 Created\r\n", "Location:   /there \t\r\n", "X-Empty:\r\n", "\r\n",
            "X-Trailer: 1\r\n",
        ]
        #expect(lines.map { head.add($0) } == [false, false, false, true, false])
        #expect(head.status == 201)
        #expect(head.headers == ["Location": "/there", "X-Empty": ""])
    }
}
