// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing
import TranshipKit

@testable import tranship

/// The moments that the golden screens show.
enum Pictures {
    /// 2026-11-28T16:37:58Z.
    static let now: Int64 = 1_795_883_878_000

    private static func image(
        _ name: String, _ target: String, _ state: TransferState, _ mebibytes: Double,
        of size: Double?, rate: Double = 0, sinceSeconds: Int64 = 0, isWaiting: Bool = false
    ) -> LiveProgress.Image {
        LiveProgress.Image(
            name: name, target: target, state: state, doneBytes: Int64(mebibytes * 1_048_576),
            sizeBytes: size.map { Int64($0 * 1_048_576) }, bytesPerSecond: rate * 1_048_576,
            stateSince: now - sinceSeconds * 1000, isWaiting: isWaiting)
    }

    static let live = LiveProgress(
        runID: 3, processID: 24104, startedAt: now - 76_000, at: now, totalImages: 6,
        totalBytes: 880 << 20, endedImages: 3, failedImages: 1, doneBytes: 280 << 20,
        bytesPerSecond: 19 * 1_048_576,
        images: [
            image("ux-c", "beta", .sending, 171, of: 280, rate: 8.4),
            image("ux-a", "beta", .sending, 42, of: 280, rate: 5.2),
            image(
                "production core image with a long name 2026-11", "gamma", .importing, 0, of: 114,
                sinceSeconds: 12),
            image("夜間イメージ 🐧", "beta", .publishing, 9, of: 9, sinceSeconds: 2),
            image("cafe\u{301} nightly", "gamma", .sending, 3, of: nil, rate: 1),
            image(
                "\u{1B}[31mred", "beta", .registered, 0, of: 9, sinceSeconds: 31, isWaiting: true),
        ],
        outages: [
            .init(
                name: "beta", since: now - 76_000, nextTryAt: now + 20_000,
                givesUpAt: now + 1_724_000)
        ])

    static func progress(columns: Int) -> [String] {
        RunScreen(
            live: live,
            headline:
                "ux-copy: alpha -> beta, gamma   run 3   elapsed 1:16   Ctrl-C stops, run again",
            columns: columns
        ).lines.map { $0.withControlsShown.cut(toColumns: columns - 1) }
    }

    static let end = EndReport(
        pipeline: "ux-night", runID: 3, status: .verificationMismatch, seconds: 1860, endedAt: now,
        sentBytes: 296 << 20,
        groups: [
            .init(outcome: .done, images: 1, sizeBytes: 5_033_165),
            .init(
                outcome: .failed, images: 1, names: ["ux-night-wrong"],
                reason: "checksum-mismatch"),
            .init(
                outcome: .refused, images: 12,
                names: (1...8).map { "ux-night-gone-\($0)" }, reason: "source-unavailable"),
            .init(outcome: .unfinished, images: 1, names: ["夜間イメージ"], reason: "connection-lost"),
            .init(outcome: .skipped, images: 40, sizeBytes: 9 << 20),
        ],
        notes: ["1.2 GiB read, 300 MiB of it again"],
        steps: [
            .init(
                "when http://10.0.0.7:9292 answers again",
                command: "tranship run /etc/tranship/night.yaml"),
            .init(
                "ux-night-wrong: check the source: its data is damaged, or the checksum is for a different version of the file; "
                    + "nothing was left at the target"),
            .init(
                "every try and message",
                command: "tranship status /etc/tranship/night.yaml -v"),
        ])

