// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    /// What carries out, while transfers of the run go on, the changes of a target whose series have
    /// all their copies there, or have failed to get them. What a target leaves that does not answer
    /// stays planned.
    func changingSeries(of run: Run, in opened: OpenedPipeline) -> Scheduler.FollowUp {
        // Weak: the scheduler belongs to this object.
        return { [weak self] (key) throws(TranshipError) in
            guard let self else { return true }
            let ready = try await journal.readyChanges(of: run, at: key)
            return try await changeSeries(ready, run, in: opened, isLast: false)
        }
    }

    /// Carries out what is planned yet of the run's changes, after all its transfers.
    func changeRestOfSeries(_ run: Run, in opened: OpenedPipeline) async throws(TranshipError) {
        let all = try await journal.changes(of: run)
        _ = try await changeSeries(all, run, in: opened, isLast: true)
    }

    /// Carries out changes of earlier versions.
    ///
    /// In each series, what shows the current version comes first, so that there is a visible one
    /// at every moment; what takes its name from the version before follows at once. A change
    /// waits for the copy that takes the version's place: if that is not done, or cannot be
    /// shown, nothing else is changed.
    ///
    /// - Parameters:
    ///   - all: whole series, also what an earlier process of this run came to.
    ///   - isLast: true if what a target that does not answer leaves has failed; false if it is tried
    ///     again.
    /// - Returns: false if a target does not answer and its changes are to be tried again.
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

    /// A version that was to wait for its name, and whose data is that of the one that keeps it, or of
    /// the current one, does not.
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

    /// Series by series. In each: what shows the current version, then what takes its name or its
    /// place from others, then deletions.
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
            // Of another source, the version that it had before stays the current one.
            guard version == change.currentVersionID else { continue }
            if let same = current.sameData {
                // That version was seen at the target.
                if change.isDue(after: current, same) { continue }
                return .sameDataAsNew(versionID: same.versionID)
            }
            // Only the copying showed it; the next plan knows.
            if change.action == .delete, current.state == .done, change.isDueAnyway != true,
                change.isDouble != true, !change.image.hasData(of: current.proof),
                let known = try await journal.sameData(as: current, madeIn: run)
            {
                return .sameDataAsNew(versionID: known.origin.versionID)
            }
        }
        return nil
    }

    /// The image that keeps the name which a change gives: someone has edited it since the plan, or
    /// given the name to another one. A copy may take hours.
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

    /// False if others would see no version after the change: since the plan, someone has hidden,
    /// deactivated, renamed or deleted the one that takes the place. A copy may take hours.
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

    /// A promotion of a copy that this run made: the plan did not know its record.
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

    /// What makes an earlier version of a series the current one again.
    public struct Rollback: Sendable {
        let planned: PlannedRollback
        /// The name of the series.
        public var series: String { planned.series }
        /// The version that becomes current, as ``SeriesStatus`` shows it.
        public var version: String { planned.version }
        /// Of a series with several sources: where the only source that this is about has its
        /// versions. Nil: the whole series.
        public var place: String? { planned.place }
        /// The name of the version's image as the current one; nil if it has none.
        public var imageName: String? { planned.imageName }
        /// At all targets; those that are left have the reason.
        public var changes: [Change] { planned.changes }
        /// Targets without a whole copy of that version, which stay as they are.
        public var missingAt: [String] { planned.missingAt }
        /// Targets whose copy of that version someone has edited or protected, which stay as they
        /// are.
        public var stuckAt: [String] { planned.stuckAt }
        /// The targets that go back. If there is none, a rollback changes and remembers nothing.
        public var goesBackAt: [String] { planned.places.map(\.targetKey) }
        /// How many versions later runs do not go forward to, at all targets.
        public var heldCount: Int { planned.held.count }

        /// True if all targets went back, by what came of the changes. Other versions, which the
        /// list left for a reason, do not count.
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

    /// Plans to make an earlier version of a series the current one again, at every target.
    /// Changes nothing. If several sources have the series, this is about one of them, and the
    /// versions of the others stay as they are.
    ///
    /// - Parameters:
    ///   - series: its name in the pipeline file.
    ///   - version: as ``SeriesStatus`` shows it, or an image's id at a target; nil is the newest
    ///     version before the current one, of several sources that of the one whose version came
    ///     last.
    /// - Throws: ``TranshipError/Code/notFound``.
    public func rollback(
        series: String, to version: String?
    ) async throws(TranshipError) -> Rollback {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        let rollback = try await planner(in: opened, try ownPlan(for: .rollback))
            .rollback(series: series, to: version) { name in
                pipeline.sources.contains { $0.hasSeveral(of: name) }
            }
        return Rollback(planned: rollback)
    }

    /// Does what a rollback says, and remembers the versions that later runs are not to go
    /// forward to. All of it is in the journal before the first request. If someone has edited a
    /// copy meanwhile, so that it is not shown, runs go on as before at that target.
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

    /// What retirement would delete at every target, and why it keeps each other version. Changes
    /// nothing.
    public func prunable() async throws(TranshipError) -> [Change] {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        return try await planner(in: opened, try ownPlan(for: .prune)).prunable()
    }

    /// Deletes the images of planned changes of ``prunable()``. An image in use stays.
    public func prune(_ changes: [Change]) async throws(TranshipError) -> RunSummary {
        try await carryOut(changes.filter { $0.state == .planned && $0.action == .delete })
    }

    /// A run of changes alone. After an interruption, `resume` goes on with it.
    private func carryOut(
        _ changes: [Change], holding rollback: PlannedRollback? = nil
    ) async throws(TranshipError) -> RunSummary {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: pipeline.absoluteFile,
            pipelineText: pipeline.textWithoutSecrets, facts: facts())
        try await endingIfItFails(run) { () throws(TranshipError) in
            try await self.journal.takeOver(
                changes, run: run, holding: rollback?.held ?? [], series: rollback?.places ?? [],
                place: rollback?.place)
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

    /// True if it is due although what the source offered turned out to have the data of a version
    /// that is there.
    fileprivate func isDue(after current: Transfer, _ same: CurrentVersion) -> Bool {
        guard isDueAnyway == true, image.id != same.imageID else { return false }
        return same.isWaiting == true || current.intent.known?.first == same
    }

    /// Others do not see the current version. While an image that someone edited keeps the name, they
    /// see that one, and the plan has left what it must not touch.
    fileprivate var isShownInVain: Bool {
        // If nothing is new, what others see stays.
        if case .sameDataAsNew = reason { return false }
        return action.shows && !waitsForName && (state == .left || state == .failed)
    }
}

extension TargetImage {
    /// True if a digest of the proof is that of this image.
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
