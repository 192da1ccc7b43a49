// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel

/// The archive's state of the id that the image has or will have.
enum Archived: String, CaseIterable, Sendable {
    case absent = "not there"
    case prepared = "a record without data"
    case complete = "complete, not published"
    case other = "complete, not published, other data"
    case unpublishedShort = "not published, data short"
    case published = "published"
    case publishedOther = "published, other data and its digest"
    case missing = "published, data missing"
    case short = "published, data short"
    case damaged = "published, record damaged"

    var isPublished: Bool {
        switch self {
        case .published, .publishedOther, .missing, .short, .damaged: true
        default: false
        }
    }

    var hasOtherData: Bool { self == .other || self == .publishedOther }
}

/// The required result of a run for each pair of states: the second table of docs/journal.md.
enum ArchiveRule {
    /// The states without imports, which an archive does not have.
    static let ours = Ours.allCases.filter { $0 != .importing }

    static func of(_ ours: Ours, _ found: Archived) -> String {
        switch found {
        case .absent: "sent"
        case .prepared:
            broken(ours, compared: "removed; `unexpected-state`")
        case .unpublishedShort: broken(ours, compared: "removed; `verification-mismatch`")
        case .missing, .short: broken(ours, compared: "`verification-mismatch`")
        case .complete: whole(ours, done: "published", unknown: "adopted; compared, published")
        case .published: whole(ours, done: "nothing to do", unknown: "nothing to do")
        case .other: wrong(ours, compared: "removed; `verification-mismatch`")
        case .publishedOther: wrong(ours, compared: "`verification-mismatch`")
        case .damaged:
            switch ours {
            case .unknown: "`conflict` in the plan"
            case .verifying: "`invalid-answer`"
            case .publishing: "`unpublished`"
            default: "sent"
            }
        }
    }

    /// Returns the result for broken data. The run that compares the data does not also send it
    /// again.
    private static func broken(_ ours: Ours, compared: String) -> String {
        switch ours {
        case .verifying: compared
        case .publishing: "`unpublished`"
        default: "sent"
        }
    }

    private static func whole(_ ours: Ours, done: String, unknown: String) -> String {
        switch ours {
        case .unknown: unknown
        case .registered: "adopted; compared, published"
        case .publishing, .unpublished: "published"
        case .done: done
        case .sending, .importing, .verifying, .failed: "compared, published"
        }
    }

    private static func wrong(_ ours: Ours, compared: String) -> String {
        switch ours {
        case .sending, .verifying, .failed: compared
        default: "`conflict` in the plan"
        }
    }
}
