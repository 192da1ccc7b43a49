// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@Suite struct OriginTests {
    @Test func `A marker is read as it was written`() {
        let origin = Origin(lineageID: "l", versionID: "v")
        #expect(Origin(propertyValue: origin.propertyValue) == origin)
    }

    @Test(arguments: ["", "/", "l", "l/", "/v", "l/v/w", "l//v"])
    func `Text of another form does not count as a marker`(text: String) {
        #expect(Origin(propertyValue: text) == nil)
    }
}
