// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@Suite struct ChangeTests {
    /// A copy that the plan saw before this run published it.
    private func change(
        _ action: Change.Action = .promote, record edit: (inout PlannedRecord) -> Void
    ) -> Change {
        let image = Sample.target("image-1", name: "a (…)", marker: "l/v")
        var record = Sample.transfer("s1", state: .done).record
        edit(&record)
        return Change(
            action, image, origin: Origin(lineageID: "l", versionID: "v"), currentVersionID: "v",
            record: record, newName: "a", reason: .becomesCurrent)
    }

    @Test(arguments: Change.Action.allCases)
    func `What this run published of the record is no edit by hand`(action: Change.Action) {
        let planned = change(action) { ($0.isProtected, $0.visibility) = (true, .public) }
        var found = planned.image
        (found.isProtected, found.visibility) = (true, .public)
        #expect(planned.difference(of: found) == nil)
        // The record asks for neither.
        let plain = change(action) { _ in }
        found.visibility = plain.image.visibility
        #expect(plain.difference(of: found) == .protectedByHand)
        (found.isProtected, found.visibility) = (false, .public)
        #expect(plain.difference(of: found) == .editedByHand(field: "visibility"))
    }
}
