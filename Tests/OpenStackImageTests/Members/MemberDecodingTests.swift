// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading members")
struct MemberDecodingTests {
    @Test("a member of an old service has only its id, and waits")
    func sparse() throws {
        let member = try Member(json: ["member_id": "p"])
        #expect(member.memberID == "p")
        #expect(member.status == .pending)
        #expect(throws: TranshipError.self) { try Member(json: ["status": "accepted"]) }
    }
}
