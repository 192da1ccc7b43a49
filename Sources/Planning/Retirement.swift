// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// The rules for versions of a series that are no longer current. Pure.
///
/// A version counts as replaced when the next one became current, and it expires some time after
/// that. A version that came back, by a rollback or at its source, counts from then. Two kinds of
/// versions were never current: one that no run finished before its source dropped it, and one that
/// another image kept from the name of the series. They take no place among the versions to keep,
/// and count from the last time that a run worked on them. A record that someone edited, or that is
/// not ours by the journal, is left alone.
struct Retirement {
    /// The number of earlier versions that stay as `previous` says; nil keeps all.
    let keep: Int?
    let previous: PreviousVersions
    let expired: ExpiredVersions?
    /// The project of the target's copies; nil without Keystone.
    let projectID: String?
    let nowUnixSeconds: Int64
    var clock = RunClock()
    var sources = Sources()
    /// The version to which an operator rolls back, in the word for people; nil in a run.
    var rollbackTo: String?

    /// The plan's knowledge of the sources that may have versions of the series.
    struct Sources {
        /// True if several sources may have versions, each at its own place.
        var areSeveral = false
        /// True if every source was planned: none is refused or in conflict, and each has an image.
        var areWhole = true
    }

    /// - Parameter rules: the rules of a target. If they say nothing about earlier versions, those
    ///   stay as they are.
    init(_ rules: TargetRules, projectID: String?, nowUnixSeconds: Int64) {
        keep = rules.keep
        previous = rules.previous ?? .leave
        expired = rules.expired
        self.projectID = projectID
        self.nowUnixSeconds = nowUnixSeconds
    }

    /// Returns the changes to the versions of a series.
    ///
    /// - Parameters:
    ///   - items: the versions that the source has now, decided; several only if the series has
    ///     several sources.
    ///   - copies: the images of their lineage at the target.
    /// - Returns: the versions that have a change or a reason to be left alone, the oldest first.
    func changes(besides items: [PlanItem], _ copies: [SeriesCopy]) -> [Change] {
        guard !items.isEmpty else { return [] }
        let standings = standings(besides: items, copies)
        var changes = standings.filter { !$0.isCurrent && !$0.isOfOtherSource }.compactMap {
            change($0, items)
        }
        var lacksName = false
        for item in items {
            let copy = standings.first { $0.copy.versionID == item.origin.versionID }?.copy
            if let change = showing(copy, item) {
                // If someone hid the current version, not every run reports it.
                if change.state == .left, change.action == .restore, rollbackTo == nil,
                    copy?.changes.first?.shows != false, !hidesShown(changes, copies)
                {
                    // Another version may be the only one that has the name.
                    if copy?.isNamedAsEarlier == true { lacksName = true }
                    continue
                }
                let holder = nameHolder(against: change, standings, changes)
                changes.append(unless(holder, change))
            }
        }
        // If no version can be shown, the others stay: otherwise none would be visible.
        let unshown = changes.filter { $0.action.shows && $0.state == .left }
        guard lacksName || !unshown.isEmpty else { return changes }
        // The image with the name is visible. Of the versions that wait for it, the newest stays.
        let isNameKept = !lacksName && unshown.allSatisfy(\.waitsForName)
        let inVain = isNameKept ? SeriesCopy.waitingInVain(among: copies) : []
        return changes.map { change in
            guard !change.action.shows, change.state == .planned else { return change }
            let isInVain = change.action == .delete && inVain.contains(change.image.id)
            return isInVain ? change : change.ended(.left, .currentNotShown)
        }
    }

    /// True if a change hides or deletes a version that others see.
    private func hidesShown(_ changes: [Change], _ copies: [SeriesCopy]) -> Bool {
        changes.contains { change in
            change.state == .planned && !change.action.shows
                && copies.contains { $0.image.id == change.image.id && $0.isShown }
        }
    }

