// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Digests
import Testing

@Suite struct DerivedIDTests {
    @Test func `The example of RFC 9562, appendix A.4, gives its UUID`() {
        let dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
        #expect(
            DerivedID.uuid(namespace: dns, name: "www.example.com")
                == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
    }

    @Test func `The case of the namespace does not matter, that of the name does`() {
        let lower = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
        let id = DerivedID.uuid(namespace: lower, name: "ä/1")
        #expect(DerivedID.uuid(namespace: lower.uppercased(), name: "ä/1") == id)
        #expect(DerivedID.uuid(namespace: lower, name: "Ä/1") != id)
    }
}
