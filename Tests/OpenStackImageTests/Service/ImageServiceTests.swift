// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Sending to the Image service", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceSendTests {
    @Test("a refused token is renewed once, unnoticed by the caller")
    func renewedOn401() async throws {
        let service = try Lab.service()
        // Keystone no longer knows the token, although it has not expired.
        let before = try await Lab.revokeToken(of: service)
        _ = try await service.stores()
        let after = try #require(try await service.session.authorization().token)
        #expect(after != before)
    }

    @Test("a refusal carries Glance's words, what was asked and a request id")
    func refusal() async throws {
        let service = try Lab.service()
        let id = "00000000-0000-4000-8000-000000000000"
        let error = await #expect(throws: TranshipError.self) { try await service.image(id) }
        #expect(error?.code == .notFound)
        #expect(error?.answer?.asked == "GET /v2/images/\(id)")
        #expect(error?.answer?.requestID?.hasPrefix("req-") == true)
        #expect(error?.message.contains("Glance answered 404: No image found with ID") == true)
    }
}
