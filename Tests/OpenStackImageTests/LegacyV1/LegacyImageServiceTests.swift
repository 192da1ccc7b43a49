// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import LabSupport
import OpenStackImage
import TestSupport
import Testing

@Suite("Images v1: versions")
struct LegacyImageServiceTests {
    @Test(
        "a legacy cloud lists v1 and nothing else", .proves("v1 versions"),
        arguments: LegacyCloud.all)
    func versions(_ cloud: LegacyCloud) async throws {
        let versions = try await cloud.service().versions()
        #expect(versions.map(\.id) == ["v1.1", "v1.0"])
        #expect(versions.first?.status == "DEPRECATED")
    }

    @Test("v1 is needed where nothing else is offered", arguments: LegacyCloud.all)
    func isNeeded(_ cloud: LegacyCloud) async throws {
        let session = try cloud.service().session
        #expect(try await LegacyImageService.isNeeded(by: session))
    }

    @Test("v1 is not needed where v2 is offered", .enabled(if: Lab.isUp))
    func isNotNeeded() async throws {
        #expect(try await !LegacyImageService.isNeeded(by: Lab.session("alpha")))
    }

    @Test("the cloud's entry has the last word, unasked", arguments: [(1, true), (2, false)])
    func entryDecides(_ version: Int, _ isNeeded: Bool) async throws {
        // No server listens at that address: a request would fail.
        let session = CloudSession(
            CloudConfiguration(
                name: "x", authentication: .none, imageEndpointOverride: "http://127.0.0.1:9",
                imageAPIVersion: version))
        #expect(try await LegacyImageService.isNeeded(by: session) == isNeeded)
    }

    @Test("a service that lists no versions is taken for one of today")
    func noVersions() async throws {
        let cloud = try FaultyCloud { _, _ in .status(404) }
        #expect(
            try await !LegacyImageService.isNeeded(by: CloudSession(cloud.configuration)))
    }

    @Test("a cloud with only v1 says so when asked for v2", arguments: LegacyCloud.all)
    func askedForV2(_ cloud: LegacyCloud) async throws {
        let error = await #expect(throws: TranshipError.self) {
            _ = try await ImageService(cloud.service().session).images().all()
        }
        #expect(error?.answer?.status == 300)
    }
}
