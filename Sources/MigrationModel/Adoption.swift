// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What `adopt` finds out about one image at a target.
public struct Adoption: Sendable, Hashable {
    public enum Verdict: String, CaseIterable, Sendable {
        /// The journal now has it as proved and published: a run skips it.
        case done
        /// The journal now has it as ours; the next run has something left to do.
        case work
        /// The journal says the same already.
        case known
        /// The journal does not take it; the reason says why.
        case left
    }

    public var verdict: Verdict
    public var name: String
    /// The source's key; nil if no source of the pipeline has it.
    public var sourceKey: String?
    public var targetKey: String
    /// The image at the target; nil if it is gone.
    public var imageID: String?
    public var reason: PlanReason?
    /// What proves its data, or that nothing does; nil if that does not matter.
    public var proof: PlanReason?
    /// What the target reports that equals what was promised or computed.
    public var proofs: [Checksum]
    /// What the journal is to hold from now on.
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
