// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel

extension Adoption {
    /// Returns the verdict for an image whose source is not in the pipeline, or is no longer in it.
    ///
    /// - Parameter isSelected: true if the source is in the pipeline, with another version.
    static func stray(_ marked: MarkedImage, isSelected: Bool = false) -> Adoption {
        let image = marked.image
        let isKnown = marked.transfer?.imageID == image.id
        let state = marked.transfer?.state ?? .planned
        return Adoption(
            isKnown ? .known : .left, name: image.name ?? image.id,
            sourceKey: isKnown ? marked.transfer?.source.key : nil, targetKey: image.targetKey,
            imageID: image.id,
            reason: !isKnown
                ? .noSource
                : isSelected ? .otherVersion(state: state) : .sourceNotSelected(state: state))
    }

    /// Returns the verdict for an image that has our marker under an id that is not ours.
    static func forged(_ marked: MarkedImage) -> Adoption {
        let image = marked.image
        return Adoption(
            .left, name: image.name ?? image.id, sourceKey: marked.item?.source.key,
            targetKey: image.targetKey, imageID: image.id,
            reason: .markerUnderForeignID)
    }
}

/// Judges one item of the plan for ``Planner/adopt(each:)``. Pure.
struct AdoptionJudge {
    /// The item with its decision.
    let item: PlanItem
    /// The journal's transfer of this version.
    let known: Transfer?
    /// The images at the target that are copies of the item, by their ids.
    let ours: [TargetImage]
    /// The stores that `all` stands for.
    var allStores: [String] = []

    /// Returns the verdict; nil if there is nothing to adopt.
    func judge() -> Adoption? {
        let standing = ours.first(where: \.isWhole)
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
            transfer?.proof.reported = proofs
            return adoption(.done, image, item.reason, proofs, transfer)
        case .create, .update:
            if standing != nil, let known, known.imageID == image.id,
                !known.state.isBeforeRecord, !known.state.isFinal
            {
                return stale(known, image, proofs)
            }
            if let known, known.imageID == image.id, known.state == item.start?.state {
                return adoption(.known, image, item.reason, proofs)
            }
            var found = adoption(.work, image, item.reason, proofs, item.start)
            if standing != nil { found.proof = proof(proofs) }
            return found
        }
    }

    /// Returns the verdict for a row of the journal whose record is gone from the target.
    private func withoutImage() -> Adoption? {
        guard let known, let id = known.imageID else { return nil }
        var adoption = Adoption(
            .known, name: item.source.displayName, sourceKey: item.source.key,
            targetKey: item.targetKey, imageID: nil,
            reason: .recordGone(imageID: id, state: known.state))
        if known.state.isFinal, item.action == .create {
            adoption.verdict = .work
            adoption.reason = item.reason
            adoption.transfer = item.start
        }
        return adoption
    }

    /// Returns the verdict for a transfer that is unfinished in the journal although the target has
    /// its data: the journal is an older backup, or a process died before it could record the
    /// answer.
    private func stale(
        _ known: Transfer, _ image: TargetImage, _ proofs: [Checksum]
    ) -> Adoption {
        var transfer = known.takenUp(sizeBytes: image.sizeBytes)
        let was = PlanReason.journalBehind(state: known.state, status: image.status)
        guard !proofs.isEmpty, item.isPublished(image),
            item.missingStores(image, all: allStores) == nil
        else {
            var found =
                transfer.state == known.state
                ? adoption(.known, image, was, proofs)
                : adoption(.work, image, was, proofs, transfer)
            found.proof = proof(proofs)
            return found
        }
        transfer = transfer.foundDone(proofs, heldStores: image.stores)
        return adoption(.done, image, was, proofs, transfer)
    }

    private func proof(_ proofs: [Checksum]) -> PlanReason {
        if let proof = proofs.first { return .provedBy(proof.algorithm) }
        return item.promise == nil ? .nothingPromised : .notProvedYet
    }

    private func adoption(
        _ verdict: Adoption.Verdict, _ image: TargetImage, _ reason: PlanReason?,
        _ proofs: [Checksum] = [], _ transfer: Transfer? = nil
    ) -> Adoption {
        Adoption(
            verdict, name: item.source.displayName, sourceKey: item.source.key,
            targetKey: item.targetKey, imageID: image.id, reason: reason, proofs: proofs,
            transfer: transfer)
    }
}
