// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import OpenStackImage

/// Services that compare an unknown condition with a property, and answer with an empty list.
@Suite("Lists of old services", .timeLimit(.minutes(5)))
struct OldServiceTests {
    private func cloud(_ version: String?) throws -> FaultyCloud {
        try FaultyCloud { request, _ in
            if request.path == "/versions" || request.path == "/" {
                guard let version else { return .status(404) }
                return .status(
                    200, text: #"{"versions":[{"id":"\#(version)","status":"CURRENT"}]}"#)
            }
            let isKnown = !["os_hidden", "visibility=all", "in:"].contains {
                request.target.contains($0.replacing(":", with: "%3A"))
                    || request.target.contains($0)
            }
            let images = ["a", "b", "c"].map {
                #"{"id":"\#($0)","name":"\#($0)","status":"active","disk_format":"raw"}"#
            }
            return .status(
                200, text: #"{"images":[\#(isKnown ? images.joined(separator: ",") : "")]}"#)
        }
    }

    @Test("visible images are listed without a word that the service may not know")
    func visible() async throws {
        for version in ["v2.0", "v2.6", "v2.17", nil] {
            let cloud = try cloud(version)
            #expect(try await cloud.service.images(ImageQuery(isHidden: false)).all().count == 3)
            #expect(cloud.asked == ["GET /v2/images?limit=1000"])
        }
    }

    @Test("a service before 2.7 has no hidden images, and is not asked for them")
    func hidden() async throws {
        let old = try cloud("v2.6")
        #expect(try await old.service.images(ImageQuery(isHidden: true)).all().isEmpty)
        #expect(old.asked == ["GET /versions"])
        for version in ["v2.7", nil] {
            let cloud = try cloud(version)
            _ = try await cloud.service.images(ImageQuery(isHidden: true)).all()
            #expect(cloud.asked.last == "GET /v2/images?limit=1000&os_hidden=true")
        }
    }

    @Test("a service before 2.5 knows neither `all` nor lists of values")
    func conditions() async throws {
        let cloud = try cloud("v2.3")
        let service = cloud.service
        #expect(try await service.images(ImageQuery(visibility: .all)).all().count == 3)
        let named = try await service.images(ImageQuery(name: ["a", "c", "x"])).all()
        #expect(named.map(\.id) == ["a", "c"])
        #expect(
            try await service.images(ImageQuery(status: [.queued, .saving], diskFormat: "raw"))
                .all().isEmpty)
        // The versions are requested only once.
        #expect(cloud.asked.count { $0 == "GET /versions" } == 1)
        #expect(cloud.asked.last == "GET /v2/images?limit=1000&disk_format=raw")
    }

    @Test("the versions are not a reason to fail, unless the service does not answer")
    func versions() async throws {
        for status in [400, 401, 403, 404, 501] {
            let cloud = try FaultyCloud { _, _ in .status(status) }
            #expect(try await cloud.service.minorVersion() == nil)
            #expect(try await !LegacyImageService.isNeeded(by: cloud.service.session))
        }
        let down = try FaultyCloud { _, _ in Reply { $0.reset() } }
        #expect(await failure { _ = try await down.service.minorVersion() } != nil)
    }
}
