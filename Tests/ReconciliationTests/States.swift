// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// The state of an image in the journal when a run begins.
enum Ours: String, CaseIterable, Sendable {
    /// `planned`, `reading`, `read`, or no row at all: the journal names no record.
    case unknown = "nothing yet"
    case registered, sending, importing, verifying, publishing, done, unpublished, failed

    /// Takes a planned transfer to this state, as in a run that is killed at that moment.
    func reach(
        _ transfer: inout Transfer, imageID: String, checksum: Checksum?, now: Int64
    ) throws {
        let path: [TransferState] =
            switch self {
            case .unknown: []
            case .registered: [.registered]
            case .sending: [.registered, .sending]
            case .importing: [.registered, .sending, .importing]
            case .verifying: [.registered, .sending, .verifying]
            case .publishing: [.registered, .sending, .verifying, .publishing]
            case .done: [.registered, .sending, .verifying, .publishing, .done]
            case .unpublished: [.registered, .sending, .verifying, .publishing, .unpublished]
            case .failed: [.registered, .sending, .failed]
            }
        guard !path.isEmpty else { return }
        transfer.placement.imageID = imageID
        for state in path {
            transfer.move(to: state)
            if state == .sending { transfer.placement.claimContents() }
            if state == .verifying { transfer.proof.computed = [checksum].compactMap { $0 } }
            if state == .publishing { transfer.proof.reported = transfer.proof.computed }
        }
        if self == .importing {
            transfer.wait.importSince = now
            transfer.wait.importRequestedAt = now
        }
        if self == .failed { transfer.tries.failure = .init(TranshipError(.timedOut, "too slow")) }
        if self == .unpublished {
            transfer.tries.failure = .init(TranshipError(.unpublished, "not allowed"))
        }
    }

    /// The pipeline's method.
    var method: String { self == .importing ? "glance-direct" : "upload" }
}

/// The state at the target of the id that the image has or will have.
enum Found: String, CaseIterable, Sendable {
    case absent = "not there, never was"
    case deleted = "not there, was deleted"
    case queued = "`queued`, empty"
    case spoiled = "`queued`, with a checksum"
    case saving = "`saving`"
    case uploading = "`uploading`"
    case importing = "`importing`"
    case right = "`active`, right hash"
    case wrong = "`active`, wrong hash"
    case unhashed = "`active`, no hash"
    case deactivated = "`deactivated`"
    case killed = "`killed`"
    case deletedStatus = "`deleted`"
    case pendingDelete = "`pending_delete`"

    /// The status in the record; nil if there is no visible record.
    var status: String? {
        switch self {
        case .absent, .deleted: nil
        case .queued, .spoiled: "queued"
        case .saving: "saving"
        case .uploading: "uploading"
        case .importing: "importing"
        case .right, .wrong, .unhashed: "active"
        case .deactivated: "deactivated"
        case .killed: "killed"
        case .deletedStatus: "deleted"
        case .pendingDelete: "pending_delete"
        }
    }
}
