// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@Suite struct ChangeTests {
    /// Returns the change of a copy that the plan saw before this run published it.
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

    @Test(arguments: Change.Action.allCases.filter { $0 != .delete })
    func `What this run published of the record does not count as an edit by hand`(
        action: Change.Action
    ) {
        let planned = change(action) { ($0.isProtected, $0.visibility) = (true, .public) }
        var found = planned.image
        (found.isProtected, found.visibility) = (true, .public)
        #expect(planned.difference(of: found) == nil)
        // The record asks for neither of the two.
        let plain = change(action) { _ in }
        found.visibility = plain.image.visibility
        #expect(plain.difference(of: found) == .protectedByHand)
        (found.isProtected, found.visibility) = (false, .public)
        #expect(plain.difference(of: found) == .editedByHand(field: "visibility"))
    }

    private typealias Edit = @Sendable (inout TargetImage) -> Void

    /// Changes that someone may make to an image between the plan and its deletion, and the field
    /// that the reason names; nil for ``PlanReason/protectedByHand``.
    private static let edits: [(field: String?, edit: Edit)] = [
        ("name", { $0.name = "b" }), ("name", { $0.name = nil }),
        ("visibility", { $0.visibility = .public }), (nil, { $0.isProtected = true }),
        ("hidden", { $0.isHidden.toggle() }), ("deactivated", { $0.status = .deactivated }),
        ("min_disk", { $0.details?.minDiskGiB = 20 }), ("min_ram", { $0.details?.minRAMMiB = 1 }),
        ("tags", { $0.details?.tags.append("keep") }), ("tags", { $0.details?.tags = [] }),
        ("properties.os_distro", { $0.details?.properties["os_distro"] = "debian" }),
        ("properties.os_distro", { $0.details?.properties["os_distro"] = nil }),
        ("properties.in_use_by", { $0.details?.properties["in_use_by"] = "billing" }),
    ]

    /// Returns the deletion of an expired version that was hidden when it was planned, as an
    /// earlier run left it. The record has all values that someone may have set, but that excuses
    /// no edit: this run does not publish such a version.
    private func deletion() -> Change {
        var planned = change(.delete) {
            ($0.name, $0.isProtected, $0.visibility) = ("b", true, .public)
        }
        planned.image.isHidden = true
        planned.image.details = TargetImage.Details(
            minDiskGiB: 10, minRAMMiB: 0, tags: ["b", "a"], properties: ["os_distro": "ubuntu"])
        return planned
    }

    @Test(arguments: edits.indices)
    func `An image that someone has edited since the plan is not deleted`(index: Int) {
        let planned = deletion()
        var found = planned.image
        Self.edits[index].edit(&found)
        let field = Self.edits[index].field
        #expect(
            planned.difference(of: found)
                == field.map { .editedByHand(field: FieldNames([$0])) } ?? .protectedByHand)
    }

    @Test func `What a service changes by itself does not keep an image from its deletion`() {
        let planned = deletion()
        var found = planned.image
        found.details?.tags = ["a", "b"]
        found.details?.properties["os_glance_failed_import"] = ""
        found.stores = ["fast"]
        #expect(planned.difference(of: found) == nil)
        // Images of archives have no details.
        var archived = planned
        archived.image.details = nil
        #expect(archived.difference(of: found) == nil)
    }
}
