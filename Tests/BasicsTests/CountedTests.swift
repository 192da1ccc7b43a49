// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct CountedTests {
    @Test func `One is in the singular, and nothing else`() {
        #expect(
            [0, 1, 2, 21].map { counted($0, "image") } == [
                "0 images", "1 image", "2 images", "21 images",
            ])
    }
}
