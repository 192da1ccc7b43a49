// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Location requests")
struct LocationRequestsTests {
    @Test("a promise names its algorithm, and none is sent without one")
    func add() throws {
        let md5 = try Checksum(.md5, String(repeating: "a", count: 32))
        let promised = LocationRequests.add("i", url: Secret("rbd://x"), promising: md5)
        #expect(promised.asked == "POST /v2/images/i/locations")
        #expect(
            String(decoding: promised.body ?? [], as: UTF8.self) == """
                {"url":"rbd://x","validation_data":{"os_hash_algo":"md5","os_hash_value":\
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}
                """)
        let bare = LocationRequests.add("i", url: Secret("rbd://x"), promising: nil)
        #expect(String(decoding: bare.body ?? [], as: UTF8.self) == #"{"url":"rbd://x"}"#)
    }

    @Test("the older way is a patch of the list")
    func patches() {
        let location = ImageLocation(url: Secret("http://h/i"), metadata: ["store": "web"])
        let value: JSONValue = ["url": "http://h/i", "metadata": ["store": "web"]]
        #expect(
            LocationRequests.append(location).json == [
                "op": "add", "path": "/locations/-", "value": value,
            ])
        #expect(
            LocationRequests.replace([location]).json == [
                "op": "replace", "path": "/locations", "value": [value],
            ])
        #expect(LocationRequests.remove(at: 2).json == ["op": "remove", "path": "/locations/2"])
    }

    @Test("the URL of a location is not printed")
    func secret() {
        let location = ImageLocation(url: Secret("swift+https://user:pw@h/i"))
        #expect(!"\(location)".contains("pw"))
    }
}
