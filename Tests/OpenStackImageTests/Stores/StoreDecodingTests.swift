// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading stores")
struct StoreDecodingTests {
    @Test("flags are read as booleans and as the strings that Glance sends")
    func flags() {
        let stores = ImageStore.list([
            "stores": [
                ["id": "a", "default": "true"], ["id": "b", "default": true, "read-only": "True"],
                ["id": "c", "weight": 10, "type": "rbd", "properties": ["pool": "x"]],
                ["description": "without an id"],
            ]
        ])
        #expect(stores.map(\.id) == ["a", "b", "c"])
        #expect(stores.map(\.isDefault) == [true, true, false])
        #expect(stores.map(\.isReadOnly) == [false, true, false])
        #expect(stores[2].weight == 10 && stores[2].properties == ["pool": "x"])
    }
}
