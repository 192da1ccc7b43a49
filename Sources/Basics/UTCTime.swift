// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Points in time as services write them. Independent of locale, time zone files and Foundation.
public enum UTCTime {
    /// Reads a time in RFC 3339. Returns seconds since 1970.
    ///
    /// Also reads a date alone, a blank in place of the `T`, and a time without an offset, which
    /// counts as UTC: Keystone and old Image services omit the offset. Drops fractions of a second.
    ///
    /// - Returns: nil for any other text.
    public static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        func has(_ character: Character, at index: Int) -> Bool {
            index < bytes.count && bytes[index] == character.asciiValue
        }
        guard let year = number(bytes, 0, 4), has("-", at: 4), let month = number(bytes, 5, 2),
            has("-", at: 7), let day = number(bytes, 8, 2),
            let midnight = midnight(year, month, day)
        else { return nil }
        if bytes.count == 10 { return midnight }
        guard has("T", at: 10) || has("t", at: 10) || has(" ", at: 10),
            let time = secondsOfDay(bytes, at: 11)
        else { return nil }
        var index = 19
        if has(".", at: index) {
            index += 1
            let start = index
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
            if index == start { return nil }
        }
        let moment = midnight + time
        if index == bytes.count { return moment }
        if has("Z", at: index) || has("z", at: index) {
            return index + 1 == bytes.count ? moment : nil
        }
        guard has("+", at: index) || has("-", at: index), bytes.count == index + 6,
            let offsetHours = number(bytes, index + 1, 2), has(":", at: index + 3),
            let offsetMinutes = number(bytes, index + 4, 2), offsetHours < 24, offsetMinutes < 60
        else { return nil }
        let offset = offsetHours * 3600 + offsetMinutes * 60
        return has("+", at: index) ? moment - offset : moment + offset
    }

    /// Reads an HTTP date in one of the three forms of RFC 9110, section 5.6.7:
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` (years before 70 are in
    /// this century) and `Sun Nov  6 08:49:37 1994`. Returns seconds since 1970; nil for any other
    /// text.
    public static func unixSecondsOfHTTPDate(_ text: String) -> Int64? {
        var parts = text.split(separator: " ").map(String.init)
        guard let weekday = parts.first else { return nil }
        if parts.count == 5 {
            if parts[2].utf8.count == 1 { parts[2] = "0" + parts[2] }
            parts = [weekday + ",", parts[2], parts[1], parts[4], parts[3], "GMT"]
        } else if parts.count == 4 {
            let date = parts[1].split(separator: "-").map(String.init)
            guard date.count == 3, date[2].utf8.count == 2 else { return nil }
            let century = date[2] < "70" ? "20" : "19"
            parts = [weekday, date[0], date[1], century + date[2], parts[2], parts[3]]
        }
        guard parts.count == 6, weekday.utf8.count >= 3, parts[0].hasSuffix(","),
            parts[5] == "GMT", let day = number(Array(parts[1].utf8), 0, 2),
            let month = months.firstIndex(of: parts[2]),
            let year = number(Array(parts[3].utf8), 0, 4),
            let midnight = midnight(year, Int64(month) + 1, day),
            let time = secondsOfDay(Array(parts[4].utf8), at: 0)
        else { return nil }
        return midnight + time
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Writes the time as `2026-01-01T00:00:00Z`.
    public static func text(unixSeconds: Int64) -> String {
        var day = unixSeconds / 86400
        var second = unixSeconds % 86400
        if second < 0 {
            day -= 1
            second += 86400
        }
        // civil_from_days of http://howardhinnant.github.io/date_algorithms.html
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = [
            padded(year, 4), padded(month, 2),
            padded(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, 2),
        ]
        let time = [
            padded(second / 3600, 2), padded(second % 3600 / 60, 2), padded(second % 60, 2),
        ]
        return date.joined(separator: "-") + "T" + time.joined(separator: ":") + "Z"
    }

    private static func padded(_ value: Int64, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64? {
        guard start + count <= bytes.count else { return nil }
        return bytes[start..<start + count].reduce(Int64?.some(0)) { value, byte in
            guard let value, (0x30...0x39).contains(byte) else { return nil }
            return value * 10 + Int64(byte - 0x30)
        }
    }

    /// Reads `08:49:37`. Allows second 60, a leap second.
    private static func secondsOfDay(_ bytes: [UInt8], at start: Int) -> Int64? {
        guard let hour = number(bytes, start, 2), let minute = number(bytes, start + 3, 2),
            let second = number(bytes, start + 6, 2), bytes[start + 2] == 0x3A,
            bytes[start + 5] == 0x3A, hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// Returns the start of a day of the proleptic Gregorian calendar in seconds since 1970; nil if
    /// there is no such day.
    private static func midnight(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
        guard (1...12).contains(month), day >= 1, day <= daysInMonth(year, month) else {
            return nil
        }
        // days_from_civil of http://howardhinnant.github.io/date_algorithms.html
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468) * 86400
    }

    private static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        switch month {
        case 2: return isLeap ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }
}