    /// Returns the change to an earlier version.
    ///
    /// - Parameter items: the versions that the source has now, at least one.
    private func change(_ standing: Standing, _ items: [PlanItem]) -> Change? {
        let copy = standing.copy
        // The item of the source that the copy belongs to; if there is none, the first item.
        let own = place(copy, items)
        let index = items.firstIndex { $0.source.place == own } ?? 0
        let item = items[index]
        var action = action(standing)
        var reason = reason(standing, item)
        // If nothing is new, each version is one step closer to the current one.
        var isDueAnyway = standing.isNeverCurrent || standing.rank >= 1
        // A rollback deletes nothing: the next run does. A version gives the name of the series
        // back before it is deleted, because the service may refuse the deletion.
        let hasName = previous == .rename && copy.image.name == copy.transfer?.record.shownName
        if rollbackTo == nil, !hasName, let expired, hasExpired(standing, expired) {
            action = expired.action.change
            isDueAnyway = standing.isNeverCurrent || standing.rank > keep ?? 0
            reason =
                standing.isNeverCurrent
                ? .neverCurrent(afterSeconds: expired.afterSeconds)
                : .expired(afterSeconds: expired.afterSeconds, keep: keep ?? 0)
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
            newName: action == .rename ? copy.earlierName(transfer) : nil, reason: reason)
        var others = items
        others.remove(at: index)
        change.otherCurrentVersionIDs = others.isEmpty ? nil : others.map(\.origin.versionID)
        // A place that the pipeline no longer has gets no further version.
        if rollbackTo == nil, isDueAnyway || own == nil { change.isDueAnyway = true }
        if standing.isDouble { change.isDouble = true }
        if change.isCarriedOut(on: copy.image) { return nil }
        return unless(objection(copy, transfer), change)
    }

    private func reason(_ standing: Standing, _ item: PlanItem) -> PlanReason {
        if let rollbackTo { return .rollback(toVersion: rollbackTo) }
        if standing.isNeverCurrent { return .neverCurrent() }
        return standing.isNewer
            ? .replacedByEarlier(version: item.origin.versionID)
            : .replaced(byVersion: item.origin.versionID)
    }

    private func action(_ standing: Standing) -> Change.Action? {
        // Without a rule, the version that is rolled back would stay visible beside the other.
        if rollbackTo != nil, previous == .leave { return standing.isNewer ? .hide : nil }
        return previous.action
    }

    // MARK: Showing the current version

    /// Returns the change that makes a current version visible; nil if it is visible.
    private func showing(_ copy: SeriesCopy?, _ item: PlanItem) -> Change? {
        guard let copy else { return item.action == .create ? promotion(of: item) : nil }
        guard let transfer = copy.transfer else { return nil }
        var change = Change(
            .restore, copy.image, origin: transfer.origin,
            currentVersionID: transfer.origin.versionID, record: transfer.record,
            reason: rollbackTo.map { .rollback(toVersion: $0) } ?? .currentAgain)
        guard !change.isCarriedOut(on: copy.image) else { return nil }
        // The changes since the version was last shown.
        let ours = Set(copy.changes.prefix { !$0.shows })
        let byHand = Self.fieldsByHand(of: copy, transfer, besides: ours)
        if !byHand.isEmpty {
            // Someone else hid, deactivated or renamed the version. An operator who rolls back to
            // it has to show it first.
            return change.ended(.left, .editedByHand(field: FieldNames(byHand)))
        }
        if ours.isEmpty {
            guard copy.isNamedAsEarlier else { return nil }
            change = Change(
                .promote, copy.image, origin: transfer.origin,
                currentVersionID: transfer.origin.versionID, record: transfer.record,
                newName: transfer.record.shownName, reason: .becomesCurrent)
        }
        return unless(objection(copy, transfer), change)
    }

    /// Returns the fields that someone else changed so that others do not see an image, or do not
    /// find it by its name.
    private static func fieldsByHand(
        of copy: SeriesCopy, _ transfer: Transfer, besides ours: Set<Change.Action>
    ) -> [String] {
        let (image, record) = (copy.image, transfer.record)
        var fields: [String] = []
        if ![record.shownName, copy.earlierName(transfer)].contains(image.name) {
            fields.append("name")
        }
        if image.isHidden, !record.isHidden, !ours.contains(.hide) { fields.append("os_hidden") }
        if image.status == .deactivated, !record.isDeactivated, !ours.contains(.deactivate) {
            fields.append("status")
        }
        return fields
    }

