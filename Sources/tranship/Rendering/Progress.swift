// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Synchronization
import TranshipKit

/// Shows progress: bars on a terminal, otherwise a line every few seconds, or JSON Lines.
final class Progress: Sendable {
    private static let imagesShownMax = 8

    private let run: PipelineRun
    private let talk: Talk
    private let state = Mutex(State())

    private struct State {
        var drawing: Task<Void, Never>?
        /// The work of the run when it starts.
        var work: (images: Int, sizeBytes: Int64) = (0, 0)
        var rate = Rate()
    }

    init(run: PipelineRun, talk: Talk) {
        self.run = run
        self.talk = talk
    }

    func begin(_ plan: PipelinePlan) {
        guard plan.work.images > 0 else { return }
        let drawing = Screen.redrawing(onTerminal: drawsBars) { [self] in show() }
        state.withLock {
            $0.work = plan.work
            $0.drawing = drawing
            // The first rate needs a starting value.
            $0.rate.add(bytes: 0, at: Date().timeIntervalSince1970)
        }
    }

    /// Ends the display. Nothing is drawn after it returns.
    func end() async {
        let drawing = state.withLock { $0.drawing }
        drawing?.cancel()
        await drawing?.value
        talk.screen.wipe()
    }

    private var drawsBars: Bool { Terminal.talkIsTerminal && talk.format == .text }

    private func show() {
        let snapshot = run.progress
        let now = Date().timeIntervalSince1970
        let (work, rate) = state.withLock { state in
            state.rate.add(bytes: snapshot.movedBytes, at: now)
            return (state.work, state.rate.bytesPerSecond)
        }
        let total = Total(snapshot: snapshot, work: work, bytesPerSecond: rate)
        if talk.format == .json { return total.putJSON() }
        guard drawsBars else { return Terminal.tell(total.line) }
        let columns = Terminal.columns
        let active = snapshot.active.prefix(Self.imagesShownMax).map {
            Self.bar($0.transfer, $0.doneBytes, columns: columns)
        }
        talk.screen.draw(active + [total.line])
    }

    private static func bar(_ transfer: Transfer, _ doneBytes: Int64, columns: Int) -> String {
        let state = " " + transfer.state.rawValue
        let name = transfer.source.displayName.withControlsShown
        return DataBar(
            what: String(name.prefix(24)).padded(to: 24), doneBytes: doneBytes,
            sizeBytes: transfer.sizeBytes, bytesPerSecond: 0
        ).text(columns: columns - state.count) + state
    }
}

/// The progress of the whole run at one moment.
struct Total {
    let snapshot: RunProgress
    let work: (images: Int, sizeBytes: Int64)
    let bytesPerSecond: Double

    private var doneBytes: Int64 {
        min(
            work.sizeBytes,
            snapshot.active.reduce(snapshot.endedBytes) { $0.clampedSum($1.doneBytes) })
    }

    private var leftSeconds: Int64? {
        guard bytesPerSecond > 1 else { return nil }
        return Int64(clamping: Double(work.sizeBytes - doneBytes) / bytesPerSecond)
    }

    var line: String {
        var parts = [
            "\(snapshot.endedImages) of \(work.images) images",
            "\(ByteCount.format(doneBytes)) of \(ByteCount.format(work.sizeBytes))",
            "\(ByteCount.format(Int64(clamping: bytesPerSecond)))/s",
        ]
        if let leftSeconds { parts.append("\(TimeSpan.format(leftSeconds)) left") }
        parts.append("\(snapshot.active.count) in flight")
        return parts.joined(separator: ", ")
    }

    func putJSON() {
        JSONLine(
            "progress",
            [
                "images_done": .integer(Int64(snapshot.endedImages)),
                "images_total": .integer(Int64(work.images)),
                "bytes_done": .integer(doneBytes), "bytes_total": .integer(work.sizeBytes),
                "bytes_per_second": .integer(Int64(clamping: bytesPerSecond)),
                "seconds_left": leftSeconds.map { .integer($0) },
                "in_flight": .array(
                    snapshot.active.map {
                        .object([
                            "name": .string($0.transfer.source.displayName),
                            "target": .string($0.transfer.targetKey),
                            "state": .string($0.transfer.state.rawValue),
                            "bytes": .integer($0.doneBytes),
                            "size": $0.transfer.sizeBytes.map { .integer($0) } ?? .null,
                        ])
                    }),
            ]
        ).put()
    }
}
