// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading versions")
struct VersionDecodingTests {
    @Test("versions sort by number and not by letters")
    func sorted() {
        let versions = ServiceVersion.list([
            "versions": [
                ["id": "v2.9", "status": "SUPPORTED"],
                [
                    "id": "v2.17", "status": "CURRENT",
                    "links": [["rel": "self", "href": "http://g/v2/"]],
                ],
                ["id": "v1.1", "status": "DEPRECATED"], ["id": "latest"],
            ]
        ])
        #expect(versions?.map(\.id) == ["v2.17", "v2.9", "v1.1"])
        #expect(versions?.first?.url == "http://g/v2/")
        #expect(ServiceVersion.list(["images": []]) == nil)
    }
}