    /// Returns the change that gives the series' name to a copy that this run makes under the name
    /// of an earlier version.
    private func promotion(of item: PlanItem) -> Change? {
        let intent = item.start?.intent ?? item.intent
        guard let name = intent.record.currentName else { return nil }
        let image = TargetImage(
            targetKey: item.targetKey, id: item.start?.imageID ?? item.firstImageID,
            name: intent.record.name, status: .queued, sizeBytes: item.source.sizeBytes,
            checksums: [], visibility: intent.record.visibility,
            isHidden: intent.record.isHidden, isProtected: intent.record.isProtected,
            ownerID: intent.record.ownerID ?? projectID, originValue: item.marker)
        return Change(
            .promote, image, origin: item.origin, currentVersionID: item.origin.versionID,
            record: intent.record, newName: name, reason: .becomesCurrent)
    }

    /// Returns the image that keeps the name of the series, so that a second visible image would
    /// have the same name; nil if there is none.
    private func nameHolder(
        against change: Change, _ standings: [Standing], _ changes: [Change]
    ) -> PlanReason? {
        let name = change.action == .promote ? change.newName : change.record.shownName
        guard change.image.name != name else { return nil }
        let holder = standings.first { standing in
            let image = standing.copy.image
            return !standing.isCurrent && !standing.isOfOtherSource
                && image.name == name && !image.isHidden
                && !changes.contains { $0.image.id == image.id && $0.state == .planned }
        }
        guard let id = holder?.copy.image.id else { return nil }
        if holder?.copy.transfer == nil { return .nameHeldByUnknown(imageID: id) }
        return .nameHeld(
            imageID: id, edited: changes.first { $0.image.id == id }?.reason.editedFields)
    }

    private func unless(_ objection: PlanReason?, _ change: Change) -> Change {
        guard change.state == .planned, let objection else { return change }
        return change.ended(.left, objection)
    }

    /// Returns the reason to leave a copy alone; nil if it may be changed.
    func objection(_ copy: SeriesCopy, _ transfer: Transfer) -> PlanReason? {
        let ownership = Ownership(
            of: copy.image, source: transfer.source, record: transfer.record,
            origin: transfer.origin, transfer: transfer, projectID: projectID,
            project: .only(transfer.record.ownerID ?? projectID))
        guard ownership.mayBeRetired else { return .notOurs }
        var edited: [String] = []
        if copy.image.isProtected, !transfer.record.isProtected { edited.append("protection") }
        let names = [transfer.record.shownName, copy.earlierName(transfer)]
        if !names.contains(copy.image.name) { edited.append("name") }
        // Until it is done, a copy is private. Then this run publishes it.
        let isDone = [.done, .skipped].contains(transfer.state)
        let wanted = transfer.record.visibility
        if copy.image.visibility != wanted, isDone || copy.image.visibility != .private {
            edited.append("visibility")
        }
        if edited == ["protection"] { return .protectedByHand }
        return edited.isEmpty ? nil : .editedByHand(field: FieldNames(edited))
    }
}

// MARK: Rank and age

extension Retirement {
    /// A copy among the versions of its series at one target.
    struct Standing {
        var copy: SeriesCopy
        var isCurrent: Bool
        /// True for a version of a source that was not planned: it may be current.
        var isOfOtherSource = false
        /// True if it became current later than the version that is current now.
        var isNewer = false
        /// True if no run finished it or gave it the name, and its source no longer has it. It
        /// takes no place among the versions to keep.
        var isNeverCurrent = false
        /// The position among the earlier versions that were current; 0 is the newest. Several
        /// versions with the same data push a version out only once. But if a version's data is
        /// also in a newer version, all versions after it count: otherwise data that comes and goes
        /// would pile up.
        var rank = 0
        /// True if a newer version has the same data.
        var isDouble = false
        /// The time at which the next version became current, before this run and not after now;
        /// nil if there is none. For a version that never became current, the time at which a run
        /// last worked on it.
        var replacedAt: Int64?
    }

