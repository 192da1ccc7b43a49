// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The party that promises an image's checksum, for messages.
public struct Promiser: Sendable, Hashable {
    /// The party, in words that complete "the promise comes from": "`checksum`, night.yaml:7", "the
    /// list https://…".
    public var words: String
    /// The hint for data that has another checksum.
    public var remedy: String

    public init(_ words: String, remedy: String) {
        self.words = words
        self.remedy = remedy
    }
}

extension TranshipError {
    /// Adds the party whose promise the source's data breaks.
    func ofPromise(_ promiser: Promiser?) -> TranshipError {
        guard code == .checksumMismatch, let promiser else { return self }
        return adding("; the promise comes from \(promiser.words)")
            .hinting(promiser.remedy, leavesNothing: true)
    }
}
