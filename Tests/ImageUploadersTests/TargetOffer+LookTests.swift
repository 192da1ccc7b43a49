// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import ImageUploaders
import MigrationModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct TargetOfferTests {
    private static let questions = [
        "/versions", "/v2/info/import", "/v2/info/stores", "/v2/info/usage", "/v2/schemas/image",
    ]

    @Test(arguments: [400, 401, 403, 404, 405, 501])
    func `A question that only helps may be refused`(status: Int) async throws {
        for question in Self.questions {
            let glance = try GlanceServer()
            glance.refuse("GET", question, status: status)
            let offer = try await TargetOffer.look(glance.service)
            #expect(offer.importMethods.isEmpty == (question == "/v2/info/import"), "\(question)")
            #expect(offer.stores.isEmpty == (question == "/v2/info/stores"), "\(question)")
        }
    }

    @Test func `A service that fails is not a service that says nothing`() async throws {
        for question in Self.questions.dropFirst() {
            let glance = try GlanceServer()
            glance.refuse("GET", question, status: 500)
            #expect(
                await failure { _ = try await TargetOffer.look(glance.service) }?.code
                    == .serviceFailed)
        }
    }
}
