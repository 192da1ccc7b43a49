// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Moments as the Image service and RFC 3339 write them. Locale, time zone
/// files and Foundation have no part in it.
enum UTCTime {
    /// Seconds since 1970, or nil for anything but `2026-01-01`,
    /// `2026-01-01T00:00:00Z`, the same with a fraction (dropped), with an
    /// offset such as `+02:00`, or without any, which is taken as UTC: the
    /// Image service of old clouds writes it so.
    static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int64? {
            guard start + count <= bytes.count else { return nil }
            return bytes[start..<start + count].reduce(Int64?.some(0)) { value, byte in
                guard let value, (0x30...0x39).contains(byte) else { return nil }
                return value * 10 + Int64(byte - 0x30)
            }
        }
        func has(_ character: Character, at index: Int) -> Bool {
            index < bytes.count && bytes[index] == character.asciiValue
        }
        guard let year = number(0, 4), has("-", at: 4), let month = number(5, 2),
            has("-", at: 7), let day = number(8, 2), (1...12).contains(month), day >= 1,
            day <= daysInMonth(year, month)
        else { return nil }
        let midnight = days(year, month, day) * 86400
        if bytes.count == 10 { return midnight }
        guard has("T", at: 10) || has("t", at: 10) || has(" ", at: 10),
            let hour = number(11, 2), has(":", at: 13), let minute = number(14, 2),
            has(":", at: 16), let second = number(17, 2), hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        if has(".", at: index) {
            index += 1
            let start = index
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
            if index == start { return nil }
        }
        let moment = midnight + hour * 3600 + minute * 60 + second
        if index == bytes.count { return moment }
        if has("Z", at: index) || has("z", at: index) {
            return index + 1 == bytes.count ? moment : nil
        }
        guard has("+", at: index) || has("-", at: index), bytes.count == index + 6,
            let offsetHours = number(index + 1, 2), has(":", at: index + 3),
            let offsetMinutes = number(index + 4, 2), offsetHours < 24, offsetMinutes < 60
        else { return nil }
        let offset = offsetHours * 3600 + offsetMinutes * 60
        return has("+", at: index) ? moment - offset : moment + offset
    }

    /// `2026-01-01T00:00:00Z`.
    static func text(unixSeconds: Int64) -> String {
        var day = unixSeconds / 86400
        var second = unixSeconds % 86400
        if second < 0 {
            day -= 1
            second += 86400
        }
        // Civil from days: http://howardhinnant.github.io/date_algorithms.html
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

    private static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        switch month {
        case 2: return isLeap ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar:
    /// http://howardhinnant.github.io/date_algorithms.html, days_from_civil.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