    /// Returns all whole copies with their positions, the oldest first.
    func standings(besides items: [PlanItem], _ copies: [SeriesCopy]) -> [Standing] {
        let current = Set(items.map(\.origin.versionID))
        let whole = copies.filter(\.image.isWhole).sorted(by: SeriesCopy.isEarlier)
        // A copy that the journal does not know may be someone else's: it pushes no version out.
        let isOther = whole.map { isOfOtherSource($0, items) }
        let earlier = zip(whole, isOther).filter { copy, isOther in
            !current.contains(copy.versionID ?? "") && copy.transfer != nil && !isOther
        }.map(\.0)
        let times = times(whole)
        var standings: [Standing] = []
        for (copy, isOther) in zip(whole, isOther) {
            guard earlier.contains(where: { $0.image.id == copy.image.id }) else {
                standings.append(
                    Standing(
                        copy: copy, isCurrent: current.contains(copy.versionID ?? ""),
                        isOfOtherSource: isOther))
                continue
            }
            let own = place(copy, items)
            // Each of several sources has its own versions.
            let newer = earlier.drop { $0.image.id != copy.image.id }.dropFirst()
                .filter(\.becameCurrent)
            let now = whole.last {
                current.contains($0.versionID ?? "") && place($0, items) == own
            }
            let after = newer.filter { place($0, items) == own }
            let isDouble = copy.isDouble(of: after + [now].compactMap(\.self))
            let next = next(after: copy, in: earlier, whole, items)
            // The pipeline no longer has the copy's place, so no version came after it.
            let replacedAt =
                own == nil
                ? copy.retiredAt.map { clock.time($0, ofRun: copy.retiredRun) / 1000 }
                : next.flatMap { times[$0.image.id] }
            let since = copy.becameCurrent ? replacedAt : currentSince(copy)
            standings.append(
                Standing(
                    copy: copy, isCurrent: false,
                    isNewer: now.map { SeriesCopy.isEarlier($0, copy) } ?? false,
                    isNeverCurrent: !copy.becameCurrent,
                    rank: isDouble
                        ? after.count : SeriesCopy.countOfData(after, besides: now),
                    isDouble: isDouble,
                    replacedAt: since.map { min($0, nowUnixSeconds) }))
        }
        return standings
    }

    /// Returns the time at which each version became current, corrected for wrong clocks: no time
    /// is before those of earlier versions.
    private func times(_ copies: [SeriesCopy]) -> [String: Int64] {
        var times: [String: Int64] = [:]
        var latest: Int64?
        for copy in copies where copy.transfer != nil && copy.becameCurrent {
            if let time = currentSince(copy) { latest = max(latest ?? time, time) }
            times[copy.image.id] = latest
        }
        return times
    }

    /// Returns the time at which the copy last became the current version: by the journal, else the
    /// time at which its record was made. In seconds since 1970.
    private func currentSince(_ copy: SeriesCopy) -> Int64? {
        copy.currentSince.map { clock.time($0, ofRun: copy.currentSinceRun) / 1000 }
            ?? copy.image.createdAtUnixSeconds
    }

    /// Returns the version that replaced this one in an earlier run, by the journal; nil if it was
    /// current until this run, or if the journal has no time for that.
    private func next(
        after copy: SeriesCopy, in earlier: [SeriesCopy], _ whole: [SeriesCopy],
        _ items: [PlanItem]
    ) -> SeriesCopy? {
        let current = Set(items.map(\.origin.versionID))
        let own = place(copy, items)
        let others = earlier.filter { $0.becameCurrent && place($0, items) == own }
        let shown = whole.last { other in
            current.contains(other.versionID ?? "") && place(other, items) == own
                && [.done, .skipped, nil].contains(other.transfer?.state)
        }
        return (others + [shown].compactMap(\.self)).first { SeriesCopy.isEarlier(copy, $0) }
    }

    /// Returns the source's place that the copy belongs to; nil if no source with a current version
    /// has it. If the series has one source, every version belongs to it, even if the source moved.
    private func place(_ copy: SeriesCopy, _ items: [PlanItem]) -> String? {
        guard sources.areSeveral || items.count > 1 else { return items.first?.source.place }
        return items.first { item in
            copy.versionID == item.origin.versionID
                || copy.transfer?.source.isAt(item.source.place) == true
        }?.source.place
    }

