// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import Testing

@Suite struct UpstreamTests {
    @Test func `Signers survive the journal, and are read from journals of older versions`() throws
    {
        let upstream = Upstream(
            lineage: "series:a", lineageID: "l", version: "1", fingerprint: "f", since: 0,
            signers: ["A", "B"])
        let data = try JSONEncoder().encode(upstream)
        #expect(try JSONDecoder().decode(Upstream.self, from: data) == upstream)
        let old = #"{"lineage":"series:a","lineageID":"l","fingerprint":"f","since":0"#
        for (text, signers) in [(#","signedBy":"A B"}"#, ["A", "B"]), ("}", nil)] {
            let found = try JSONDecoder().decode(Upstream.self, from: Data((old + text).utf8))
            #expect(found.signers == signers)
        }
    }
}
