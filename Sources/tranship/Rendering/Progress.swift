// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationJournal
import MigrationModel
import MigrationPipeline
import Synchronization
import TranshipKit

/// The work of a run when it starts: images and bytes.
struct Remaining: Sendable {
    var images = 0
    var sizeBytes: Int64 = 0

    init() {}

    /// - Parameter plan: nil once the run has taken it over.
    init(journal: Journal, plan: Plan?, run: Run) async throws(TranshipError) {
        if let plan {
            for tally in try await plan.tally()
            where [.create, .update].contains(tally.action) {
                images += tally.images
                sizeBytes = sizeBytes.clampedSum(tally.sizeBytes)
            }
            return
        }
        for tally in try await journal.tally(run: run) where !tally.state.isFinal {
            images += tally.images
            sizeBytes = sizeBytes.clampedSum(tally.sizeBytes)
        }
    }
}

/// Shows progress: bars on a terminal, otherwise a line every few seconds, or JSON Lines.
final class Progress: Sendable {
    private static let drawSeconds = 0.25
    private static let lineSeconds = 5.0
    private static let imagesShownMax = 8

    private let monitor: RunMonitor
    private let talk: Talk
    private let state = Mutex(State())

    private struct State {
        var drawing: Task<Void, Never>?
        var remaining = Remaining()
        var rate = Rate()
    }

    init(monitor: RunMonitor, talk: Talk) {
        self.monitor = monitor
        self.talk = talk
    }

    func begin(_ remaining: Remaining) {
        guard remaining.images > 0 else { return }
        let seconds = drawsBars ? Self.drawSeconds : Self.lineSeconds
        let drawing = Task { [self] in
            while true {
                do { try await Task.sleep(for: .seconds(seconds)) } catch { return }
                show()
            }
        }
        state.withLock {
            $0.remaining = remaining
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
        let snapshot = monitor.snapshot()
        let now = Date().timeIntervalSince1970
        let (remaining, rate) = state.withLock { state in
            state.rate.add(bytes: snapshot.movedBytes, at: now)
            return (state.remaining, state.rate.bytesPerSecond)
        }
        let total = Total(snapshot: snapshot, remaining: remaining, bytesPerSecond: rate)
        if talk.format == .json { return total.putJSON() }
        guard drawsBars else { return Terminal.tell(total.line) }
        let columns = Terminal.columns
        let active = snapshot.active.prefix(Self.imagesShownMax).map {
            Self.bar($0, columns: columns)
        }
        talk.screen.draw(active + [total.line])
    }

    private static func bar(_ active: RunMonitor.Active, columns: Int) -> String {
        let name = String(active.transfer.source.displayName.prefix(24))
        let label = name + String(repeating: " ", count: 24 - name.count)
        let state = active.transfer.state.rawValue
        guard let size = active.sizeBytes, size > 0 else {
            return "\(label) \(ByteCount.format(active.doneBytes)) \(state)"
        }
        let width = max(8, min(30, columns - 64))
        let share = min(1, Double(active.doneBytes) / Double(size))
        let filled = Int(share * Double(width))
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: "-", count: width - filled)
        return "\(label) [\(bar)] \(Int(share * 100))% of \(ByteCount.format(size)) \(state)"
    }
}

/// The progress of the whole run at one moment.
private struct Total {
    let snapshot: RunMonitor.Snapshot
    let remaining: Remaining
    let bytesPerSecond: Double

    private var doneBytes: Int64 {
        min(
            remaining.sizeBytes,
            snapshot.endedBytes + snapshot.active.reduce(0) { $0 + $1.doneBytes })
    }

    private var leftSeconds: Int64? {
        guard bytesPerSecond > 1 else { return nil }
        return Int64(Double(remaining.sizeBytes - doneBytes) / bytesPerSecond)
    }

    var line: String {
        var parts = [
            "\(snapshot.endedImages) of \(remaining.images) images",
            "\(ByteCount.format(doneBytes)) of \(ByteCount.format(remaining.sizeBytes))",
            "\(ByteCount.format(Int64(bytesPerSecond)))/s",
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
                "images_total": .integer(Int64(remaining.images)),
                "bytes_done": .integer(doneBytes), "bytes_total": .integer(remaining.sizeBytes),
                "bytes_per_second": .integer(Int64(bytesPerSecond)),
                "seconds_left": leftSeconds.map { .integer($0) },
                "in_flight": .array(
                    snapshot.active.map {
                        .object([
                            "name": .string($0.transfer.source.displayName),
                            "target": .string($0.transfer.targetKey),
                            "state": .string($0.transfer.state.rawValue),
                            "bytes": .integer($0.doneBytes),
                            "size": $0.sizeBytes.map { .integer($0) } ?? .null,
                        ])
                    }),
            ]
        ).put()
    }
}
