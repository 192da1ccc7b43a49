// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The screen of a run at work: its images in flight, the totals, and the endpoints that do not
/// answer. Pure, so that `status --watch` can show the same.
struct RunScreen {
    let live: LiveProgress
    /// The first line.
    let headline: String
    /// The width of the terminal in columns.
    let columns: Int
    /// The height of the terminal in lines. Images that do not fit are only counted.
    var rows = 24

    var lines: [String] {
        let end =
            [total]
            + (live.standstill.map {
                "… \($0.words)".wrapped(toColumns: columns - 1, indent: 2)
            } ?? [])
            + live.outages.flatMap { words($0).wrapped(toColumns: columns - 1, indent: 2) }
        let room = max(1, rows - 2 - end.count)
        var shown = live.images
        var more: [String] = []
        if shown.count > room {
            let left = shown.count - (room - 1)
            shown = Array(shown.prefix(room - 1))
            more = ["  … and \(left) more in flight"]
        }
        return [headline] + imageLines(shown) + more + end
    }

    /// Returns the first line. On a narrow terminal the route is dropped first, then part of the
    /// name: people look for the time and the way to stop.
    static func headline(
        _ name: String, route: String, runID: Int64, seconds: Int64, columns: Int
    ) -> String {
        let facts = "   run \(runID)   elapsed \(ClockText.format(seconds))   Ctrl-C stops"
        let again = ", run again"
        let all = [
            "\(name): \(route)\(facts)\(again)", "\(name)\(facts)\(again)", "\(name)\(facts)",
        ]
        return all.first { $0.columnCount < columns }
            ?? name.cut(toColumns: max(1, columns - 1 - facts.columnCount)) + facts
    }

    /// The progress of the whole run.
    var percent: Int { Self.percent(live.doneBytes, of: live.totalBytes) ?? 0 }

    static func percent(_ bytes: Int64, of whole: Int64) -> Int? {
        guard whole > 0 else { return nil }
        return Int(clamping: Int64(clamping: Double(min(bytes, whole)) / Double(whole) * 100))
    }

    // MARK: Images

    private func imageLines(_ images: [LiveProgress.Image]) -> [String] {
        let cells = images.map(cells)
        let usable = columns - 1
        // A narrower terminal gets fewer columns.
        let kept = usable >= 70 ? 6 : usable >= 50 ? 4 : 3
        var widths = (0..<6).map { column in
            column < kept ? cells.map { $0.figures[column].columnCount }.max() ?? 0 : 0
        }
        let taken = widths.dropFirst().filter { $0 > 0 }.reduce(0) { $0 + $1 + 2 } + 4
        let longest = images.map(\.name.withControlsShown.columnCount).max() ?? 0
        let (name, target) = Self.shares(of: max(16, usable - taken), longest, widths[0])
        widths[0] = target
        return cells.map { row in
            var line = "  " + row.name.filled(toColumns: name)
            for (column, width) in widths.enumerated() where width > 0 {
                line += "  " + row.figures[column].filled(toColumns: width, fromRight: column > 1)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// Returns the widths for names and targets. The shorter ones stay whole if they take at most
    /// half of the space. Otherwise both are cut, and each gets half.
    private static func shares(
        of room: Int, _ names: Int, _ targets: Int
    ) -> (name: Int, target: Int) {
        guard names + targets > room else { return (names, targets) }
        let half = room / 2
        if targets <= half { return (room - targets, targets) }
        return names <= half ? (names, room - names) : (room - half, half)
    }

    /// Returns the cells: target, state, percent, bytes, rate and time left.
    private func cells(_ image: LiveProgress.Image) -> (name: String, figures: [String]) {
        let state = image.isWaiting ? "waiting" : image.state.activity
        let spent = "for \(ClockText.format((live.at - image.stateSince) / 1000))"
        var figures = [image.target.withControlsShown, state, "-", "", "", ""]
        let size = image.sizeBytes ?? 0
        switch image.state {
        case .reading, .sending, .registered, .planned, .read:
            guard !image.isWaiting else {
                figures[4] = spent
                break
            }
            if let percent = Self.percent(image.doneBytes, of: size) {
                figures[2] = "\(percent)%"
                figures[3] = ByteCount.share(min(image.doneBytes, size), of: size)
            } else {
                figures[3] = ByteCount.short(image.doneBytes)
            }
            guard image.bytesPerSecond >= 1 else { break }
            figures[4] = Self.rate(image.bytesPerSecond)
            guard size > image.doneBytes else { break }
            figures[5] = ClockText.format(
                Int64(
                    clamping: Double(size.clampedDifference(image.doneBytes)) / image.bytesPerSecond
                ))
        case .importing:
            figures[3] = image.sizeBytes.map { ByteCount.short($0) } ?? ""
            figures[4] = spent
        case .verifying, .publishing, .done, .skipped, .unpublished, .failed:
            figures[2] = "100%"
            figures[3] = image.sizeBytes.map { ByteCount.short($0) } ?? ""
            figures[4] = spent
        }
        return (image.name.withControlsShown, figures)
    }

    static func rate(_ bytesPerSecond: Double) -> String {
        ByteCount.short(Int64(clamping: bytesPerSecond)) + "/s"
    }

    // MARK: The whole

    var total: String {
        let share = percent
        let rate = live.bytesPerSecond >= 1 ? Self.rate(live.bytesPerSecond) : nil
        let left = live.secondsLeft.map { "\(ClockText.format($0)) left" }
        let done = live.endedImages - live.failedImages
        let failed = live.failedImages > 0 ? "\(live.failedImages) failed" : nil
        var parts = [
            "\(share)%", ByteCount.share(live.doneBytes, of: live.totalBytes, joint: " of "), rate,
            left, "\(done) of \(counted(live.totalImages, "image"))", failed,
        ]
        func joined() -> String { parts.compactMap(\.self).joined(separator: "  ") }
        // On a narrow terminal, drop the least important part first: the rate, the bytes, the time
        // left.
        for place in [2, 1, 3] where joined().columnCount > columns - 1 { parts[place] = nil }
        let rest = joined()
        let width = min(20, columns - 1 - rest.columnCount - 3)
        guard width >= 5 else { return rest }
        let filled = share * width / 100
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: "-", count: width - filled) + "] " + rest
    }

    /// Returns words such as `! beta down since 16:07 (1:16), next try in 20 s, gives up 16:37`.
    private func words(_ outage: RunProgress.Outage) -> String {
        func clock(_ milliseconds: Int64) -> String {
            String(Timestamp.text(milliseconds).dropFirst(11).prefix(5)) + "Z"
        }
        let next = outage.nextTryAt.map {
            ", next try in \(max(0, ($0 - live.at) / 1000)) s"
        }
        return "! \(outage.name) down since \(clock(outage.since)) "
            + "(\(ClockText.format((live.at - outage.since) / 1000)))\(next ?? ", trying now")"
            + ", gives up \(clock(outage.givesUpAt))"
    }
}

extension TransferState {
    /// The activity of an image in this state while a process works on it.
    var activity: String {
        switch self {
        case .planned, .registered: "starting"
        case .reading: "reading"
        case .read: "in spool"
        case .sending: "sending"
        case .importing: "importing"
        case .verifying: "comparing"
        case .publishing: "publishing"
        case .done, .skipped, .unpublished, .failed: rawValue
        }
    }

    /// The progress of an image on which no process works.
    var rest: String {
        switch self {
        case .planned: "not started"
        case .done, .failed, .unpublished: rawValue
        case .skipped: "already there"
        case .reading, .read, .registered, .sending, .importing, .verifying, .publishing:
            "not finished"
        }
    }
}
