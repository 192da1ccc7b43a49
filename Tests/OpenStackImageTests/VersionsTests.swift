// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading versions")
struct VersionDecodingTests {
    @Test("versions sort by number and not by letters")
    func sorted() {
        let versions = ServiceVersion.list([
            "versions": [
                ["id": "v2.9", "status": "SUPPORTED"],
                [
                    "id": "v2.17", "status": "CURRENT",
                    "links": [["rel": "self", "href": "http://g/v2/"]],
                ],
                ["id": "v1.1", "status": "DEPRECATED"], ["id": "latest"],
            ]
        ])
        #expect(versions?.map(\.id) == ["v2.17", "v2.9", "v1.1"])
        #expect(versions?.first?.url == "http://g/v2/")
        #expect(ServiceVersion.list(["images": []]) == nil)
    }
}

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

    @Test("an endpoint that is not an Image service is refused by its address")
    func elsewhere() async throws {
        var configuration = try Lab.session("alpha").configuration
        configuration.imageEndpointOverride = configuration.authURL
        let service = ImageService(CloudSession(configuration))
        let error = await #expect(throws: TranshipError.self) { try await service.versions() }
        #expect(error?.code == .invalidAnswer)
    }
}
