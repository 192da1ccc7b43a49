// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading usage")
struct UsageDecodingTests {
    @Test("what is left is known only where there is a limit")
    func left() throws {
        let usage = try Usage.list([
            "usage": [
                "image_size_total": ["limit": 1000, "usage": 400],
                "image_count_total": ["limit": -1, "usage": 7], "broken": ["limit": 1],
            ]
        ])
        #expect(usage.map(\.name) == ["image_count_total", "image_size_total"])
        #expect(usage.map(\.left) == [nil, 600])
        #expect(try Usage.list(["usage": [:]]).isEmpty)
    }

    @Test("a limit or a use that is not a count is named, and nothing is computed with it")
    func lies() {
        for (limit, used) in [(.max, -5), (-2, 0), (1 << 54, 1), (5, .min)] as [(Int64, Int64)] {
            let error = #expect(throws: TranshipError.self) {
                try Usage.list([
                    "usage": [
                        "image_size_total": ["limit": .integer(limit), "usage": .integer(used)]
                    ]
                ])
            }
            #expect(error?.code == .invalidAnswer)
            #expect(error?.message.contains("image_size_total") == true)
        }
    }
}

@Suite("Usage at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceUsageTests {
    @Test("a cloud without limits lists none")
    func none() async throws {
        #expect(try await Lab.service().usage().isEmpty)
    }
}
