// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import MigrationJournal
public import MigrationModel
internal import Planning

/// A series and its versions, as a journal knows them. Asks no cloud.
public struct SeriesStatus: Sendable {
    public enum Standing: String, Sendable, CaseIterable {
        /// What others see.
        case current
        /// Not current any more, and left as it is.
        case earlier
        case renamed, hidden, deactivated, deleted
        /// A run did not find its copy at the target any more: someone else deleted it.
        case gone
        /// Its transfer is not done; see the transfer's state.
        case unfinished
        /// No run finished it, and its source has another version now. A series neither keeps it
        /// nor goes back to it.
        case neverCurrent = "never-current"
        /// Its copy is done, and an earlier version keeps the name of the series: someone edited or
        /// protected that one.
        case waiting
    }

    /// One version at one target.
    public struct Version: Sendable {
        /// For people, the same at every target; `series rollback` takes it.
        public let word: String
        public let transfer: Transfer
        public let standing: Standing
        /// When it came to be so, in milliseconds since 1970.
        public let since: Int64
        /// An operator rolled back from it: runs go forward only to a version that the source
        /// did not have then.
        public let isHeld: Bool
        /// An operator rolled back to it.
        public let isRolledBackTo: Bool
        /// False if no run finished it, or if it never got the name of the series.
        public let wasCurrent: Bool
        /// Of a series with several sources: where its source has its versions; see
        /// ``SourceImage/place``. Nil: the series has one source.
        public let place: String?

        /// The name of its image while it is the current one.
        public var imageName: String? { transfer.record.shownName }
    }

    /// As the pipeline file calls it.
    public let name: String
    public let lineageID: String
    /// At all targets, the newest first.
    public let versions: [Version]

    /// What others see at each target, in order of the targets' keys; of a series with several
    /// sources, one of each source.
    public var current: [Version] {
        versions.filter { $0.standing == .current }
            .sorted {
                ($0.transfer.targetKey, $0.place ?? "") < ($1.transfer.targetKey, $1.place ?? "")
            }
    }

    /// Hands over the series of a journal, one after the other.
    ///
    /// - Parameter name: only the series of that name, or with that lineage; nil is all.
    /// - Throws: ``TranshipError/Code/journalMissing``; ``TranshipError/Code/notFound`` if the
    ///   journal has no series of that name; ``TranshipError/Code/journalFailed``.
    public static func read(
        journalPath: String, series name: String? = nil,
        each: (SeriesStatus) throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await read(try .openForReading(path: journalPath), series: name, each: each)
    }

    /// As ``read(journalPath:series:each:)``, of a journal that is open.
    package static func read(
        _ journal: Journal, series name: String? = nil,
        each: (SeriesStatus) throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var names: [String] = []
        var isFound = false
        for id in try await journal.seriesIDs() {
            let series = SeriesStatus(id, try await journal.seriesVersions(ofLineage: id))
            names.append(series.name)
            guard name == nil || name == series.name || name == id else { continue }
            isFound = true
            try each(series)
        }
        guard let name, !isFound else { return }
        throw TranshipError(
            .notFound, "the journal has no series \"\(name)\"",
            hint: names.isEmpty
                ? "run the pipeline first: a series begins with its first version"
                : "it has: \(names.prefix(20).joined(separator: ", "))")
    }

    init(_ lineageID: String, _ found: [SeriesVersion]) {
        self.lineageID = lineageID
        name = found.first?.seriesName ?? lineageID
        let current = Self.current(of: found)
        versions = found.map { version in
            let (standing, since) = Self.standing(
                of: version, isCurrent: current.contains(version.transfer.id))
            return Version(
                word: version.word, transfer: version.transfer, standing: standing, since: since,
                isHeld: version.isHeld, isRolledBackTo: version.isRolledBackTo,
                wasCurrent: version.becameCurrent, place: version.place)
        }
    }

    /// The transfers of the versions that others see: at each target, of each source, what an
    /// operator rolled back to, else the newest that no change took away.
    private static func current(of versions: [SeriesVersion]) -> Set<Int64> {
        var current: Set<Int64> = []
        let places = Dictionary(grouping: versions) { [$0.transfer.targetKey, $0.place] }
        for (_, found) in places {
            let shown = found.filter { version in
                [.done, .skipped].contains(version.transfer.state)
                    && version.lastChange?.action.shows != false && !version.waitsForItsName
                    && !version.isGone
            }
            let chosen =
                shown.first(where: \.isRolledBackTo) ?? shown.max { $0.shownOrder < $1.shownOrder }
            if let chosen { current.insert(chosen.transfer.id) }
        }
        return current
    }

    private static func standing(
        of version: SeriesVersion, isCurrent: Bool
    ) -> (Standing, since: Int64) {
        let isDone = [.done, .skipped].contains(version.transfer.state)
        if isCurrent { return (.current, version.shownAt) }
        if let last = version.lastChange, last.action == .delete { return (.deleted, last.at) }
        if isDone || version.isLeft, version.isGone, let goneAt = version.goneAt {
            return (.gone, goneAt)
        }
        if version.isLeft, !version.becameCurrent { return (.neverCurrent, version.updatedAt) }
        // An adopted copy was published before this journal knew it. Once its source has left it, no
        // run proves it any more.
        guard isDone || version.isLeft else { return (.unfinished, version.updatedAt) }
        if isDone, version.waitsForItsName { return (.waiting, version.updatedAt) }
        let since = version.lastChange?.at ?? version.updatedAt
        switch version.lastChange?.action {
        case .rename: return (.renamed, since)
        case .hide: return (.hidden, since)
        case .deactivate: return (.deactivated, since)
        case .delete: return (.deleted, since)
        case .restore, .promote, nil: return (.earlier, since)
        }
    }
}

extension SeriesVersion {
    /// It was made under the name of an earlier version, and has that name still.
    fileprivate var waitsForItsName: Bool {
        transfer.record.currentName != nil && lastChange == nil
    }

    /// Its copy is not at the target any more, and no run of ours deleted it.
    fileprivate var isGone: Bool { goneAt != nil && lastChange?.action != .delete }

    /// By runs first: the clock of a night may have been wrong.
    fileprivate var shownOrder: (Int64, Int64) {
        guard let lastChange, lastChange.action.shows else { return (runID, updatedAt) }
        return (max(runID, lastChange.runID), shownAt)
    }

    fileprivate var shownAt: Int64 {
        guard let lastChange, lastChange.action.shows else { return updatedAt }
        return max(updatedAt, lastChange.at)
    }
}
