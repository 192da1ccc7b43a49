// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The required result of a run for each pair of states: the table of docs/journal.md.
///
/// "Next id" is a new copy under the next id of the derived sequence; "discarded" means that the
/// record that was found is deleted.
enum Rule {
    static func of(_ ours: Ours, _ found: Found) -> String {
        let row = row(found)
        switch ours {
        case .unknown: return row.unknown
        case .registered: return row.registered ?? row.unknown
        case .sending: return row.sending
        case .failed: return row.failed ?? row.sending
        case .importing: return row.importing
        case .verifying: return row.verifying
        case .publishing: return row.publishing
        case .done: return row.done
        case .unpublished: return row.unpublished ?? row.done
        }
    }

    private struct Row {
        var unknown: String
        /// Nil for the same as `unknown`.
        var registered: String?
        var sending: String
        /// Nil for the same as `sending`.
        var failed: String?
        var importing: String
        var verifying: String
        var publishing: String
        var done: String
        /// Nil for the same as `done`.
        var unpublished: String?
    }

    private static let lost = "discarded; `unexpected-state`"
    private static let wrong = "discarded; `verification-mismatch`"
    private static let conflict = "`conflict` in the plan"

    private static func row(_ found: Found) -> Row {
        switch found {
        case .absent:
            Row(
                unknown: "made and sent", sending: "made and sent", importing: "made and sent",
                verifying: "next id", publishing: "next id", done: "next id")
        case .deleted:
            Row(
                unknown: "next id", sending: "next id", importing: "next id",
                verifying: "next id", publishing: "next id", done: "next id")
        case .queued:
            Row(
                unknown: "sent into it", sending: "sent into it",
                importing: "a minute; discarded; next id", verifying: lost,
                publishing: "`unpublished`", done: "next id")
        case .spoiled:
            Row(
                unknown: "discarded; next id", sending: "discarded; next id",
                importing: "a minute; discarded; next id", verifying: lost,
                publishing: "`unpublished`", done: "next id")
        case .saving:
            // No import of ours has this state, so another host made it.
            Row(
                unknown: "an hour; discarded; next id", sending: "75 looks; discarded; next id",
                importing: "an hour; discarded; next id", verifying: lost,
                publishing: "`unpublished`", done: "next id")
        case .uploading:
            Row(
                unknown: "an hour; discarded; next id", sending: "75 looks; discarded; next id",
                importing: "10 minutes; discarded; next id", verifying: lost,
                publishing: "`unpublished`", done: "next id")
        case .importing:
            Row(
                unknown: "10 minutes; `import-timed-out`",
                sending: "10 minutes; discarded; `import-timed-out`",
                importing: "10 minutes; discarded; next id", verifying: lost,
                publishing: "`unpublished`", done: "next id")
        case .right, .unhashed:
            Row(
                unknown: "adopted; compared, published", sending: "compared, published",
                importing: "compared, published", verifying: "compared, published",
                publishing: "published", done: "nothing to do", unpublished: "published")
        case .wrong:
            Row(
                unknown: conflict, sending: wrong, importing: wrong, verifying: wrong,
                publishing: conflict, done: conflict)
        case .deactivated:
            // A member cannot read the data back, so only a begun transfer is compared. The
            // checksum proves the copy of another journal.
            Row(
                unknown: "nothing to do", registered: "adopted; compared, published",
                sending: "compared, published", importing: "compared, published",
                verifying: "compared, published", publishing: "published",
                done: "nothing to do", unpublished: "published")
        case .killed:
            Row(
                unknown: "discarded; next id", sending: "discarded; next id", importing: lost,
                verifying: lost, publishing: "`unpublished`", done: "next id")
        case .deletedStatus, .pendingDelete:
            // The same as for a deleted image.
            Row(
                unknown: "next id", sending: "next id", importing: "next id",
                verifying: "next id", publishing: "next id", done: "next id")
        }
    }
}
