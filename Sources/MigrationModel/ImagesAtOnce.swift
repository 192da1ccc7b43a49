// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The number of images of a run that are in flight at once.
public enum ImagesAtOnce: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// The run finds the best number for each Image service.
    case automatic
    /// The most images for all targets together, 1 to 1,000.
    case atMost(Int)

    /// The number with which ``automatic`` begins at a service without any experience.
    public static let first = 4

    public init(integerLiteral images: Int) { self = .atMost(images) }
}

/// The number of images at once that a run found best for one Image service. The next run begins
/// with that number.
public struct PaceExperience: Sendable, Hashable {
    /// Images in flight, 1 to 64.
    public var images: Int
    /// False if the run was still doubling the number when it ended.
    public var isSettled: Bool

    public init(images: Int, isSettled: Bool) {
        self.images = images
        self.isSettled = isSettled
    }
}
