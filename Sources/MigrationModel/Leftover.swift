// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A record with our marker at a target that does not hold a whole image, and the decision of
/// `clean` about it.
public struct Leftover: Sendable, Hashable {
    public enum Fate: String, CaseIterable, Sendable {
        /// It should be removed: it is ours, and no transfer needs it.
        case remove
        /// It was removed.
        case removed
        /// It was already gone from the target; the reason says how.
        case gone
        /// It stays; the reason says why.
        case keep
        /// It could not be removed; the reason says why.
        case failed
    }

    public var fate: Fate
    public let image: TargetImage
    public var reason: PlanReason
    /// Words for people: the source image, and the proof that the record is a copy of it.
    public let whose: String
    /// The size of the source image; nil if unknown.
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
