// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Import info")
struct ImportDecodingTests {
    @Test("methods are listed, and a cloud without imports has none")
    func methods() {
        let info = ImportInfo(json: [
            "import-methods": ["type": "array", "value": ["glance-direct", "web-download"]]
        ])
        #expect(info.methods == ["glance-direct", "web-download"])
        #expect(ImportInfo(json: [:]).methods.isEmpty)
    }
}
