// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// Who promises what the bytes of an image hash to, for messages.
public struct Promiser: Sendable, Hashable {
    /// Completes "the promise comes from": "`checksum`, night.yaml:7", "the list https://…".
    public var words: String
    /// What to do if the bytes hash to something else.
    public var remedy: String

    public init(_ words: String, remedy: String) {
        self.words = words
        self.remedy = remedy
    }
}

extension TranshipError {
    /// The error, with who made the promise that the data of the source does not keep.
    func ofPromise(_ promiser: Promiser?) -> TranshipError {
        guard code == .checksumMismatch, let promiser else { return self }
        return adding("; the promise comes from \(promiser.words)")
            .hinting(promiser.remedy, leavesNothing: true)
    }
}
