// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// Prints the series of a journal, or all their versions, as a table or JSON Lines.
struct SeriesRendering {
    let format: OutputFormat
    let showsHistory: Bool
    private var table: Table
    private var isEmpty = true

    init(format: OutputFormat, showsHistory: Bool = false) {
        self.format = format
        self.showsHistory = showsHistory
        table = Table(
            showsHistory
                ? [
                    "SERIES", "NAME", "VERSION", "TARGET", "STATE", "SINCE", "SIZE", "IMAGE",
                    "NOTE",
                ]
                : ["SERIES", "NAME", "TARGET", "VERSION", "SINCE", "VERSIONS", "IMAGE", "NOTE"])
    }

    mutating func add(_ series: SeriesStatus) {
        isEmpty = false
        showsHistory ? addHistory(series) : addCurrent(series)
    }

    func finish() {
        guard format == .text else { return }
        table.put()
        if isEmpty { Terminal.tell("the journal has no series yet") }
    }

    private mutating func addHistory(_ series: SeriesStatus) {
        for version in series.versions {
            if format == .json { return putVersions(series) }
            table.add([
                series.name, version.imageName ?? "-", version.word, version.transfer.targetKey,
                version.stateWord,
                Timestamp.text(version.since),
                version.transfer.proof.sizeBytes.map { ByteCount.format($0) } ?? "?",
                version.transfer.imageID ?? "-", version.note,
            ])
        }
    }

    private func putVersions(_ series: SeriesStatus) {
        for version in series.versions {
            JSONLine("series-version", version.json(of: series)).put()
        }
    }

    private mutating func addCurrent(_ series: SeriesStatus) {
        if format == .json {
            return JSONLine(
                "series",
                [
                    "series": .string(series.name), "lineage": .string(series.lineageID),
                    "versions": .integer(Int64(Set(series.versions.map(\.word)).count)),
                    "current": .array(
                        series.current.map { .object($0.json(of: series).compactMapValues(\.self)) }
                    ),
                ]
            ).put()
        }
        let places = Dictionary(grouping: series.versions) { $0.target }
        for (place, versions) in places.sorted(by: { $0.key < $1.key }) {
            let current = versions.first { $0.standing == .current }
            table.add([
                series.name, (current ?? versions.first)?.imageName ?? "-", place.key,
                current?.word ?? "-", current.map { Timestamp.text($0.since) } ?? "-",
                "\(versions.count)", current?.transfer.imageID ?? "-",
                current?.note
                    ?? ["no version is current", versions.first?.sourceNote]
                    .compactMap(\.self).joined(separator: ", "),
            ])
        }
    }
}

/// A target, and the place of a version if there are several sources.
private struct VersionPlace: Hashable, Comparable {
    var key: String
    var place: String?

    static func < (one: VersionPlace, other: VersionPlace) -> Bool {
        (one.key, one.place ?? "") < (other.key, other.place ?? "")
    }
}

extension SeriesStatus.Version {
    fileprivate var target: VersionPlace { VersionPlace(key: transfer.targetKey, place: place) }

    fileprivate var stateWord: String {
        switch standing {
        case .unfinished: transfer.state.rawValue
        case .neverCurrent: "never current"
        default: standing.rawValue
        }
    }

    fileprivate var note: String {
        [
            transfer.source.version.map { "version \($0)" }, sourceNote,
            isRolledBackTo ? "rolled back to" : isHeld ? "rolled back from" : nil,
            unfinishedNote,
        ].compactMap(\.self).joined(separator: ", ")
    }

    /// The note for a version that was never current; nil for others.
    private var unfinishedNote: String? {
        switch standing {
        case .neverCurrent: "not finished: \(transfer.state.rawValue)"
        case .renamed, .hidden, .deactivated, .deleted, .gone: wasCurrent ? nil : "never current"
        case .current, .earlier, .unfinished, .waiting: nil
        }
    }

    /// The version's source, if there are several.
    fileprivate var sourceNote: String? { place.map { "of \(SourceImage.shownPlace($0))" } }

    fileprivate func json(of series: SeriesStatus) -> [String: JSONValue?] {
        [
            "series": .string(series.name), "lineage": .string(series.lineageID),
            "version": .string(word), "source_version": transfer.source.version.map { .string($0) },
            "version_id": .string(transfer.origin.versionID),
            "target": .string(transfer.targetKey), "standing": .string(standing.rawValue),
            "state": .string(transfer.state.rawValue),
            "since": .string(Timestamp.text(since)), "held": .bool(isHeld),
            "rolled_back_to": .bool(isRolledBackTo), "name": imageName.map { .string($0) },
            "place": place.map { .string($0) }, "was_current": .bool(wasCurrent),
            "source": .string(transfer.source.key),
            "size": transfer.proof.sizeBytes.map { .integer($0) },
            "image_id": transfer.imageID.map { .string($0) },
            "proofs": .array(transfer.proofs.map { .string("\($0)") }),
        ]
    }
}
