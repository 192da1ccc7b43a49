// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import MigrationJournal
public import MigrationModel
internal import Planning

/// A series and its versions, as the journal has them. Asks no cloud.
public struct SeriesStatus: Sendable {
    public enum Standing: String, Sendable, CaseIterable {
        /// The version that others see.
        case current
        /// No longer current, and left as it is.
        case earlier
        case renamed, hidden, deactivated, deleted
        /// A run no longer found the copy at the target: someone else deleted it.
        case gone
        /// The transfer is not done; see its state.
        case unfinished
        /// No run finished the version, and its source has another version now. A series neither
        /// keeps it nor goes back to it.
        case neverCurrent = "never-current"
        /// The copy is done, but an earlier version keeps the name of the series because someone
        /// edited or protected that version.
        case waiting
    }

    /// One version at one target.
    public struct Version: Sendable {
        /// The name of the version for people, the same at every target; `series rollback` takes
        /// it.
        public let word: String
        public let transfer: Transfer
        public let standing: Standing
        /// The time at which the version got this standing, in milliseconds since 1970.
        public let since: Int64
        /// True if an operator rolled back from this version: runs go forward only to a version
        /// that the source did not have then.
        public let isHeld: Bool
        /// True if an operator rolled back to this version.
        public let isRolledBackTo: Bool
        /// False if no run finished the version, or if it never got the name of the series.
        public let wasCurrent: Bool
        /// The place where the version's source has its versions, if the series has several
        /// sources; see ``SourceImage/place``. Nil if the series has one source.
        public let place: String?

        /// The name of the version's image while it is the current one.
        public var imageName: String? { transfer.record.shownName }
    }

    /// The name of the series in the pipeline file.
    public let name: String
    public let lineageID: String
    /// The versions at all targets, the newest first.
    public let versions: [Version]

    /// The versions that others see, in the order of the targets' keys. If the series has several
    /// sources, there is one of each source at a target.
    public var current: [Version] {
        versions.filter { $0.standing == .current }
            .sorted {
                ($0.transfer.targetKey, $0.place ?? "") < ($1.transfer.targetKey, $1.place ?? "")
            }
    }

    /// Hands over the series of a journal, one after the other.
    ///
    /// - Parameter name: the name or the lineage of the only series to hand over; nil is all
    ///   series.
    /// - Throws: ``TranshipError/Code/journalMissing``; ``TranshipError/Code/notFound`` if the
    ///   journal has no series of that name; ``TranshipError/Code/journalFailed``.
    public static func read(
        journalPath: String, series name: String? = nil,
        each: (SeriesStatus) throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await read(try .openForReading(path: journalPath), series: name, each: each)
    }

    /// Does the same as ``read(journalPath:series:each:)`` with an open journal.
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

    /// Returns the transfers of the versions that others see. At each target and for each source,
    /// this is the version that an operator rolled back to, else the newest one that no change took
    /// away.
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
        // An adopted copy was published before this journal knew it. If its source no longer has
        // that version, no run proves the copy any more.
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
    /// True if the copy was made under the name of an earlier version and still has that name.
    fileprivate var waitsForItsName: Bool {
        transfer.record.currentName != nil && lastChange == nil
    }

    /// True if the copy is no longer at the target, and no run of ours deleted it.
    fileprivate var isGone: Bool { goneAt != nil && lastChange?.action != .delete }

    /// The order in which versions were shown. The run comes before the time, since the clock may
    /// have been wrong one night.
    fileprivate var shownOrder: (Int64, Int64) {
        guard let lastChange, lastChange.action.shows else { return (runID, updatedAt) }
        return (max(runID, lastChange.runID), shownAt)
    }

    fileprivate var shownAt: Int64 {
        guard let lastChange, lastChange.action.shows else { return updatedAt }
        return max(updatedAt, lastChange.at)
    }
}
