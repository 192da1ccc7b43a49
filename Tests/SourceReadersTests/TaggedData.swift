// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport

/// Data for which a server has an ETag, and which a test changes and removes.
final class TaggedData: Sendable {
    private let bytes = Guarded<[UInt8]?>(nil)
    private let version = Guarded(1)

    var reply: Reply {
        guard let bytes = bytes.withLock({ $0 }) else { return .status(404, text: "gone") }
        let version = version.withLock { $0 }
        return .status(
            200, headers: [("ETag", "\"v\(version)\""), ("Content-Length", "\(bytes.count)")],
            body: bytes)
    }

    func put(_ bytes: [UInt8]) { self.bytes.withLock { $0 = bytes } }

    /// Replaces the data by other data of the size that the conformance suite uses.
    func change() {
        put(noise(1000, seed: 2))
        version.withLock { $0 += 1 }
    }

    func remove() { bytes.withLock { $0 = nil } }
}
