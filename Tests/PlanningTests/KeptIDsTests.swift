// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@testable import Planning

@Suite struct KeptIDsTests {
    @Test(arguments: [
        ("6f1cdf4c-6a3c-4d3e-9b0a-0a5b1e9f3c11", true), ("6f1cdf4c6a3c4d3e9b0a0a5b1e9f3c11", false),
        ("42", false), ("", false),
    ])
    func `Only a UUID can be kept`(id: String, isUUID: Bool) {
        #expect(KeptIDs.isUUID(id) == isUUID)
    }

    @Test func `Under a kept id nothing arrives that could not be taken back`() {
        let fetched = Negotiation.Choice(
            method: .glanceDownload, fallbacks: [.glanceDirect], reason: .fetchedByTarget)
        #expect(fetched.keepingID.method == .glanceDirect)
        #expect(fetched.keepingID.fallbacks.isEmpty)
        let sent = Negotiation.Choice(method: .upload, reason: .oneTarget)
        #expect(sent.keepingID == sent)
    }
}
