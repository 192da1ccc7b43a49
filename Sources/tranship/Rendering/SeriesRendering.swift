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
                ? ["SERIES", "VERSION", "TARGET", "STATE", "SINCE", "SIZE", "IMAGE", "NOTE"]
                : ["SERIES", "TARGET", "VERSION", "SINCE", "VERSIONS", "IMAGE", "NOTE"])
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
                series.name, version.word, version.transfer.targetKey, version.stateWord,
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
        let targets = Set(series.versions.map(\.transfer.targetKey)).sorted()
        for target in targets {
            let versions = series.versions.filter { $0.transfer.targetKey == target }
            let current = versions.first { $0.standing == .current }
            table.add([
                series.name, target, current?.word ?? "-",
                current.map { Timestamp.text($0.since) } ?? "-", "\(versions.count)",
                current?.transfer.imageID ?? "-", current?.note ?? "no version is current",
            ])
        }
    }
}

extension SeriesStatus.Version {
    fileprivate var stateWord: String {
        standing == .unfinished ? transfer.state.rawValue : standing.rawValue
    }

    fileprivate var note: String {
        [
            transfer.source.version.map { "version \($0)" },
            isRolledBackTo ? "rolled back to" : isHeld ? "rolled back from" : nil,
        ].compactMap(\.self).joined(separator: ", ")
    }

    fileprivate func json(of series: SeriesStatus) -> [String: JSONValue?] {
        [
            "series": .string(series.name), "lineage": .string(series.lineageID),
            "version": .string(word), "source_version": transfer.source.version.map { .string($0) },
            "version_id": .string(transfer.origin.versionID),
            "target": .string(transfer.targetKey), "standing": .string(standing.rawValue),
            "state": .string(transfer.state.rawValue),
            "since": .string(Timestamp.text(since)), "held": .bool(isHeld),
            "rolled_back_to": .bool(isRolledBackTo), "source": .string(transfer.source.key),
            "size": transfer.proof.sizeBytes.map { .integer($0) },
            "image_id": transfer.imageID.map { .string($0) },
            "proofs": .array(transfer.proof.reported.map { .string("\($0)") }),
        ]
    }
}
