// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    /// Returns a function that changes earlier versions at a target while transfers of the run go
    /// on. It handles the series whose copies are all there or have failed. If the target does not
    /// answer, the rest stays planned.
    func changingSeries(of run: Run, in opened: OpenedPipeline) -> Scheduler.FollowUp {
        // Weak, since this object owns the scheduler.
        return { [weak self] (key) throws(TranshipError) in
            guard let self else { return true }
            let ready = try await journal.readyChanges(of: run, at: key)
            return try await changeSeries(ready, run, in: opened, isLast: false)
        }
    }

    /// Carries out the changes of the run that are still planned, after all its transfers.
    func changeRestOfSeries(_ run: Run, in opened: OpenedPipeline) async throws(TranshipError) {
        let all = try await journal.changes(of: run)
        _ = try await changeSeries(all, run, in: opened, isLast: true)
    }

    /// Carries out changes of earlier versions.
    ///
    /// In each series, the change that shows the current version comes first, so that a version is
    /// visible at every moment; the changes that take the name from the version before follow at
    /// once. A change waits for the copy that replaces the version: if that copy is not done, or
    /// cannot be shown, nothing else is changed.
    ///
    /// - Parameters:
    ///   - all: the changes of whole series, including those that an earlier process of this run
    ///     ended.
    ///   - isLast: true to record the changes as failed if a target does not answer; false to try
    ///     them again later.
    /// - Returns: false if a target does not answer and its changes have to be tried again.
    private func changeSeries(
        _ all: [Change], _ run: Run, in opened: OpenedPipeline, isLast: Bool
    ) async throws(TranshipError) -> Bool {
        let targets = tuning.stages(opened.stages).targets
        let keepsBoth = Set(
            opened.targets.filter { $0.rules.onConflict == .keepBoth }.map(\.opened.key))
        var silent: [String: TranshipError] = [:]
        if isLast { try await endWaitsForNothing(all) }
        var unshown = Set(all.filter { $0.isShownInVain }.map(\.seriesPlace))
        // While a version waits for the name of the series, the others stay as they are.
        var waiting = Set(all.filter(\.waitsForName).map(\.seriesPlace))
        for planned in Self.inOrder(all.filter { $0.state == .planned }) {
            if isStopped { return true }
            var ended = planned
            if let error = silent[planned.targetKey] {
                ended = planned.ended(.failed, failure: error)
            } else if !planned.action.shows,
                unshown.contains(planned.seriesPlace)
                    || (waiting.contains(planned.seriesPlace) && !planned.goesOnBesideWaiting)
            {
                ended = planned.ended(.left, .currentNotShown)
            } else if let objection = try await objection(to: planned, in: run) {
                ended = planned.ended(.left, objection)
            } else if let target = targets.first(where: { $0.key == planned.targetKey }) {
                let change = try await located(planned, projectID: target.projectID)
                do {
                    let holder = try await nameHolder(
                        against: change, all, target,
                        sparesOthers: keepsBoth.contains(change.targetKey))
                    if let holder {
                        ended = change.ended(.left, holder)
                    } else if try await !isCurrentShown(beside: change, target) {
                        ended = change.ended(.left, .currentNotShown)
                    } else {
                        ended = try await target.uploader.carryOut(change)
                    }
                } catch {
                    if error.code == .interrupted { return true }
                    guard isLast else { return false }
                    silent[change.targetKey] = error
                    ended = change.ended(.failed, failure: error)
                }
            }
            if ended.isShownInVain { unshown.insert(ended.seriesPlace) }
            if ended.waitsForName { waiting.insert(ended.seriesPlace) }
            try await journal.commit(ended)
            events(.changed(ended))
        }
        return true
    }

    /// Ends the wait of a version for its name if its data is that of the version that keeps the
    /// name, or of the current version.
    private func endWaitsForNothing(_ changes: [Change]) async throws(TranshipError) {
        for change in changes where change.waitsForName {
            let own = try await journal.transfer(
                versionID: change.versionID, targetKey: change.targetKey)
            guard let same = own?.sameData, same.isWaiting != true else { continue }
            let ended = change.ended(.left, .sameDataAsNew(versionID: same.versionID))
            try await journal.commit(ended)
            events(.changed(ended))
        }
    }

    /// Sorts changes by series. In each series: first the changes that show the current version,
    /// then those that take the name or the place from others, then deletions.
    static func inOrder(_ changes: [Change]) -> [Change] {
        var places: [Change.SeriesPlace] = []
        var found: [Change.SeriesPlace: [Change]] = [:]
        for change in changes {
            if found[change.seriesPlace] == nil { places.append(change.seriesPlace) }
            found[change.seriesPlace, default: []].append(change)
        }
        return places.flatMap { place in
            let changes = found[place] ?? []
            return changes.filter(\.action.shows)
                + changes.filter { !$0.action.shows && $0.action != .delete }.reversed()
                + changes.filter { $0.action == .delete }
        }
    }

    private func objection(
        to change: Change, in run: Run
    ) async throws(TranshipError) -> PlanReason? {
        for version in [change.currentVersionID] + (change.otherCurrentVersionIDs ?? []) {
            let current = try await journal.transfer(
                versionID: version, targetKey: change.targetKey)
            guard let current, [.done, .skipped].contains(current.state) else {
                return .currentNotDone(state: current?.state)
            }
            // For another source of the series, the version that it had before stays the current
            // one.
            guard version == change.currentVersionID else { continue }
            if let same = current.sameData {
                // The planner saw that version at the target.
                if change.isDue(after: current, same) { continue }
                return .sameDataAsNew(versionID: same.versionID)
            }
            // Only the copying found the same data; the next plan knows of it.
            if change.action == .delete, current.state == .done, change.isDueAnyway != true,
                change.isDouble != true, !change.image.hasData(of: current.proof),
                let known = try await journal.sameData(as: current, madeIn: run)
            {
                return .sameDataAsNew(versionID: known.origin.versionID)
            }
        }
        return nil
    }

    /// Returns the reason not to make a change if another image keeps the name that the change
    /// gives. Someone may have edited that image since the plan, or given the name to another
    /// image: a copy may take hours.
    private func nameHolder(
        against change: Change, _ all: [Change], _ target: OpenedTarget, sparesOthers: Bool
    ) async throws(TranshipError) -> PlanReason? {
        guard let name = change.nameShown else { return nil }
        let named = try await target.uploader.images(
            named: name, ownerID: change.image.ownerID)
        return change.nameHolder(
            among: named, besides: all.filter { $0.seriesPlace == change.seriesPlace },
            sparesOthers: sparesOthers)
    }

    /// False if others would see no version after the change, because someone has hidden,
    /// deactivated, renamed or deleted the version that takes the place. This may happen after the
    /// plan: a copy may take hours.
    private func isCurrentShown(
        beside change: Change, _ target: OpenedTarget
    ) async throws(TranshipError) -> Bool {
        guard change.takesFromView else { return true }
        var current = try await journal.transfer(
            versionID: change.currentVersionID, targetKey: change.targetKey)
        if let same = current?.sameData {
            current = try await journal.transfer(
                versionID: same.versionID, targetKey: change.targetKey)
        }
        guard let current, let id = current.imageID else { return true }
        guard let found = try await target.uploader.record(id, withMembers: false) else {
            return false
        }
        return Change.isShown(found.image, as: current.record)
    }

    /// Completes a promotion with the record of a copy that this run made. The plan could not know
    /// that record.
    private func located(
        _ given: Change, projectID: String?
    ) async throws(TranshipError) -> Change {
        guard given.action == .promote,
            let transfer = try await journal.transfer(
                versionID: given.versionID, targetKey: given.targetKey),
            let id = transfer.imageID, id != given.image.id || !given.image.isWhole
        else { return given }
        var change = given
        change.image.id = id
        change.image.status = .active
        change.image.ownerID = transfer.record.ownerID ?? projectID
        return change
    }

    // MARK: By hand

    /// The changes that make an earlier version of a series the current one again.
    public struct Rollback: Sendable {
        let planned: PlannedRollback
        /// The name of the series.
        public var series: String { planned.series }
        /// The version that becomes current, as ``SeriesStatus`` shows it.
        public var version: String { planned.version }
        /// The place where the source of these changes has its versions, if several sources have
        /// the series; nil if the changes are about the whole series.
        public var place: String? { planned.place }
        /// The name of the version's image as the current one; nil if it has none.
        public var imageName: String? { planned.imageName }
        /// The changes at all targets; changes that are left have the reason.
        public var changes: [Change] { planned.changes }
        /// The targets without a whole copy of that version, which stay as they are.
        public var missingAt: [String] { planned.missingAt }
        /// The targets where someone has edited or protected the copy of that version, which stay
        /// as they are.
        public var stuckAt: [String] { planned.stuckAt }
        /// The targets that go back. If there are none, a rollback changes and remembers nothing.
        public var goesBackAt: [String] { planned.places.map(\.targetKey) }
        /// The number of versions, at all targets, that later runs do not go forward to.
        public var heldCount: Int { planned.held.count }

        /// True if all targets went back, judged by the outcomes of the changes. Other versions,
        /// which the plan left alone for a reason, do not count.
        public func isWhole(after ended: [Change]) -> Bool {
            missingAt.isEmpty && stuckAt.isEmpty
                && !ended.contains { $0.state == .left && isNeeded($0) }
        }

        private func isNeeded(_ change: Change) -> Bool {
            change.action.shows
                || planned.held.contains {
                    $0.targetKey == change.targetKey && $0.versionID == change.versionID
                }
                || changes.contains {
                    $0.state == .planned && $0.targetKey == change.targetKey
                        && $0.image.id == change.image.id
                }
        }
    }

    /// Plans to make an earlier version of a series the current one again, at every target. Changes
    /// nothing. If several sources have the series, this concerns only one of them, and the
    /// versions of the others stay as they are.
    ///
    /// - Parameters:
    ///   - series: the name of the series in the pipeline file.
    ///   - version: a version as ``SeriesStatus`` shows it, or an image's id at a target; nil is
    ///     the newest version before the current one. With several sources, nil means the source
    ///     whose version came last.
    /// - Throws: ``TranshipError/Code/notFound``; ``TranshipError/Code/placeChanged`` if a target
    ///   leads to another place than in its last run.
    public func rollback(
        series: String, to version: String?
    ) async throws(TranshipError) -> Rollback {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        try await expectLastPlaces(opened)
        let rollback = try await planner(in: opened, try ownPlan(for: .rollback))
            .rollback(series: series, to: version) { name in
                pipeline.sources.contains { $0.hasSeveral(of: name) }
            }
        return Rollback(planned: rollback)
    }

    /// Carries out a rollback, and stores the versions that later runs must not go forward to. All
    /// of this is in the journal before the first request. If someone has edited a copy in the
    /// meantime, so that it is not shown, runs go on as before at that target.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if no target goes back.
    public func carryOut(
        _ rollback: Rollback
    ) async throws(TranshipError) -> RunSummary {
        guard !rollback.goesBackAt.isEmpty else {
            throw TranshipError(
                .notFound, "no target can go back to version \(rollback.version)",
                hint: "undo by hand what someone did to its image")
        }
        return try await carryOut(rollback.changes, holding: rollback.planned)
    }

    /// Returns the versions that retirement would delete at every target, and the other versions
    /// with the reason why each is kept. Changes nothing.
    ///
    /// - Throws: as ``rollback(series:to:)``.
    public func prunable() async throws(TranshipError) -> [Change] {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        try await expectLastPlaces(opened)
        return try await planner(in: opened, try ownPlan(for: .prune)).prunable()
    }

    /// Deletes the images of the planned changes from ``prunable()``. An image in use stays.
    public func prune(_ changes: [Change]) async throws(TranshipError) -> RunSummary {
        try await carryOut(changes.filter { $0.state == .planned && $0.action == .delete })
    }

    /// Runs changes without transfers. After an interruption, `resume` goes on with this run.
    private func carryOut(
        _ changes: [Change], holding rollback: PlannedRollback? = nil
    ) async throws(TranshipError) -> RunSummary {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        try await expectLastPlaces(opened)
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: pipeline.absoluteFile,
            pipelineText: pipeline.textWithoutSecrets, facts: facts())
        try await endingIfItFails(run) { () throws(TranshipError) in
            try await self.journal.takeOver(
                changes, run: run, holding: rollback?.held ?? [], series: rollback?.places ?? [],
                place: rollback?.place, runPlaces: opened.places)
            try await self.changeRestOfSeries(run, in: opened)
            let stuck = try await self.journal.changes(of: run, in: [.left])
                .filter(\.action.shows).map(\.targetKey)
            try await self.journal.release(
                (rollback?.places ?? []).filter { stuck.contains($0.targetKey) },
                place: rollback?.place)
        }
        return try await end(run)
    }
}

