// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Member requests")
struct MemberRequestsTests {
    @Test("adding, answering and removing name the project where the service wants it")
    func requests() {
        let add = MemberRequests.add("i", "p")
        #expect(add.asked == "POST /v2/images/i/members")
        #expect(String(decoding: add.body ?? [], as: UTF8.self) == #"{"member":"p"}"#)
        let answer = MemberRequests.setStatus("i", "p", .rejected)
        #expect(answer.asked == "PUT /v2/images/i/members/p")
        #expect(String(decoding: answer.body ?? [], as: UTF8.self) == #"{"status":"rejected"}"#)
        #expect(MemberRequests.remove("i", "p/q").asked == "DELETE /v2/images/i/members/p%2Fq")
    }
}
