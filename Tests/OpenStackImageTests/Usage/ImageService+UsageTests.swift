// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Usage at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceUsageTests {
    @Test("a cloud without limits lists none")
    func none() async throws {
        #expect(try await Lab.service().usage().isEmpty)
    }
}
