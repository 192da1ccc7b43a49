// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import tranship

/// The lines at the end of a run about a copy that is done and that others do not see.
@Suite struct WaitingVersionTests {
    private func change(_ action: Change.Action, _ reason: PlanReason) -> Change {
        let origin = Origin(lineageID: "lineage", versionID: "v2")
        return Change(
            action, Sample.target("image-2", name: "a"), origin: origin,
            currentVersionID: "v2", record: Sample.item("s").record, newName: "a", state: .left,
            reason: reason)
    }

    @Test func `If an operator chose another version, no new one waits`() {
        let chosen = change(.restore, .editedByHand(field: "os_hidden"))
        #expect(chosen.isWaiting && chosen.stepForOperator == nil)
        #expect(
            chosen.waitingLine
                == "the source's version is not the one that others see: a (image-2) at beta: "
                + "not restored: someone has set or removed `os_hidden`")
        let unnamed = change(.promote, .editedByHand(field: "visibility"))
        #expect(unnamed.isWaiting && unnamed.stepForOperator != nil)
        #expect(
            unnamed.waitingLine
                == "a new version waits: a (image-2) at beta: not named as current: someone has "
                + "changed its visibility")
    }
}
