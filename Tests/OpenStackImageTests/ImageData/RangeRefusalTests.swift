// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Downloads that do not start where asked")
struct RangeRefusalTests {
    @Test(
        "not a byte of the wrong place reaches the ring",
        arguments: [
            (200, "", "0123456789"), (206, "bytes 0-9/10", "0123456789"),
            (206, "bytes 5-9/10", "0123456789"), (206, "", "56789"),
        ])
    func refused(_ status: Int, _ range: String, _ body: String) async throws {
        let cloud = try FaultyCloud { _, _ in
            .status(
                status, headers: range.isEmpty ? [] : [("Content-Range", range)], text: body)
        }
        let ring = ByteRing(capacityBytes: 1 << 16)
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.download("i", into: ring, from: 5)
        }
        #expect(error?.code == .rangeNotSatisfiable)
        #expect(ring.writtenBytes == 0)
        #expect(cloud.server.requests.last?[header: "range"] == "bytes=5-")
    }

    @Test("a store that cannot seek says so with 400, and the ring stays usable")
    func unseekable() async throws {
        let cloud = try FaultyCloud { _, _ in
            .status(400, text: "Random access is not supported by this store")
        }
        let ring = ByteRing(capacityBytes: 1 << 16)
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.download("i", into: ring, from: 5)
        }
        #expect(error?.code == .badRequest)
        #expect(ring.failure == nil)
    }
}
