// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@Suite struct SeriesLineageTests {
    @Test(arguments: ["noble", "", "series:noble"])
    func `The name of a series is read as it was written`(name: String) {
        #expect(SeriesLineage.name(of: SeriesLineage.words(name)) == name)
    }

    @Test func `Other lineages are their own names`() {
        #expect(SeriesLineage.name(of: "image:4f2c") == "image:4f2c")
    }
}
