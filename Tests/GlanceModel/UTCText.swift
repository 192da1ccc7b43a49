// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Times in the format of RFC 3339, as the Image service writes them.
package enum UTCText {
    /// - Parameter milliseconds: the time since 1970.
    package static func text(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        let ofDay = seconds % 86_400
        let (year, month, day) = date(seconds / 86_400)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(day))T\(two(ofDay / 3600)):"
            + "\(two(ofDay / 60 % 60)):\(two(ofDay % 60))Z"
    }

    /// Returns the Gregorian date the given number of days after 1970-01-01, counted in years that
    /// begin in March (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * month + 2) / 5 + 1
        return (year + era * 400 + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9, day)
    }
}
