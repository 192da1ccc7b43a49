// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

extension Planner {
    /// Lists the changes to earlier versions, for every target that has rules for them, or that has
    /// versions which an earlier run changed.
    func planChanges() async throws(TranshipError) {
        try await eachSeries { (retirement, items, copies) throws(TranshipError) in
            retirement.changes(besides: items, copies)
        } page: { (changes) throws(TranshipError) in
            try await plan.add(changes)
        }
    }

    /// Returns the versions that `prune` would delete at every target, and the reasons to keep the
    /// others.
    public func prunable() async throws(TranshipError) -> [Change] {
        try await compare()
        var found: [Change] = []
        try await eachSeries(alsoUnruled: true) {
            (retirement, items, copies) throws(TranshipError) in
            retirement.review(besides: items, copies)
        } page: { (changes) throws(TranshipError) in
            found += changes
        }
        return found
    }

    /// Adds a reason to the item if it is a new version and the target's rules do nothing about the
    /// version before: the target has no rules, or they do not reach that version.
    func besideEarlierVersion(
        _ given: PlanItem, _ comparison: PlanComparison, at target: PlanningTarget
    ) async throws(TranshipError) -> PlanItem {
        guard given.action == .create, given.reason == .notAtTarget,
            target.tellsOfEarlierVersions,
            let earlier = comparison.namesakes.first(where: { $0.isShownVersion(of: given) })
        else { return given }
        if target.hasSeriesRules, try await isKnown(earlier.id, given) { return given }
        var item = given
        item.reason = .earlierVersionStays(imageID: earlier.id)
        return item
    }

    /// True if this journal knows an image of the item's series at its target.
    private func isKnown(_ imageID: String, _ item: PlanItem) async throws(TranshipError) -> Bool {
        try await plan.copies(
            ofLineage: item.origin.lineageID, at: item.targetKey, in: journal
        ).contains { $0.image.id == imageID && $0.transfer != nil }
    }

    /// Warns once for each target about versions that stay active beside new ones of the same name.
    func tellEarlierVersions() async throws(TranshipError) {
        for target in targets where target.tellsOfEarlierVersions {
            var (known, unknown) = (FirstNames(), FirstNames())
            try await eachVersion(at: target) { (item) throws(TranshipError) in
                guard case .earlierVersionStays(let id) = item.reason else { return }
                let name = item.record.name ?? item.source.displayName
                if try await isKnown(id, item) { known.add(name) } else { unknown.add(name) }
            }
            for (names, areKnown) in [(known, true), (unknown, false)] where names.count > 0 {
                tell(
                    .warning(
                        .earlierVersionsStay(
                            targetKey: target.opened.key, names, areKnown: areKnown)))
            }
        }
    }

