// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The result of `adopt` for one image at a target.
public struct Adoption: Sendable, Hashable {
    public enum Verdict: String, CaseIterable, Sendable {
        /// The journal now has the image as proved and published: a run skips it.
        case done
        /// The journal now has the image as ours; the next run has something left to do.
        case work
        /// The journal had the image already.
        case known
        /// The journal does not take the image; ``Adoption/reason`` says why.
        case left
    }

    public var verdict: Verdict
    public var name: String
    /// The source image's key; nil if no source of the pipeline has the image.
    public var sourceKey: String?
    public var targetKey: String
    /// The image at the target; nil if it is gone.
    public var imageID: String?
    public var reason: PlanReason?
    /// The proof of its data, or the fact that there is none; nil if that does not matter.
    public var proof: PlanReason?
    /// The target's checksums that equal promised or computed ones.
    public var proofs: [Checksum]
    /// The row that the journal gets.
    public var transfer: Transfer?

    public init(
        _ verdict: Verdict, name: String, sourceKey: String?, targetKey: String,
        imageID: String?, reason: PlanReason?, proofs: [Checksum] = [], transfer: Transfer? = nil
    ) {
        self.verdict = verdict
        self.name = name
        self.sourceKey = sourceKey
        self.targetKey = targetKey
        self.imageID = imageID
        self.reason = reason
        self.proofs = proofs
        self.transfer = transfer
    }

    /// The reason and the proof, for people.
    public var words: String {
        [reason, proof].compactMap { $0?.words }.joined(separator: "; ")
    }
}
