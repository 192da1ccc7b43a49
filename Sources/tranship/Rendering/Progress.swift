// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TranshipKit

/// Shows the progress of a run: a drawing on a terminal, a line each minute in a log, or JSON
/// Lines. Also writes the progress to a file beside the journal, for `status`.
final class Progress: Sendable {
    private static let drawSeconds = 0.25
    private static let fileSeconds = 1.0
    private static let jsonSeconds = 5.0

    private let run: PipelineRun
    private let talk: Talk
    private let state: Guarded<State>

    private struct State {
        var working: Task<Void, Never>?
        var watch = ProgressWatch()
        var log = ProgressLog()
        var fileAt = 0.0
        var jsonAt = 0.0
        /// The number of bytes that this process sent, at the end.
        var sentBytes: Int64 = 0
    }

    init(run: PipelineRun, talk: Talk) {
        self.run = run
        self.talk = talk
        state = Guarded(State())
    }

    /// - Parameter runID: the run's number in the journal.
    func begin(_ plan: PipelinePlan, runID: Int64) {
        guard plan.work.images > 0 else { return }
        let now = Date().timeIntervalSince1970
        state.withLock { state in
            state.watch = ProgressWatch(runID: runID, work: plan.work, startedAt: Timestamp.now())
            state.log = ProgressLog(startedAt: now)
            state.jsonAt = now
        }
        // Many small images end before the first pause is over.
        if drawsBars { show() }
        let working = Task { [self] in
            while true {
                let seconds = drawsBars ? Self.drawSeconds : Self.fileSeconds
                do { try await Task.sleep(for: .seconds(seconds)) } catch { return }
                show()
            }
        }
        state.withLock { $0.working = working }
    }

    /// Ends the display. Nothing is drawn after it returns.
    ///
    /// - Returns: the bytes that this process sent.
    @discardableResult
    func end() async -> Int64 {
        let working = state.withLock { $0.working }
        working?.cancel()
        await working?.value
        Log.wipe()
        if working != nil { LiveProgress.remove(besideJournal: run.journalPath) }
        return run.progress.sentBytes
    }

    private var drawsBars: Bool { talk.style.draws && talk.format == .text }

    private func show() {
        let snapshot = run.progress
        let now = Date().timeIntervalSince1970
        let (live, line, json, file) = state.withLock { state in
            let live = state.watch.look(snapshot, at: Timestamp.now())
            func isDue(_ last: inout Double, _ seconds: Double) -> Bool {
                guard now - last >= seconds else { return false }
                last = now
                return true
            }
            let total = Total(live: live, snapshot: snapshot)
            return (
                live, state.log.isDue(live, at: now) ? total.line : nil,
                isDue(&state.jsonAt, Self.jsonSeconds) ? total : nil,
                isDue(&state.fileAt, Self.fileSeconds)
            )
        }
        if file { live.write(besideJournal: run.journalPath) }
        if talk.format == .json {
            json?.putJSON()
        } else if drawsBars {
            let screen = RunScreen(
                live: live, headline: headline(live), columns: Terminal.columns,
                rows: min(Terminal.rows, 16))
            Log.draw(screen.lines, percent: screen.percent)
        } else if talk.style.writes, let line {
            Terminal.tell(line)
        }
    }

    private func headline(_ live: LiveProgress) -> String {
        RunScreen.headline(
            run.pipelineName, route: run.route, runID: live.runID,
            seconds: (live.at - live.startedAt) / 1000, columns: Terminal.columns)
    }
}

/// Computes the progress of a run from repeated looks: the rates, and the time since each image
/// entered its state.
struct ProgressWatch {
    var runID: Int64 = 0
    var work: (images: Int, sizeBytes: Int64) = (0, 0)
    var startedAt: Int64 = 0
    private var whole = Rate()
    private var rates: [Int64: Rate] = [:]
    private var since: [Int64: (state: TransferState, at: Int64)] = [:]

    init() {}

    init(runID: Int64, work: (images: Int, sizeBytes: Int64), startedAt: Int64) {
        self.runID = runID
        self.work = work
        self.startedAt = startedAt
        // The first rate needs a starting value.
        whole.add(bytes: 0, at: Double(startedAt) / 1000)
    }

