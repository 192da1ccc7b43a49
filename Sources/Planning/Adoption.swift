// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel

/// What a journal learns of one image that stands at a target, or would have
/// to know of it.
public struct Adoption: Sendable, Hashable {
    public enum Verdict: String, CaseIterable, Sendable {
        /// Written down as there, proved and published: a run skips it.
        case done
        /// Written down as ours, with something left to do for the next run.
        case work
        /// The journal says the same already.
        case known
        /// Not written down; the reason says why.
        case left
    }

    public var verdict: Verdict
    public var name: String
    /// The source's key; nil where no source of the pipeline has it.
    public var sourceKey: String?
    public var targetKey: String
    /// The image at the target; nil where it is gone.
    public var imageID: String?
    public var reason: String
    /// What the target reports that equals what was promised or computed.
    public var proofs: [Checksum] = []
    /// What the journal is to hold from now on.
    public var transfer: Transfer?

    /// The same for an image whose source the pipeline does not have (any more).
    static func stray(_ marked: MarkedImage) -> Adoption {
        let image = marked.image
        let isKnown = marked.transfer?.imageID == image.id
        let state = marked.transfer?.state.rawValue ?? ""
        return Adoption(
            verdict: isKnown ? .known : .left, name: image.name ?? image.id,
            sourceKey: isKnown ? marked.transfer?.source.key : nil, targetKey: image.targetKey,
            imageID: image.id,
            reason: isKnown
                ? "\(state) in the journal; its source is gone or no longer selected"
                : "no source of this pipeline is its origin: that is gone, or it is another "
                    + "pipeline's copy")
    }

    /// The same for an image with our marker under an id that is none of ours.
    static func forged(_ marked: MarkedImage) -> Adoption {
        let image = marked.image
        return Adoption(
            verdict: .left, name: image.name ?? image.id, sourceKey: marked.item?.source.key,
            targetKey: image.targetKey, imageID: image.id,
            reason: "it carries our marker under an id that we do not derive, as a snapshot of a "
                + "server does")
    }
}

/// Judges an item of the plan for ``Planner/adopt(each:)``. Pure.
struct AdoptionJudge {
    /// The item with its decision.
    let item: PlanItem
    /// The journal's transfer of this version.
    let known: Transfer?
    /// Images of the target that are copies of it, by their ids.
    let ours: [TargetImage]
    /// The stores that `all` stands for.
    var allStores: [String] = []

    /// Nil where there is nothing to adopt.
    func judge() -> Adoption? {
        let standing = ours.first { ["active", "deactivated"].contains($0.status) }
        guard let image = standing ?? ours.first(where: { $0.originValue == item.marker }) else {
            return withoutImage()
        }
        let proofs = image.checksums.filter { item.expected(known).contains($0) }
        switch item.action {
        case .refuse, .conflict, nil:
            return adoption(.left, image, item.reason)
        case .skip:
            if known?.imageID == image.id, known?.state.isFinal == true {
                return adoption(.known, image, item.reason, proofs)
            }
            var transfer = item.start
            transfer?.reported = proofs
            return adoption(.done, image, item.reason, proofs, transfer)
        case .create, .update:
            if standing != nil, let known, known.imageID == image.id,
                [.registered, .sending, .importing, .verifying, .publishing].contains(known.state)
            {
                return stale(known, image, proofs)
            }
            if let known, known.imageID == image.id, known.state == item.start?.state {
                return adoption(.known, image, item.reason, proofs)
            }
            let words = standing == nil ? item.reason : "\(item.reason); \(proof(proofs))"
            return adoption(.work, image, words, proofs, item.start)
        }
    }

    /// A row whose record is gone from the target.
    private func withoutImage() -> Adoption? {
        guard let known, let id = known.imageID else { return nil }
        var adoption = Adoption(
            verdict: .known, name: item.source.displayName, sourceKey: item.source.key,
            targetKey: item.targetKey, imageID: nil,
            reason: "\(known.state.rawValue) in the journal, and image \(id) is not there")
        if known.state.isFinal, item.action == .create {
            adoption.verdict = .work
            adoption.reason = item.reason
            adoption.transfer = item.start
        }
        return adoption
    }

    /// The journal believes it half-way, and it stands there with data: an older
    /// backup, or a process that died before it could write down the answer.
    private func stale(
        _ known: Transfer, _ image: TargetImage, _ proofs: [Checksum]
    ) -> Adoption {
        var transfer = known
        let was = "\(known.state.rawValue) in the journal, \(image.status) at the target"
        transfer.sizeBytes = transfer.sizeBytes ?? image.sizeBytes
        // It may have been published long ago, by a run that this journal forgot.
        transfer.isAdopted = true
        if transfer.state != .publishing { transfer.move(to: .verifying) }
        guard !proofs.isEmpty, item.isPublished(image),
            item.missingStores(image, all: allStores) == nil
        else {
            let words = "\(was); \(proof(proofs))"
            return transfer.state == known.state
                ? adoption(.known, image, words, proofs)
                : adoption(.work, image, words, proofs, transfer)
        }
        transfer.reported = proofs
        transfer.heldStores = image.stores
        if transfer.state != .publishing { transfer.move(to: .publishing) }
        transfer.move(to: .done)
        return adoption(.done, image, was, proofs, transfer)
    }

    private func proof(_ proofs: [Checksum]) -> String {
        if let proof = proofs.first { return "its \(proof.algorithm.rawValue) proves it" }
        return item.promise == nil
            ? "unverifiable: nothing is promised of its data"
            : "not proved by what the target reports; the next run reads it back"
    }

    private func adoption(
        _ verdict: Adoption.Verdict, _ image: TargetImage, _ reason: String,
        _ proofs: [Checksum] = [], _ transfer: Transfer? = nil
    ) -> Adoption {
        Adoption(
            verdict: verdict, name: item.source.displayName, sourceKey: item.source.key,
            targetKey: item.targetKey, imageID: image.id, reason: reason, proofs: proofs,
            transfer: transfer)
    }
}
