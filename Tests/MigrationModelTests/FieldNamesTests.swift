// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import Testing

@Suite struct FieldNamesTests {
    @Test func `A name with a comma survives the journal`() throws {
        let reason = PlanReason.editedByHand(field: FieldNames(["name", "properties.a, b"]))
        let data = try JSONEncoder().encode(reason)
        #expect(try JSONDecoder().decode(PlanReason.self, from: data) == reason)
        #expect(reason.words == "someone has changed its name, properties.a, b")
    }
}
