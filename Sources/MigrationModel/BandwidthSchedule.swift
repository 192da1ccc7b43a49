// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The bytes a second that all transfers of a run may move together, by the local time of day.
///
/// Pure: the caller passes the time in. The schedule gives the time of day at which a rate changes,
/// and not the seconds until then, because a day with a change to summer time has 23 hours.
public struct BandwidthSchedule: Sendable, Hashable {
    /// A part of every day. It may include midnight.
    public struct Window: Sendable, Hashable {
        /// Minutes since midnight, 0 to 1439.
        public let fromMinute: Int
        /// The first minute after the window, 0 to 1439. If it equals ``fromMinute``, the window is
        /// the whole day.
        public let toMinute: Int
        /// The rate in the window; nil means unlimited.
        public let bytesPerSecond: Int64?

        public init(fromMinute: Int, toMinute: Int, bytesPerSecond: Int64?) {
            self.fromMinute = fromMinute
            self.toMinute = toMinute
            self.bytesPerSecond = bytesPerSecond
        }

        public func contains(minute: Int) -> Bool {
            fromMinute < toMinute
                ? (fromMinute..<toMinute).contains(minute)
                : minute >= fromMinute || minute < toMinute
        }

        public func overlaps(_ other: Window) -> Bool {
            contains(minute: other.fromMinute) || other.contains(minute: fromMinute)
        }

        /// `22:00 to 06:00`.
        public var words: String {
            "\(LocalTime.text(minuteOfDay: fromMinute)) to \(LocalTime.text(minuteOfDay: toMinute))"
        }
    }

    /// The windows. No two of them overlap.
    public var windows: [Window]
    /// The rate outside all windows. Nil means unlimited.
    public var restBytesPerSecond: Int64?

    /// - Parameter rest: the rate outside all windows; nil means unlimited.
    public init(windows: [Window] = [], rest: Int64? = nil) {
        self.windows = windows
        restBytesPerSecond = rest
    }

    /// True if no time of day has a limit.
    public var isUnlimited: Bool {
        restBytesPerSecond == nil && windows.allSatisfy { $0.bytesPerSecond == nil }
    }

    /// The lowest rate of the day; nil if no time of day has a limit.
    public var lowestBytesPerSecond: Int64? {
        (windows.map(\.bytesPerSecond) + [restBytesPerSecond]).compactMap(\.self).min()
    }

    /// Returns the rate in one minute of the day; nil means unlimited.
    public func bytesPerSecond(atMinute minute: Int) -> Int64? {
        guard let window = windows.first(where: { $0.contains(minute: minute) }) else {
            return restBytesPerSecond
        }
        return window.bytesPerSecond
    }

    /// Returns the next time of day with another rate; nil if the rate never changes.
    public func change(afterMinute minute: Int) -> (minute: Int, bytesPerSecond: Int64?)? {
        let now = bytesPerSecond(atMinute: minute)
        let day = LocalTime.minutesPerDay
        func wait(_ other: Int) -> Int { (other - minute + day) % day }
        let bounds = Set(windows.flatMap { [$0.fromMinute, $0.toMinute] }).subtracting([minute])
        for bound in bounds.sorted(by: { wait($0) < wait($1) }) {
            let next = bytesPerSecond(atMinute: bound)
            if next != now { return (bound, next) }
        }
        return nil
    }

    /// `50.0 MiB/s until 18:00, then no limit`.
    public func words(atMinute minute: Int) -> String {
        let now = Self.words(bytesPerSecond(atMinute: minute))
        guard let change = change(afterMinute: minute) else { return now }
        return "\(now) until \(LocalTime.text(minuteOfDay: change.minute)), then "
            + Self.words(change.bytesPerSecond)
    }

    /// `50.0 MiB/s`, or `no limit` for nil.
    public static func words(_ bytesPerSecond: Int64?) -> String {
        bytesPerSecond.map { "\(ByteCount.format($0))/s" } ?? "no limit"
    }
}