    mutating func look(_ snapshot: RunProgress, at now: Int64) -> LiveProgress {
        let seconds = Double(now) / 1000
        whole.add(bytes: snapshot.movedBytes, at: seconds)
        let waiting = snapshot.waiting.map { (transfer: $0, doneBytes: Int64(0)) }
        let ids = Set((snapshot.active + waiting).map(\.transfer.id))
        rates = rates.filter { ids.contains($0.key) }
        since = since.filter { ids.contains($0.key) }
        var doneBytes = snapshot.endedBytes
        let images = (snapshot.active + waiting).enumerated().map { index, entry in
            let transfer = entry.transfer
            let bytes = Self.bytes(transfer, sentBytes: entry.doneBytes)
            doneBytes = doneBytes.clampedSum(bytes)
            rates[transfer.id, default: Rate()].add(bytes: entry.doneBytes, at: seconds)
            if since[transfer.id]?.state != transfer.state {
                since[transfer.id] = (transfer.state, now)
            }
            return LiveProgress.Image(
                name: transfer.source.displayName, target: transfer.targetKey,
                state: transfer.state, doneBytes: bytes, sizeBytes: transfer.sizeBytes,
                bytesPerSecond: rates[transfer.id]?.bytesPerSecond ?? 0,
                stateSince: since[transfer.id]?.at ?? now,
                isWaiting: index >= snapshot.active.count && transfer.state.movesData)
        }
        return LiveProgress(
            runID: runID, processID: getpid(), startedAt: startedAt, at: now,
            totalImages: work.images, totalBytes: work.sizeBytes,
            endedImages: snapshot.endedImages, failedImages: snapshot.failedImages,
            doneBytes: min(work.sizeBytes, doneBytes), bytesPerSecond: whole.bytesPerSecond,
            images: images, outages: snapshot.outages,
            standstill: LiveProgress.Standstill(snapshot))
    }

    /// Returns the bytes of an image that count as sent: all of them once the target has them.
    private static func bytes(_ transfer: Transfer, sentBytes: Int64) -> Int64 {
        switch transfer.state {
        case .verifying, .publishing: transfer.sizeBytes ?? sentBytes
        case .importing:
            transfer.method.isServerSide ? sentBytes : transfer.sizeBytes ?? sentBytes
        case .planned, .reading, .read, .registered, .sending, .done, .skipped, .unpublished,
            .failed:
            sentBytes
        }
    }
}

/// Decides when a log gets a line: at most once a minute, and only if something has moved, or the
/// run waits for something new.
struct ProgressLog {
    private var toldAt: Double
    private var told: [Int64] = [0, 0]
    private var toldStandstill: String?

    init(startedAt: Double = 0) {
        toldAt = startedAt
    }

    mutating func isDue(_ live: LiveProgress, at now: Double) -> Bool {
        let figures = [live.doneBytes, Int64(live.endedImages)]
        let standstill = live.standstill?.reason.code
        guard now - toldAt >= ProgressStyle.logSeconds,
            figures != told || standstill != nil && standstill != toldStandstill
        else { return false }
        toldAt = now
        told = figures
        toldStandstill = standstill
        return true
    }
}

/// The progress of the whole run at one moment, as a line and as JSON.
struct Total {
    let live: LiveProgress
    let snapshot: RunProgress

    var line: String {
        let inFlight = snapshot.active.count { $0.transfer.state.movesData }
        var parts = [
            "\(live.endedImages - live.failedImages) of \(counted(live.totalImages, "image"))",
            "\(ByteCount.format(live.doneBytes)) of \(ByteCount.format(live.totalBytes))",
            "\(ByteCount.format(Int64(clamping: live.bytesPerSecond)))/s",
        ]
        if let left = live.secondsLeft { parts.append("\(TimeSpan.format(left)) left") }
        parts.append("\(inFlight) in flight")
        if live.failedImages > 0 { parts.append("\(live.failedImages) failed") }
        for outage in live.outages { parts.append("\(outage.name) is down") }
        if let standstill = live.standstill { parts.append(standstill.words) }
        return parts.joined(separator: ", ")
    }

    func putJSON() {
        JSONLine(
            "progress",
            [
                "images_done": .integer(Int64(live.endedImages)),
                "images_failed": .integer(Int64(live.failedImages)),
                "images_total": .integer(Int64(live.totalImages)),
                "bytes_done": .integer(live.doneBytes), "bytes_total": .integer(live.totalBytes),
                "bytes_per_second": .integer(Int64(clamping: live.bytesPerSecond)),
                "seconds_left": live.secondsLeft.map { .integer($0) },
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
