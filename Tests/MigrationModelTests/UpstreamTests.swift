// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import Testing

@Suite struct UpstreamTests {
    @Test func `Signers survive the journal`() throws {
        for signers in [["A", "B"], nil] {
            let upstream = Upstream(
                lineage: "series:a", lineageID: "l", version: "1", fingerprint: "f", since: 0,
                signers: signers)
            let data = try JSONEncoder().encode(upstream)
            #expect(try JSONDecoder().decode(Upstream.self, from: data) == upstream)
        }
    }
}
