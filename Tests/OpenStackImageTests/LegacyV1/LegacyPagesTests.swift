// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Pages of a v1 list")
struct LegacyPagesTests {
    private static func page(_ id: String, next: String?) -> Reply {
        let link = next.map { #","next":"/v1/images/detail?marker=\#($0)""# } ?? ""
        return .status(200, text: #"{"images":[{"id":"\#(id)"}]\#(link)}"#)
    }

    /// The pages of this list lead from a to b and from b to a, by links or by their last image.
    @Test("a list that leads back to an earlier page is an error", arguments: [true, false])
    func endless(hasLinks: Bool) async throws {
        let cloud = try FaultyCloud { request, _ in
            request.target.contains("marker=a")
                ? Self.page("b", next: hasLinks ? "b" : nil)
                : Self.page("a", next: hasLinks ? "a" : nil)
        }
        let service = LegacyImageService(CloudSession(cloud.configuration))
        let error = await #expect(throws: TranshipError.self) {
            try await service.images().all()
        }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains("marker=a") == true)
        #expect(cloud.asked.count == 3)
    }

    @Test("data longer than its own head says is cut there", arguments: [true, false])
    func tooLong(isChunked: Bool) async throws {
        let body = noise(300_000)
        let cloud = try FaultyCloud { _, _ in
            Reply { exchange in
                exchange.readBody()
                let length =
                    isChunked ? ("Transfer-Encoding", "chunked") : ("Content-Length", "300000")
                exchange.sendHead(
                    200,
                    [("x-image-meta-id", "i"), ("x-image-meta-size", "100000"), length])
                if isChunked { exchange.send("\(String(body.count, radix: 16))\r\n") }
                exchange.send(body)
                if isChunked { exchange.send("\r\n0\r\n\r\n") }
            }
        }
        let folder = try TemporaryFolder()
        let error = await #expect(throws: TranshipError.self) {
            try await LegacyImageService(CloudSession(cloud.configuration))
                .download("i", toFile: folder.file("disk"))
        }
        #expect(error?.code == .sourceTruncated)
        #expect(error?.message.contains("longer than the 100000 bytes") == true)
    }
}
