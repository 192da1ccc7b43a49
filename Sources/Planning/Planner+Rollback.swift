// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The changes that make an earlier version of a series the current one, at every target that has
/// it.
public struct PlannedRollback: Sendable {
    /// The name of the series.
    public var series: String
    /// The version that becomes current, in the spelling of `series history`.
    public var version: String
    public var changes: [Change] = []
    /// Targets without a whole copy of that version, which stay as they are.
    public var missingAt: [String] = []
    /// Targets whose copy of that version cannot be shown, because someone has edited or protected
    /// it. These copies stay as they are.
    public var stuckAt: [String] = []
    /// The versions to which later runs do not go forward.
    public var held: [HeldVersion] = []
    /// The targets that go back, each with its lineage.
    public var places: [(lineageID: String, targetKey: String)] = []
    /// The place of the only source that the rollback concerns, if the series has several; see
    /// ``SourceImage/place``. The versions of the other sources stay as they are.
    public var place: String?
    /// The name that the version's copy has as the current one.
    public var imageName: String?
}

extension Planner {
    /// Plans a rollback. Reads the targets' listings, and no source: the upstream may be the reason
    /// for the rollback.
    ///
    /// - Parameters:
    ///   - name: the name of a series, or the id of its lineage.
    ///   - version: the word of `series history`, the source's version, or an image's id at a
    ///     target. Nil means the newest version before the current one. If the series has several
    ///     sources, that is of the source whose version came last.
    ///   - hasSeveral: returns true if several sources have the series of that name.
    /// - Throws: ``TranshipError/Code/notFound`` if the journal has no such series or version;
    ///   ``TranshipError/Code/usage`` if several sources have a version of that name.
    public func rollback(
        series name: String, to version: String?, hasSeveral: (String) -> Bool = { _ in false }
    ) async throws(TranshipError) -> PlannedRollback {
        var versions = try await versions(ofSeries: name)
        let lineageID = versions.first?.lineageID ?? ""
        try await plan.begin()
        var copies: [(target: PlanningTarget, copies: [SeriesCopy])] = []
        for target in targets {
            try await listTarget(target)
            copies.append(
                (
                    target,
                    try await plan.copies(
                        ofLineage: lineageID, at: target.opened.key, in: journal)
                ))
        }
        let series = versions.first?.seriesName ?? name
        var place: String?
        if hasSeveral(series) {
            try Self.expectOnePlace(of: version, versions, series: series)
            place = Self.place(of: version, versions, copies.map(\.copies))
            versions = versions.filter { $0.transfer.source.isAt(place ?? "") }
            copies = copies.map { target, copies in
                (target, copies.filter { $0.transfer?.source.isAt(place ?? "") == true })
            }
        }
        let word = try Self.chosen(version, of: versions, copies.map(\.copies), series: name)
        var rollback = PlannedRollback(series: series, version: word)
        rollback.place = place
        for (target, found) in copies {
            let key = target.opened.key
            guard let copy = found.first(where: { $0.isGoal && $0.word == word }),
                let transfer = copy.transfer
            else {
                rollback.missingAt.append(key)
                continue
            }
            rollback.imageName = transfer.record.shownName
            var retirement = Retirement(
                target.rules, projectID: target.opened.projectID, nowUnixSeconds: nowUnixSeconds)
            retirement.rollbackTo = word
            var item = PlanItem(transfer.intent, firstImageID: copy.image.id)
            item.action = .skip
            let changes = retirement.changes(besides: [item], found)
            guard !changes.contains(where: { $0.action.shows && $0.state == .left }) else {
                // Nothing changes at this target, and runs go on as before.
                rollback.changes += changes.filter {
                    $0.state == .left && $0.reason != .currentNotShown
                }
                rollback.stuckAt.append(key)
                continue
            }
            rollback.changes += changes
            rollback.places.append((lineageID, key))
            rollback.held += versions.filter { other in
                other.transfer.targetKey == key && other.transfer.origin != transfer.origin
                    && (Self.isNewer(other, than: transfer, versions)
                        || found.contains { $0.isShown && $0.transfer?.id == other.transfer.id })
            }.map {
                HeldVersion(
                    lineageID: lineageID, targetKey: key,
                    versionID: $0.transfer.origin.versionID,
                    currentVersionID: transfer.origin.versionID, place: place)
            }
        }
        return rollback
    }

    private func versions(ofSeries name: String) async throws(TranshipError) -> [SeriesVersion] {
        var found: [[SeriesVersion]] = []
        var names: [String] = []
        for id in try await journal.seriesIDs() {
            let versions = try await journal.seriesVersions(ofLineage: id)
            guard let first = versions.first else { continue }
            names.append(first.seriesName)
            if name == id || name == first.seriesName { found.append(versions) }
        }
        guard let versions = found.first else {
            throw TranshipError(
                .notFound, "the journal has no series \"\(name)\"",
                hint: names.isEmpty
                    ? "run the pipeline first: a series begins with its first version"
                    : "it has: \(names.prefix(20).joined(separator: ", "))")
        }
        return versions
    }

