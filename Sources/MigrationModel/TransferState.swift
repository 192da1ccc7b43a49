// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The progress of a transfer, as the journal remembers it.
///
/// A state is committed *before* the work that it announces. So after a crash, the journal has the
/// state of the step that may be half done, and the next run looks at the target before it acts.
public enum TransferState: String, Codable, CaseIterable, Sendable {
    /// Nothing was done yet. Set by planning; cleared when the source is
    /// opened. A crash leaves nothing behind.
    case planned

    /// The source is being opened. Set by the transfer step; cleared when the
    /// source has answered with its size. A crash leaves nothing behind.
    case reading

    /// All image data is in the spool and proved. Set by the spool; cleared when the upload starts.
    /// A crash leaves the spooled file.
    case read

    /// The id of the target's record is chosen and the record may exist. Set
    /// *before* the record is created; cleared when the body starts. A crash
    /// leaves no record, or an empty one in `queued`.
    case registered

    /// The body is being sent. Set before its first byte; cleared by the
    /// service's answer. A crash leaves the record in `queued` (the service
    /// puts it back when the connection ends), for a moment in `saving` or
    /// `uploading`, or in `active` if only the answer was lost.
    case sending

    /// The service works on the image: an import is requested, or a copy of a proved image into
    /// further stores. Set before the call; cleared when the image is active and the import's task
    /// has ended, or the task failed. A crash leaves the import running in the service.
    case importing

    /// The target has all data, and stage *verify* compares its report. Set by the service's answer
    /// to the body or by the end of the import; cleared by the comparison. A crash leaves a private
    /// image that others cannot see.
    case verifying

    /// The data is proved; visibility, members, hidden and protected are being
    /// applied. Set by the comparison; cleared when all are applied. A crash
    /// leaves some of them applied; applying them again changes nothing.
    case publishing

    /// The copy is at the target, proved and published. Final.
    case done

    /// Nothing had to be done, or another process did it, or the target turned out to have a
    /// version with this data. Final.
    case skipped

    /// The data is proved, but the target refused a last step (visibility,
    /// member, protected). The image stays private. The next run tries again.
    case unpublished

    /// The transfer ended with an error, and keeps its code, message and hint. An unproved copy of
    /// ours was discarded at the target, unless the target refused that. The next run starts again.
    case failed

    /// True if a run has nothing left to do with the transfer.
    public var isFinal: Bool {
        switch self {
        case .done, .skipped, .unpublished, .failed: true
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying, .publishing:
            false
        }
    }

    /// True while data moves or is about to move. `limits.images` counts these transfers.
    public var movesData: Bool {
        switch self {
        case .planned, .reading, .read, .registered, .sending: true
        case .importing, .verifying, .publishing, .done, .skipped, .unpublished, .failed: false
        }
    }

    /// True while no record at the target has been chosen.
    public var isBeforeRecord: Bool {
        switch self {
        case .planned, .reading, .read: true
        case .registered, .sending, .importing, .verifying, .publishing, .done, .skipped,
            .unpublished, .failed:
            false
        }
    }

    /// The states that may follow within a run. A transfer that goes back to `planned` starts over,
    /// usually under the next generation. One that goes back to `registered` sends again into the
    /// same record. Only planning continues from a final state, by the functions of ``Transfer``.
    public var successors: Set<TransferState> {
        switch self {
        case .planned: [.reading, .registered, .skipped, .failed]
        case .reading: [.planned, .read, .registered, .skipped, .failed]
        case .read: [.planned, .registered, .failed]
        case .registered: [.planned, .sending, .importing, .verifying, .skipped, .failed]
        case .sending: [.planned, .registered, .importing, .verifying, .failed]
        case .importing:
            [.planned, .registered, .verifying, .publishing, .unpublished, .failed]
        case .verifying: [.planned, .importing, .publishing, .failed]
        case .publishing: [.planned, .done, .unpublished, .failed]
        case .done, .skipped, .unpublished, .failed: []
        }
    }
}
