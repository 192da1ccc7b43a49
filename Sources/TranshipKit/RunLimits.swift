// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// Keeps the bandwidth of a run at what its pipeline file says for the time of day.
final class RunLimits: Sendable {
    let limiter: BandwidthLimiter
    private let schedule: BandwidthSchedule
    private let now: @Sendable () -> Int64
    private let notice: @Sendable (String) -> Void

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - notice: takes a line when the rate changes.
    init(
        _ schedule: BandwidthSchedule, now: @escaping @Sendable () -> Int64,
        notice: @escaping @Sendable (String) -> Void
    ) {
        self.schedule = schedule
        self.now = now
        self.notice = notice
        limiter = BandwidthLimiter(
            bytesPerSecond: schedule.bytesPerSecond(atMinute: LocalTime.minuteOfDay(now())))
    }

    /// Does the work, and follows the clock meanwhile.
    func following(
        _ work: () async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        guard !schedule.windows.isEmpty else { return try await work() }
        let looking = Task {
            while (try? await Task.sleep(for: .seconds(1))) != nil { look() }
        }
        defer { looking.cancel() }
        try await work()
    }

    /// Sets the rate that counts now. Says so if it is another one.
    func look() {
        let minute = LocalTime.minuteOfDay(now())
        let rate = schedule.bytesPerSecond(atMinute: minute)
        guard rate != limiter.bytesPerSecond else { return }
        limiter.change(bytesPerSecond: rate)
        notice("bandwidth: \(schedule.words(atMinute: minute))")
    }
}