    /// True for a copy of a place without a current version that another source may have. If all
    /// sources were planned, the pipeline no longer has that place. Otherwise a source that is
    /// refused or in conflict may have it.
    func isOfOtherSource(_ copy: SeriesCopy, _ items: [PlanItem]) -> Bool {
        !sources.areWhole && copy.transfer != nil && place(copy, items) == nil
    }

    private func hasExpired(_ standing: Standing, _ expired: ExpiredVersions) -> Bool {
        guard let keep, standing.isNeverCurrent || standing.rank >= keep else { return false }
        let ageSeconds = standing.replacedAt.map { nowUnixSeconds.clampedDifference($0) } ?? 0
        return expired.afterSeconds == 0 || ageSeconds >= expired.afterSeconds
    }

    /// Returns the versions that `prune` would delete, and why it keeps the others, oldest first.
    func review(besides items: [PlanItem], _ copies: [SeriesCopy]) -> [Change] {
        guard let item = items.first else { return [] }
        let planned = changes(besides: items, copies)
        let shown = Self.shown(items)
        return standings(besides: items, copies).map { standing in
            let copy = standing.copy
            if let change = planned.first(where: {
                $0.image.id == copy.image.id && $0.action == .delete
            }) {
                return pruned(change, items)
            }
            return Change(
                .delete, copy.image, origin: copy.transfer?.origin ?? copy.origin(item),
                currentVersionID: item.origin.versionID,
                record: copy.transfer?.record ?? item.record, state: .left,
                reason: copy.image.id == shown?.imageID
                    ? .isCurrent : reasonToKeep(standing, planned))
        }
    }

    /// Returns a deletion by `prune`, or the reason against it. A run copies a new version of the
    /// source first; `prune` copies nothing.
    private func pruned(_ given: Change, _ items: [PlanItem]) -> Change {
        guard given.state == .planned, let new = items.first(where: { $0.action != .skip }) else {
            return given
        }
        guard let shown = Self.shown(items) else {
            return unless(.currentNotDone(state: nil), given)
        }
        guard given.isDueAnyway == true else {
            // Its promise shows that the data is new.
            return unless(
                new.source.promise == nil ? .newDataUnread : .currentNotDone(state: nil), given)
        }
        // It is due because of the version that others see, no matter what the source has now.
        return Change(
            given.action, given.image,
            origin: Origin(lineageID: given.lineageID, versionID: given.versionID),
            currentVersionID: shown.versionID,
            record: given.record, reason: given.reason)
    }

    /// Returns the version that others see while the source offers another one, whose data may be
    /// the same; nil if the source offers no other one, or if it has several places.
    private static func shown(_ items: [PlanItem]) -> CurrentVersion? {
        guard items.count == 1, let item = items.first, item.action != .skip else { return nil }
        return item.intent.known?.first
    }

    private func reasonToKeep(_ standing: Standing, _ planned: [Change]) -> PlanReason {
        let id = standing.copy.image.id
        let waiting = planned.filter(\.waitsForName)
        // The version that users get by the name counts as current, as in `series list`.
        if waiting.contains(where: { $0.reason.holderID == id }) { return .isCurrent }
        if let own = waiting.first(where: { $0.image.id == id }) { return own.reason }
        if standing.isCurrent { return .isCurrent }
        if standing.isOfOtherSource { return .currentNotDone(state: nil) }
        guard let transfer = standing.copy.transfer else { return .journalDoesNotKnow }
        guard let keep, let expired, expired.action == .delete else { return .neverDeleted }
        if !standing.isNeverCurrent, standing.rank < keep { return .amongKept(keep) }
        if hasExpired(standing, expired) {
            return objection(standing.copy, transfer) ?? .currentNotShown
        }
        return standing.isNeverCurrent
            ? .neverCurrent(afterSeconds: expired.afterSeconds, leftAt: standing.replacedAt)
            : .notExpired(afterSeconds: expired.afterSeconds, replacedAt: standing.replacedAt)
    }
}

extension PlanReason {
    /// The id of the image that keeps the name of a series.
    fileprivate var holderID: String? {
        switch self {
        case .nameHeld(let id, _), .nameHeldByUnknown(let id): id
        default: nil
        }
    }
}

extension PreviousVersions {
    /// The change to earlier versions; nil if they stay as they are.
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
