// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Points in time as the journal stores them: milliseconds since 1970, UTC.
public enum Timestamp {
    /// Returns the current time.
    public static func now() -> Int64 {
        Int64(clamping: Date().timeIntervalSince1970 * 1000)
    }

    /// Writes the time as RFC 3339 in UTC, such as `2026-01-01T00:00:00Z`; drops the milliseconds.
    public static func text(_ milliseconds: Int64) -> String {
        UTCTime.text(unixSeconds: milliseconds / 1000)
    }
}
