// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams

/// Records that one part of a run has just read and the next part needs: what proves a copy reads
/// its record, and publishing begins with the same one. The second reader saves its request.
///
/// A record is handed over once, and only while it is new: what others change at a service is seen
/// as late as with a request of that moment.
package final class RecentImages: Sendable {
    private struct Entry: Sendable {
        var image: Image
        var readAt: Int64
    }

    /// How long a record counts as just read, in milliseconds.
    private static let ageMaxMilliseconds: Int64 = 5000
    /// Far more than are in flight at once.
    private static let countMax = 2000

    private let entries = Guarded<[String: Entry]>([:])
    /// Milliseconds since 1970.
    private let now: @Sendable () -> Int64

    /// - Parameter now: milliseconds since 1970.
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

    /// The record, if it was read within the last seconds. The next reader gets nothing.
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
