// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The process that holds the lock of a journal or a plan, as the lock file names it.
public struct LockHolder: Hashable, Sendable {
    /// Nil if the lock file does not have it.
    public let processID: Int32?
    /// For people: `process 4711 on host, since 2026-03-01T02:00:00Z`.
    public let words: String

    /// - Parameter now: milliseconds since 1970.
    public init(processID: Int32, host: String, now: Int64) {
        self.processID = processID
        words = "\(Self.beginning)\(processID) on \(host), since \(Timestamp.text(now))"
    }

    /// Reads the text of the lock file, which has the ``words``.
    public init(text: String) {
        words = text.isEmpty ? "another process" : text
        let rest = text.hasPrefix(Self.beginning) ? text.dropFirst(Self.beginning.count) : ""
        let digits = String(rest.prefix { $0 != " " })
        processID = Int(digits).flatMap { Int32(exactly: $0) }
    }

    private static let beginning = "process "
}
