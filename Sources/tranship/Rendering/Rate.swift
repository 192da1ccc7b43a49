// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Bytes a second over the last few seconds.
struct Rate {
    private var samples: [(bytes: Int64, at: Double)] = []
    private static let windowSeconds = 10.0

    mutating func add(bytes: Int64, at: Double) {
        samples.append((bytes, at))
        samples.removeAll { at - $0.at > Self.windowSeconds }
    }

    var bytesPerSecond: Double {
        guard let first = samples.first, let last = samples.last, last.at > first.at else {
            return 0
        }
        return Double(last.bytes - first.bytes) / (last.at - first.at)
    }
}
