// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading stores")
struct StoreDecodingTests {
    @Test("flags are read as booleans and as the strings that Glance sends")
    func flags() {
        let stores = ImageStore.list([
            ["id": "a", "default": "true"], ["id": "b", "default": true, "read-only": "True"],
            ["id": "c", "weight": 10, "type": "rbd", "properties": ["pool": "x"]],
            ["description": "without an id"],
        ])
        #expect(stores.map(\.id) == ["a", "b", "c"])
        #expect(stores.map(\.isDefault) == [true, true, false])
        #expect(stores.map(\.isReadOnly) == [false, true, false])
        #expect(stores[2].weight == 10 && stores[2].properties == ["pool": "x"])
    }
}

@Suite("Stores at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceStoresTests {
    @Test(
        "members see the stores and the default, admins what they are made of",
        .proves("sdk stores(details)"))
    func listed() async throws {
        let stores = try await Lab.service().stores()
        #expect(Set(stores.map(\.id)).isSuperset(of: ["fast", "slow"]))
        #expect(stores.filter(\.isDefault).map(\.id) == ["fast"])
        let detail = try await Lab.service("alpha-admin").storesDetail()
        #expect(detail.filter { !$0.isReadOnly }.allSatisfy { $0.type == "file" })
        let error = await #expect(throws: TranshipError.self) {
            try await Lab.service().storesDetail()
        }
        #expect(error?.code == .forbidden)
    }
}
