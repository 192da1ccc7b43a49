// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Points in time as the journal keeps them: milliseconds since 1970, UTC.
public enum Timestamp {
    public static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }

    /// RFC 3339, whole seconds, UTC.
    public static func text(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
    }
}