    static func status(columns: Int) -> [String] {
        StatusScreen(
            run: Run(
                id: 1, pipelineName: "ux-night", pipelineFile: "/etc/tranship/night.yaml",
                pipelineText: "", startedAt: now - 76_000, plannedAt: now - 70_000, endedAt: nil,
                outcome: nil),
            holder: LockHolder(text: "process 24104 on host, since 2026-11-28T16:36:42Z"),
            exitSoFar: .verificationMismatch, live: live,
            problems: [
                .init(
                    word: "failed", name: "ux-night-wrong", target: "beta",
                    reason: "checksum-mismatch"),
                .init(
                    word: "refused", name: "ux-night-gone", target: "beta",
                    reason: "source-unavailable"),
            ], columns: columns, now: now
        ).lines.map { $0.withControlsShown.cut(toColumns: columns - 1) }
    }
}

extension Pictures {
    private static func item(
        _ id: String, name: String, mebibytes: Int64, _ action: PlanAction, _ reason: PlanReason,
        failure: TranshipError? = nil, notes: [Note] = []
    ) -> PlanItem {
        var source = Sample.source(id)
        source.name = name
        source.sizeBytes = mebibytes << 20
        var record = Sample.record()
        record.name = name
        var item = Sample.item(id, source: source, record: record)
        item.action = action
        item.reason = reason
        item.refusal = failure.map { .init($0) }
        item.notes = notes
        return item
    }

    /// 1,000 images: 2 refused for one reason, 1 for another, 2 in conflict, 1 new version.
    static let plan: PlanOverview = {
        var overview = PlanOverview(namesTargets: false)
        for number in 1...2 {
            overview.add(
                item(
                    "k\(number)", name: "windows-2019-v\(number)", mebibytes: 9, .refuse,
                    .refused(message: "signed"),
                    failure: TranshipError(
                        .refused, "it is signed with a key of alpha's key manager",
                        hint: "drop the signature: image.properties: { drop: [\"img_signature*\"] }"
                    )))
        }
        overview.add(
            item(
                "g", name: "gone", mebibytes: 0, .refuse, .refused(message: "404"),
                failure: TranshipError(.notFound, "GET http://mirror/gone.img: 404 Not Found")))
        for number in 1...2 {
            overview.add(
                item(
                    "c\(number)", name: "taken-\(number)", mebibytes: 1, .conflict,
                    .nameTaken(imageID: "0d5a-\(number)", .fail)))
        }
        overview.add(
            item(
                "v", name: "ubuntu-24.04", mebibytes: 600, .create,
                .earlierVersionStays(imageID: "dbeb078a")))
        for number in 1...984 {
            overview.add(
                item(
                    "n\(number)", name: "夜間イメージ-\(number)", mebibytes: Int64(number), .create,
                    .notAtTarget, notes: number % 2 == 0 ? [.emptyData] : []))
        }
        for number in 1...10 {
            overview.add(
                item(
                    "s\(number)", name: "there-\(number)", mebibytes: 1, .skip,
                    .alreadyAtTarget(imageID: "i\(number)")))
        }
        for number in 1...6 {
            let (key, words) =
                number < 4
                ? ("snapshots", "it is a snapshot")
                : number < 6 ? ("status", "its status is queued") : ("exclude", "`exclude` matches")
            overview.unselected.add(
                .init(name: "left-\(number)", cloud: "alpha", words: words), key: key)
        }
        return overview
    }()

    static func plan(columns: Int) -> [String] {
        plan.lines(
            headline: "ux-thousand: alpha -> beta   (a plan changes nothing)",
            changes: ["hide     Ubuntu 24.04 (9f) at beta: a newer version replaces it"],
            columns: columns)
    }
}

/// A file with a screen. `TRANSHIP_WRITE_DOCS=1` writes it again.
enum GoldenScreen {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Transcripts/Screens")

    static func expect(
        _ lines: [String], _ name: String, columns: Int,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        for line in lines where line.columnCount >= columns {
            Issue.record("\(line.columnCount) columns: \(line)", sourceLocation: location)
        }
        let file = folder.appendingPathComponent("\(name)-\(columns).txt")
        let text = lines.joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] != nil {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        #expect(
            try String(contentsOf: file, encoding: .utf8) == text, "\(file.path)",
            sourceLocation: location)
    }
}