    /// Refuses a word that several sources use, as for versions of the same day.
    private static func expectOnePlace(
        of version: String?, _ versions: [SeriesVersion], series: String
    ) throws(TranshipError) {
        guard let version else { return }
        let named = versions.filter { $0.isNamed(version) }
        guard let first = named.first?.transfer.source,
            named.contains(where: { !$0.transfer.source.isAt(first.place) })
        else { return }
        var choices: [String] = []
        for one in named {
            let isSaid = one.word != version && named.count { $0.word == one.word } == 1
            let choice =
                (isSaid ? one.word : one.transfer.imageID ?? one.word)
                + " (\(one.transfer.record.shownName ?? one.transfer.source.place))"
            if !choices.contains(choice) { choices.append(choice) }
        }
        throw TranshipError(
            .usage, "several sources of \"\(series)\" have a version \(version)",
            hint: "name one: \(choices.prefix(20).joined(separator: ", "))")
    }

    /// Returns the source that a rollback concerns, if there are several: that of the given
    /// version, or else that of the newest version that others see.
    private static func place(
        of version: String?, _ versions: [SeriesVersion], _ copies: [[SeriesCopy]]
    ) -> String? {
        let shown = copies.flatMap(\.self).filter(\.isShown).max(by: SeriesCopy.isEarlier)
        let named = version.flatMap { version in versions.first { $0.isNamed(version) } }
        return (named?.transfer ?? shown?.transfer ?? versions.first?.transfer)?.source.place
    }

    /// True if the version is newer than the transfer. The list begins with the newest, so its
    /// order decides.
    private static func isNewer(
        _ version: SeriesVersion, than transfer: Transfer, _ versions: [SeriesVersion]
    ) -> Bool {
        for other in versions where other.transfer.targetKey == transfer.targetKey {
            if other.transfer.id == transfer.id { return false }
            if other.transfer.id == version.transfer.id { return true }
        }
        return false
    }

    private static func chosen(
        _ version: String?, of versions: [SeriesVersion], _ copies: [[SeriesCopy]], series: String
    ) throws(TranshipError) -> String {
        let whole = copies.flatMap(\.self).filter(\.isGoal)
        guard let version else {
            // The versions that others see now, at any target, and those before them.
            let order = versions.map(\.word)
            let shown = Set(
                copies.compactMap { copies in
                    copies.filter(\.isShown).max(by: SeriesCopy.isEarlier)?.word
                })
            let current = order.firstIndex { shown.contains($0) } ?? -1
            let earlier = order[(current + 1)...].first { word in
                !shown.contains(word) && whole.contains { $0.word == word && $0.becameCurrent }
            }
            guard let earlier else {
                throw TranshipError(
                    .notFound,
                    "the targets have no version of \"\(series)\" before the current one",
                    hint: "list the versions that the journal knows with `tranship series history`")
            }
            return earlier
        }
        let words = versions.filter { $0.isNamed(version) }.map(\.word)
        guard let word = words.first(where: { word in whole.contains { $0.word == word } }) else {
            let isThere = copies.flatMap(\.self).contains { copy in
                copy.image.isWhole && copy.word.map(words.contains) == true
            }
            throw TranshipError(
                .notFound,
                words.isEmpty
                    ? "the journal has no version \(version) of \"\(series)\""
                    : isThere
                        ? "no run finished a copy of version \(version) of \"\(series)\", so it "
                            + "cannot become current"
                        : "no target has a whole copy of version \(version) of \"\(series)\"",
                hint: Self.hint(whole, versions))
        }
        return word
    }
}

extension Planner {
    /// Names the versions that a rollback can go to, the newest first.
    private static func hint(_ whole: [SeriesCopy], _ versions: [SeriesVersion]) -> String {
        let there = Set(whole.compactMap(\.word))
        var words: [String] = []
        for word in versions.map(\.word) where there.contains(word) && !words.contains(word) {
            words.append(word)
        }
        guard !words.isEmpty else {
            return "run the pipeline: it copies the source's version again"
        }
        return "name one that the targets have: \(words.prefix(20).joined(separator: ", "))"
    }
}

extension SeriesVersion {
    /// The word for the version in `series history`.
    public var word: String { ImageIdentity.versionWord(of: transfer.source) }

    /// True if the operator's word names this version: by its own word, by the source's version, or
    /// by its image's id.
    fileprivate func isNamed(_ name: String) -> Bool {
        [word, transfer.source.version, transfer.imageID].contains(name)
    }

    /// The name of the series in the pipeline file, from which the lineage is derived.
    public var seriesName: String { SeriesLineage.name(of: transfer.source.lineage) }
}

extension SeriesCopy {
    /// True if a rollback may make the version current: its data is whole and proved, and a run
    /// published it.
    fileprivate var isGoal: Bool {
        image.isWhole && transfer != nil && (wasDone || becameCurrent)
    }

    var word: String? { transfer.map { ImageIdentity.versionWord(of: $0.source) } }
}
