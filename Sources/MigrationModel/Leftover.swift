// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A record with our marker at a target that holds no whole image, and what
/// `clean` does with it.
public struct Leftover: Sendable, Hashable {
    public enum Fate: String, CaseIterable, Sendable {
        /// It is ours, and no transfer needs it.
        case remove
        /// It was removed.
        case removed
        /// It was not at the target any more; the reason says who removed it.
        case gone
        /// It stays; the reason says why.
        case keep
        /// It could not be removed; the reason says why.
        case failed
    }

    public var fate: Fate
    public let image: TargetImage
    public var reason: PlanReason
    /// The source image, and what proves that the record is a copy of it.
    public let whose: String
    /// Of the source image; nil if unknown.
    public let sizeBytes: Int64?

    public init(
        _ fate: Fate, _ image: TargetImage, _ reason: PlanReason, whose: String,
        sizeBytes: Int64?
    ) {
        self.fate = fate
        self.image = image
        self.reason = reason
        self.whose = whose
        self.sizeBytes = sizeBytes
    }
}
