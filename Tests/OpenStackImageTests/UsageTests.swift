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
    func left() {
        let usage = Usage.list([
            "usage": [
                "image_size_total": ["limit": 1000, "usage": 400],
                "image_count_total": ["limit": -1, "usage": 7], "broken": ["limit": 1],
            ]
        ])
        #expect(usage.map(\.name) == ["image_count_total", "image_size_total"])
        #expect(usage.map(\.left) == [nil, 600])
        #expect(Usage.list(["usage": [:]]).isEmpty)
    }
}

@Suite("Usage at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceUsageTests {
    @Test("a cloud without limits lists none")
    func none() async throws {
        #expect(try await Lab.service().usage().isEmpty)
    }
}
