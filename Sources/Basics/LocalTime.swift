// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Times of day on this machine's clock, as operators write them: `08:00`.
public enum LocalTime {
    public static let minutesPerDay = 1440

    /// Returns the minutes since midnight in the time zone of the process, 0 to 1439.
    ///
    /// - Parameter milliseconds: since 1970.
    public static func minuteOfDay(_ milliseconds: Int64) -> Int {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return 0 }
        return Int(parts.tm_hour) * 60 + Int(parts.tm_min)
    }

    /// Reads `08:00`, `8:00` or `24:00`.
    ///
    /// - Returns: minutes since midnight, 0 to 1440; nil for any other text.
    public static func parse(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour <= 24, minute < 60,
            hour < 24 || minute == 0
        else { return nil }
        return hour * 60 + minute
    }

    /// Writes a time of day: `08:00`.
    public static func text(minuteOfDay minute: Int) -> String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(two(minute / 60)):\(two(minute % 60))"
    }
}