extension Change {
    /// A series at a target.
    struct SeriesPlace: Hashable {
        var targetKey: String
        var lineageID: String
    }

    var seriesPlace: SeriesPlace { SeriesPlace(targetKey: targetKey, lineageID: lineageID) }

    /// True if the change is due although the data that the source offers turned out to be that of
    /// a version at the target.
    fileprivate func isDue(after current: Transfer, _ same: CurrentVersion) -> Bool {
        guard isDueAnyway == true, image.id != same.imageID else { return false }
        return same.isWaiting == true || current.intent.known?.first == same
    }

    /// True if the change was meant to show the current version and others do not see it. False
    /// while an image that someone edited keeps the name: others see that image, and the plan has
    /// left alone what it must not touch.
    fileprivate var isShownInVain: Bool {
        // If nothing is new, what others see stays.
        if case .sameDataAsNew = reason { return false }
        return action.shows && !waitsForName && (state == .left || state == .failed)
    }
}

extension TargetImage {
    /// True if a digest of the proof matches the data of this image.
    fileprivate func hasData(of proof: Proof) -> Bool {
        (proof.computed + proof.reported).contains { digest in
            digest.algorithm != .md5 && checksums.contains { $0.matches(digest) }
        }
    }
}

extension Source {
    /// True for one of several sources of that series.
    fileprivate func hasSeveral(of series: String) -> Bool {
        guard let template = entry.severalSeries else { return false }
        return
            (try? template.render(
                PlaceholderValues(date: "{date}", version: "{version}", checksum: "{checksum}")))
            == series
    }
}
