// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// What becomes of the versions of a series that are not current any more. Pure.
///
/// A version counts as replaced when the next one was done; how long ago that is
/// decides whether it has expired. A record that someone edited, or that the
/// journal cannot tell to be ours, is left alone.
struct Retirement {
    /// Earlier versions that stay as `previous` says; nil keeps all.
    let keep: Int?
    let previous: PreviousVersions
    let expired: ExpiredVersions?
    /// The project that the target's copies lie in; nil without Keystone.
    let projectID: String?
    let nowUnixSeconds: Int64

    /// - Parameter rules: of a target.
    /// - Returns: nil if the target says nothing about earlier versions.
    init?(_ rules: CloudTarget, projectID: String?, nowUnixSeconds: Int64) {
        guard rules.keep != nil || rules.previous != nil || rules.expired != nil else {
            return nil
        }
        keep = rules.keep
        previous = rules.previous ?? .leave
        expired = rules.expired
        self.projectID = projectID
        self.nowUnixSeconds = nowUnixSeconds
    }

    /// - Parameters:
    ///   - item: the version that the source has now, decided.
    ///   - copies: the images of its lineage at the target.
    /// - Returns: what has a change or a reason to be left, the oldest first.
    func changes(besides item: PlanItem, _ copies: [SeriesCopy]) -> [Change] {
        let current = item.origin.versionID
        let whole = copies.filter(\.image.isWhole).sorted(by: SeriesCopy.isEarlier)
        let earlier = whole.filter { $0.versionID != current }
        var changes: [Change] = []
        for (index, copy) in earlier.enumerated() {
            let next = index + 1 < earlier.count ? earlier[index + 1] : nil
            let now = whole.first { $0.versionID == current }
            // Done before this run, by what the journal or the target's record says.
            // A version that came back was done before those that it replaces.
            let replacedAt = (next ?? now)?.doneAtUnixSeconds.flatMap {
                $0 >= copy.doneAtUnixSeconds ?? 0 ? $0 : nil
            }
            let isKept = keep.map { earlier.count - index <= $0 } ?? true
            if let change = change(copy, replacedAt: replacedAt, isKept: isKept, item) {
                changes.append(change)
            }
        }
        if let copy = whole.first(where: { $0.versionID == current }),
            let change = restoration(copy, item)
        {
            changes.append(change)
        }
        return changes
    }

    private func change(
        _ copy: SeriesCopy, replacedAt: Int64?, isKept: Bool, _ item: PlanItem
    ) -> Change? {
        var action = previous.action
        var reason = PlanReason.replaced(byVersion: item.origin.versionID)
        if !isKept, let expired {
            let ageSeconds = replacedAt.map { nowUnixSeconds.clampedDifference($0) } ?? 0
            if expired.afterSeconds == 0 || ageSeconds >= expired.afterSeconds {
                action = expired.action.change
                reason = .expired(afterSeconds: expired.afterSeconds, keep: keep ?? 0)
            }
        }
        guard let action else { return nil }
        guard let transfer = copy.transfer else {
            return Change(
                action, copy.image, origin: copy.origin(item), currentVersionID: "",
                record: item.record, state: .left, reason: .journalDoesNotKnow)
        }
        var change = Change(
            action, copy.image, origin: transfer.origin,
            currentVersionID: item.origin.versionID, record: transfer.record,
            newName: action == .rename ? newName(copy, transfer) : nil, reason: reason)
        if change.isCarriedOut(on: copy.image) { return nil }
        if let objection = objection(copy, transfer, change) {
            change = change.ended(.left, objection)
        }
        return change
    }

    /// The version is current again, and an earlier change of ours hid it.
    private func restoration(_ copy: SeriesCopy, _ item: PlanItem) -> Change? {
        guard let transfer = copy.transfer, !copy.changes.isEmpty else { return nil }
        let change = Change(
            .restore, copy.image, origin: transfer.origin,
            currentVersionID: transfer.origin.versionID, record: transfer.record,
            reason: .currentAgain)
        guard !change.isCarriedOut(on: copy.image) else { return nil }
        return objection(copy, transfer, change).map { change.ended(.left, $0) } ?? change
    }

    /// Why a copy is left alone; nil if it may be changed.
    private func objection(
        _ copy: SeriesCopy, _ transfer: Transfer, _ change: Change
    ) -> PlanReason? {
        let ownership = Ownership(
            of: copy.image, source: transfer.source, record: transfer.record,
            origin: transfer.origin, transfer: transfer, projectID: projectID,
            project: .only(transfer.record.ownerID ?? projectID))
        guard ownership.mayBeRetired else { return .notOurs }
        if copy.image.isProtected, !transfer.record.isProtected { return .protectedByHand }
        let names = [transfer.record.name, newName(copy, transfer)]
        if !names.contains(copy.image.name) { return .editedByHand(field: "name") }
        if copy.image.visibility != transfer.record.visibility, transfer.state != .unpublished {
            return .editedByHand(field: "visibility")
        }
        return nil
    }

    /// `Name (20261128)` by the day on which the copy was made; also with the start of
    /// its checksum, since two versions of a day may follow each other.
    private func newName(_ copy: SeriesCopy, _ transfer: Transfer) -> String {
        let day = copy.image.createdAtUnixSeconds.map {
            Date(timeIntervalSince1970: Double($0)).formatted(
                .iso8601.year().month().day().dateSeparator(.omitted))
        }
        let sum = copy.image.checksums.first.map { String($0.value.prefix(8)) }
        let words = [day, sum].compactMap { $0 }.joined(separator: " ")
        return "\(transfer.record.name ?? transfer.source.displayName) "
            + "(\(words.isEmpty ? String(copy.image.id.prefix(8)) : words))"
    }
}

extension SeriesCopy {
    /// When the copy was done: by the journal, else when its record was made.
    var doneAtUnixSeconds: Int64? { doneAt.map { $0 / 1000 } ?? image.createdAtUnixSeconds }

    static func isEarlier(_ one: SeriesCopy, _ other: SeriesCopy) -> Bool {
        one.order < other.order
    }

    /// To the millisecond: two versions of one second have an order as well. Rows of the journal
    /// follow each other.
    private var order: (Int64, Int64, String) {
        let seconds = image.createdAtUnixSeconds ?? 0
        return (doneAt ?? seconds.clampedProduct(1000), transfer?.id ?? 0, image.id)
    }

    var versionID: String? { image.originValue?.split(separator: "/").last.map(String.init) }

    func origin(_ item: PlanItem) -> Origin {
        Origin(lineageID: item.origin.lineageID, versionID: versionID ?? "")
    }
}

extension PreviousVersions {
    /// Nil where earlier versions stay as they are.
    var action: Change.Action? {
        switch self {
        case .hide: .hide
        case .rename: .rename
        case .deactivate: .deactivate
        case .leave: nil
        }
    }
}

extension ExpiredVersions.Action {
    var change: Change.Action? {
        switch self {
        case .delete: .delete
        case .hide: .hide
        case .deactivate: .deactivate
        case .leave: nil
        }
    }
}
