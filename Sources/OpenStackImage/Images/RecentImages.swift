// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams

/// Records that one part of a run has just read and that the next part needs. The proof of a copy
/// reads the record with which publishing begins, so publishing saves its request.
///
/// A record is handed over once, and only while it is new. So a change by another client is noticed
/// nearly as early as with a request of its own.
package final class RecentImages: Sendable {
    private struct Entry: Sendable {
        var image: Image
        var readAt: Int64
    }

    /// The maximum age of a record that counts as just read.
    private static let ageMaxMilliseconds: Int64 = 5000
    /// The maximum number of records, far more than are in flight at once.
    private static let countMax = 2000

    private let entries = Guarded<[String: Entry]>([:])
    /// The time in milliseconds since 1970.
    private let now: @Sendable () -> Int64

    /// - Parameter now: returns the time in milliseconds since 1970.
    package init(now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    package func put(_ image: Image) {
        let entry = Entry(image: image, readAt: now())
        entries.withLock { entries in
            if entries.count >= Self.countMax { entries.removeAll() }
            entries[image.id] = entry
        }
    }

    /// Takes out the record, if it was read within the last seconds. A second call returns nil.
    package func take(_ id: String) -> Image? {
        let time = now()
        return entries.withLock { entries in
            guard let entry = entries.removeValue(forKey: id),
                (0...Self.ageMaxMilliseconds).contains(time.clampedDifference(entry.readAt))
            else { return nil }
            return entry.image
        }
    }
}
