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

    @Test(arguments: ["hidden", "min_ram, properties.os_command_line"])
    func `What an older version wrote as one text is read`(text: String) throws {
        let data = Data(#"{"editedByHand":{"field":"\#(text)"}}"#.utf8)
        let names = text.split(separator: ", ").map(String.init)
        #expect(
            try JSONDecoder().decode(PlanReason.self, from: data)
                == .editedByHand(field: FieldNames(names)))
    }
}
