// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// How many images of a run are in flight at once.
public enum ImagesAtOnce: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// The run finds the number for each Image service by itself.
    case automatic
    /// So many for all targets together, 1 to 1,000.
    case atMost(Int)

    /// Where a service without any experience begins with ``automatic``.
    public static let first = 4

    public init(integerLiteral images: Int) { self = .atMost(images) }
}

/// How many images at once a run found good for one Image service. The next run begins with it.
public struct PaceExperience: Sendable, Hashable {
    /// Images in flight, 1 to 64.
    public var images: Int
    /// False if the number still doubled when the run ended.
    public var isSettled: Bool

    public init(images: Int, isSettled: Bool) {
        self.images = images
        self.isSettled = isSettled
    }
}
