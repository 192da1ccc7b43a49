// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Versions at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceVersionsTests {
    @Test("the newest version comes first, the second API among them")
    func listed() async throws {
        let versions = try await Lab.service().versions()
        #expect(versions == versions.sorted(by: >))
        #expect(versions.first?.status == "CURRENT")
        #expect(versions.allSatisfy { $0.major == 2 })
        #expect(versions.contains { $0.id == "v2.0" })
    }

    @Test("an endpoint that is no Image service is refused by its address")
    func elsewhere() async throws {
        var configuration = try Lab.session("alpha").configuration
        configuration.imageEndpointOverride = configuration.authURL
        let service = ImageService(CloudSession(configuration))
        let error = await #expect(throws: TranshipError.self) { try await service.versions() }
        #expect(error?.code == .invalidAnswer)
    }
}
