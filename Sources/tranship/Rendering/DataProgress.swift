// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// Shows the progress of one image's data: a bar on a terminal, otherwise a line every few seconds.
/// Shows nothing for work that ends at once.
final class DataProgress: Sendable {
    private let what: String
    private let sizeBytes: Int64?
    private let screen = Screen()
    private let state = Guarded(State())

    private struct State {
        var doneBytes: Int64 = 0
        var toldBytes: Int64 = 0
        var rate = Rate()
    }

    /// - Parameters:
    ///   - what: the name or id that the user gave for the image.
    ///   - sizeBytes: nil if the size is unknown until the end.
    init(_ what: String, sizeBytes: Int64?) {
        self.what = what.withControlsShown
        self.sizeBytes = sizeBytes
    }

    /// Receives the number of bytes done so far.
    var report: @Sendable (Int64) -> Void {
        { [self] bytes in state.withLock { $0.doneBytes = bytes } }
    }

    /// Shows progress until the work ends.
    @discardableResult
    func during<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        look()
        let drawing = Screen.redrawing { [self] in show() }
        let result = await Task { try await Interruption.guarding(work) }.result
        drawing.cancel()
        await drawing.value
        screen.wipe()
        return try result.get()
    }

    private func look() {
        let now = Date().timeIntervalSince1970
        state.withLock { $0.rate.add(bytes: $0.doneBytes, at: now) }
    }

    private func show() {
        look()
        let (doneBytes, bytesPerSecond) = state.withLock { ($0.doneBytes, $0.rate.bytesPerSecond) }
        let bar = DataBar(
            what: what, doneBytes: doneBytes, sizeBytes: sizeBytes, bytesPerSecond: bytesPerSecond)
        if Terminal.draws {
            screen.draw([bar.text(columns: Terminal.columns)])
        } else if state.withLock({ $0.toldBytes != doneBytes }) {
            state.withLock { $0.toldBytes = doneBytes }
            Terminal.tell(bar.line)
        }
    }
}

/// The bytes per second over the last few seconds.
struct Rate {
    private var samples: [(bytes: Int64, at: Double)] = []
    private static let windowSeconds = 10.0

    mutating func add(bytes: Int64, at: Double) {
        samples.append((bytes, at))
        samples.removeAll { at - $0.at > Self.windowSeconds }
    }

    var bytesPerSecond: Double {
        guard let first = samples.first, let last = samples.last, last.at > first.at else {
            return 0
        }
        return Double(last.bytes - first.bytes) / (last.at - first.at)
    }
}

/// The progress of image data at one moment.
struct DataBar {
    let what: String
    let doneBytes: Int64
    let sizeBytes: Int64?
    let bytesPerSecond: Double

    /// The line `disk.img: 1.2 GiB of 4.0 GiB (30%), 210.4 MiB/s, 13s left`.
    var line: String { "\(what): \(amount)\(speed)" }

    /// Returns the line with a bar, if the terminal has room for one.
    func text(columns: Int) -> String {
        guard let share else { return line }
        let rest = "\(Int(share * 100))% of \(ByteCount.format(sizeBytes ?? 0))\(speed)"
        let name = String(what.prefix(24))
        let width = min(30, columns - name.columnCount - rest.count - 6)
        guard width >= 8 else { return "\(name) \(rest)" }
        let filled = Int(share * Double(width))
        let bar =
            String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        return "\(name) [\(bar)] \(rest)"
    }

    private var share: Double? {
        guard let sizeBytes, sizeBytes > 0 else { return nil }
        return min(1, Double(doneBytes) / Double(sizeBytes))
    }

    private var amount: String {
        guard let sizeBytes, let share else { return ByteCount.format(doneBytes) }
        return
            "\(ByteCount.format(doneBytes)) of \(ByteCount.format(sizeBytes)) (\(Int(share * 100))%)"
    }

    private var speed: String {
        guard bytesPerSecond >= 1 else { return "" }
        let speed = ", \(ByteCount.format(Int64(clamping: bytesPerSecond)))/s"
        guard let sizeBytes, sizeBytes > doneBytes else { return speed }
        let left = Int64(clamping: Double(sizeBytes - doneBytes) / bytesPerSecond)
        return speed + ", \(TimeSpan.format(left)) left"
    }
}
