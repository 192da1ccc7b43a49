// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Pages of images")
struct ImagePagesTests {
    private static func page(_ ids: [String], next: String?) -> Reply {
        let images = ids.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
        let link = next.map { #","next":"\#($0)""# } ?? ""
        return .status(200, text: #"{"images":[\#(images)]\#(link)}"#)
    }

    @Test("behind a proxy, pages are asked for at our address and not at the one in the link")
    func behindAPrefix() async throws {
        let cloud = try FaultyCloud(endpointPath: "/image/v2") { request, _ in
            request.target.contains("marker")
                ? Self.page(["b"], next: nil)
                : Self.page(["a"], next: "http://inner:9292/v2/images?marker=a&limit=1")
        }
        let images = try await cloud.service.images(ImageQuery(pageLimit: 1)).all()
        #expect(images.map(\.id) == ["a", "b"])
        #expect(
            cloud.asked == [
                "GET /image/v2/images?limit=1", "GET /image/v2/images?marker=a&limit=1",
            ])
    }

    @Test("a page that links to itself is an error and not an endless list")
    func endless() async throws {
        let cloud = try FaultyCloud { _, _ in
            Self.page(["a"], next: "/v2/images?marker=a")
        }
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.images().all()
        }
        #expect(error?.code == .invalidAnswer)
        #expect(cloud.asked.count == 2)
    }

    @Test("an empty page ends the list, whatever it links to")
    func emptyPage() async throws {
        let cloud = try FaultyCloud { request, _ in
            request.target.contains("marker=a")
                ? Self.page([], next: "/v2/images?marker=b")
                : Self.page(["a"], next: "/v2/images?marker=a")
        }
        #expect(try await cloud.service.images().all().map(\.id) == ["a"])
    }

    @Test("who stops reading asks for no further page")
    func brokenOff() async throws {
        let cloud = try FaultyCloud { request, _ in
            Self.page(["a", "b"], next: "/v2/images?marker=\(request.target.count)")
        }
        for try await image in cloud.service.images().flattened {
            #expect(image.id == "a")
            break
        }
        #expect(cloud.asked.count == 1)
    }

    @Test("links that lead to and fro are an error that names the link")
    func toAndFro() async throws {
        let cloud = try FaultyCloud { request, _ in
            request.target.contains("marker=a")
                ? Self.page(["b"], next: "/v2/images?marker=b")
                : Self.page(["a"], next: "/v2/images?marker=a")
        }
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.images().all()
        }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains("marker=a") == true)
        #expect(cloud.asked.count == 3)
    }
}