    /// Passes each series at each target to a closure once, with the versions that its sources have
    /// now.
    ///
    /// - Parameter page: gets the changes of one target.
    private func eachSeries(
        alsoUnruled: Bool = false,
        _ changes: (Retirement, [PlanItem], [SeriesCopy]) async throws(TranshipError) -> [Change],
        page: ([Change]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        let held = try await journal.heldVersions()
        let clock = try await journal.runClock(now: nowUnixSeconds.clampedProduct(1000))
        for target in targets {
            let key = target.opened.key
            if !alsoUnruled, !target.hasSeriesRules {
                guard try await journal.hasChanges(at: key) else { continue }
            }
            var retirement = Retirement(
                target.rules, projectID: target.opened.projectID, nowUnixSeconds: nowUnixSeconds)
            retirement.clock = clock
            var found: [Change] = []
            var unfinished = FirstNames()
            try await eachVersion(at: target) { (item) throws(TranshipError) in
                let lineageID = item.origin.lineageID
                let all = try await plan.items(ofLineage: lineageID, at: key)
                let items = all.filter(\.isVersion)
                // All sources of a series share one call.
                guard items.first?.source.key == item.source.key else { return }
                // An image that an archive has now is not an earlier version, nor is a refused one.
                let present = Set(all.filter { !$0.isVersion }.map(\.origin.versionID))
                let copies = try await plan.copies(ofLineage: lineageID, at: key, in: journal)
                    .filter { !present.contains($0.versionID ?? "") }
                retirement.sources = seriesSources.knowledge(
                    of: lineageID, all, sourceCount: sources.count)
                let current = items.map { held.current(insteadOf: $0.asKnown(copies), copies) }
                found += try await changes(retirement, current, copies)
                for copy in retirement.unfinished(besides: items + current, copies) {
                    let name = copy.image.name ?? copy.transfer?.source.displayName ?? ""
                    unfinished.add("\(name) (\(copy.image.id))")
                }
            }
            if unfinished.count > 0 {
                tell(.warning(.unfinishedVersionsStay(targetKey: key, unfinished)))
            }
            try await page(Self.bounded(found, deletesMax: deletesMax))
        }
    }

    /// Passes the versions of series at a target to a closure; see ``PlanItem/isVersion``.
    private func eachVersion(
        at target: PlanningTarget, _ body: (PlanItem) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var position: Int64 = 0
        while true {
            let page = try await plan.items(
                after: position, limit: Self.pageImages, actions: [.create, .update, .skip],
                ofSeries: true)
            guard let last = page.last else { return }
            position = last.position
            for (_, item) in page
            where item.targetKey == target.opened.key && item.isVersion {
                try await body(item)
            }
        }
    }

    /// Limits the deletions of a run. The oldest versions go first.
    private static func bounded(_ changes: [Change], deletesMax: Int) -> [Change] {
        var deletes = 0
        return changes.map { change in
            guard change.action == .delete, change.state == .planned else { return change }
            deletes += 1
            return deletes > deletesMax
                ? change.ended(.left, .deletesLimit(deletesMax)) : change
        }
    }

    // MARK: The name of the series

    /// Names a new version as an earlier one until it is published, if the target renames earlier
    /// versions and one of them has the name of the series.
    ///
    /// A service changes one image in each request. So if the name moves from one image to another,
    /// there is a moment with two images of that name, or with none: no order of requests avoids
    /// both. We choose two, since a server that is started by name then finds its image, and we
    /// keep the moment as short as possible. The new version is sent, proved and published under
    /// the name that it will have as an earlier version. Then one PATCH gives it the name of the
    /// series, and the next one takes that name from the earlier version. If the first PATCH fails,
    /// the second is not sent. If the process dies between them, the next run begins with the
    /// second.
    func named(
        _ given: PlanItem, besides known: Transfer?, at target: PlanningTarget
    ) async throws(TranshipError) -> PlanItem {
        var item = given
        guard item.source.imageID == nil, let start = item.start else { return item }
        // The names stay as they were first planned: the record may be at the target.
        if let record = known?.record, let name = record.currentName, start.imageID != nil,
            start.imageID == known?.imageID
        {
            guard start.record.currentName == nil, start.record.name == name else { return item }
            return item.named(record.name, asCurrent: name)
        }
        guard item.action == .create, target.rules.previous == .rename, start.imageID == nil,
            let name = item.record.name
        else { return item }
        let copies = try await plan.copies(
            ofLineage: item.origin.lineageID, at: item.targetKey, in: journal)
        let isTaken = copies.contains {
            $0.image.isWhole && $0.image.name == name && !$0.image.isHidden
                && $0.versionID != item.origin.versionID
        }
        guard isTaken else { return item }
        item = item.named(
            EarlierName.text(name, of: item.source, madeAtUnixSeconds: nowUnixSeconds),
            asCurrent: name)
        return item
    }
}

extension Retirement {
    /// Returns the copies whose run died before their data was whole, and whose source has other
    /// versions now: no later run needs their records.
    ///
    /// - Parameter items: the versions that are needed.
    fileprivate func unfinished(besides items: [PlanItem], _ copies: [SeriesCopy]) -> [SeriesCopy] {
        let needed = Set(items.map(\.origin.versionID))
        return copies.filter { copy in
            guard let transfer = copy.transfer, transfer.imageID == copy.image.id else {
                return false
            }
            return Leftover.statuses.contains(copy.image.status)
                && !needed.contains(copy.versionID ?? "") && !isOfOtherSource(copy, items)
                && copy.image.visibility == .private && !copy.image.isProtected
        }
    }
}

extension PlanItem {
    fileprivate func named(_ name: String?, asCurrent currentName: String) -> PlanItem {
        var item = self
        item.intent.record.name = name
        item.intent.record.currentName = currentName
        item.start?.intent.record.name = name
        item.start?.intent.record.currentName = currentName
        return item
    }
}

extension PlanningTarget {
    /// True if an earlier version may stay visible beside a new one, which deserves a warning: the
    /// target has no rule, or one that leaves unknown images alone. An image that should be renamed
    /// but keeps its name is reported at that time.
    fileprivate var tellsOfEarlierVersions: Bool {
        !hasSeriesRules || rules.previous == .hide || rules.previous == .deactivate
    }

    var hasSeriesRules: Bool {
        rules.keep != nil || rules.previous != nil || rules.expired != nil
    }
}

extension [HeldVersion] {
    /// Returns the rollback that keeps a run from this version; nil if there is none. A rollback
    /// ends when the version that it made current is gone.
    func hold(on item: PlanItem, _ copies: [SeriesCopy]) -> (HeldVersion, SeriesCopy)? {
        guard
            let held = first(where: {
                $0.targetKey == item.targetKey && $0.versionID == item.origin.versionID
            }),
            let copy = copies.first(where: {
                $0.versionID == held.currentVersionID && $0.image.isWhole && $0.transfer != nil
            })
        else { return nil }
        return (held, copy)
    }

    /// Returns the item, or the version that a rollback made current instead.
    fileprivate func current(insteadOf item: PlanItem, _ copies: [SeriesCopy]) -> PlanItem {
        guard let (held, _) = hold(on: item, copies) else { return item }
        var item = item
        item.intent.origin.versionID = held.currentVersionID
        return item
    }
}
