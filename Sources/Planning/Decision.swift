// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// What is to be done with one image, from everything that bears on it.
///
/// Pure, so that each rule is a test. The rules, in order:
///
/// 1. What cannot be copied is refused.
/// 2. An id that is to be kept and that another image has: a conflict, unless
///    that image has the same data.
/// 3. A copy of ours that stands there proved and published is skipped; one
///    whose proof or last steps are missing is updated. Where the journal knows
///    nothing of it, it is adopted: proved, and never discarded.
/// 4. A transfer that was begun is continued where the journal left it.
/// 5. A copy of ours that somebody deleted comes back under the next id.
/// 6. The same data under the same name, not ours, is not copied once more.
/// 7. Different data under the same name: what `on_conflict` says.
struct Decision {
    let onConflict: OnConflict
    /// The stores that `all` stands for at the target; empty where it has one.
    var allStores: [String] = []

    func decide(_ comparison: PlanComparison) -> PlanItem {
        var item = comparison.item
        if let refusal = item.refusal {
            return item.decided(.refuse, refusal.message)
        }
        if let holder = comparison.holder {
            guard item.record.keptID == .preferred else { return decide(item, heldBy: holder) }
            item.notes.append("id \(holder.id) is \(holder.words) at the target; it gets another")
        }
        if let standing = standing(comparison) {
            return decide(item, comparison.transfer, standing)
        }
        if let transfer = comparison.transfer {
            return decide(item, transfer)
        }
        if let unfinished = comparison.ours.first(where: { $0.originValue == item.marker }) {
            // The journal is lost, the record is not: ours by its derived id.
            guard unfinished.id == item.firstImageID else {
                return item.decided(
                    .create, "image \(unfinished.id) is an unfinished copy of another generation",
                    start: item.fresh)
            }
            var transfer = item.fresh
            transfer.imageID = unfinished.id
            transfer.move(to: .registered)
            return item.decided(
                .create, "continues: image \(unfinished.id) is \(unfinished.status)",
                start: transfer)
        }
        if item.record.keptID != .required,
            let same = comparison.namesakes.first(where: { item.hasSameData(as: $0) })
        {
            // Written down, so that images which name this one find it.
            var transfer = item.fresh
            transfer.imageID = same.id
            transfer.isAdopted = true
            transfer.move(to: .skipped)
            return item.decided(
                .skip, "the same data stands there under that name already, as \(same.id)",
                start: transfer)
        }
        guard let other = comparison.namesakes.first(where: { !$0.isMarked }) else {
            return item.decided(.create, "not there yet", start: item.fresh)
        }
        switch onConflict {
        case .keepBoth, .update, .replace:
            return item.decided(
                .create, "another image has that name (\(other.id)); both stay",
                start: item.fresh)
        case .skip:
            return item.decided(.skip, "another image has that name (\(other.id))")
        case .fail:
            return item.decided(
                .conflict, "another image has that name (\(other.id)) and on_conflict is fail")
        case .rename:
            let suffix =
                item.promise.map { String($0.value.prefix(8)) }
                ?? String(item.firstImageID.prefix(8))
            item.record.name = "\(item.record.name ?? item.source.displayName) (\(suffix))"
            return item.decided(
                .create, "another image has that name (\(other.id)); renamed",
                start: item.fresh)
        }
    }

    /// The copy of ours that holds data. Of several the one with the right data:
    /// another may have been left behind under an id that could not be kept.
    private func standing(_ comparison: PlanComparison) -> TargetImage? {
        let whole = comparison.ours.filter { ["active", "deactivated"].contains($0.status) }
        let expected = comparison.item.expected(comparison.transfer)
        func rank(_ image: TargetImage) -> Int {
            (expected.contains { image.checksums.contains($0) } ? 0 : 2)
                + (image.id == comparison.transfer?.imageID ? 0 : 1)
        }
        return whole.min { rank($0) < rank($1) }
    }

    /// Another image has the id that is to be kept.
    private func decide(_ item: PlanItem, heldBy holder: TargetImage) -> PlanItem {
        guard item.hasSameData(as: holder) else {
            return item.decided(
                .conflict, "its id is to be kept, and \(holder.id) is \(holder.words) at the target"
            )
        }
        var transfer = item.fresh
        transfer.imageID = holder.id
        transfer.isAdopted = true
        transfer.move(to: .skipped)
        return item.decided(
            .skip, "the same data stands there under that id already", start: transfer)
    }

    /// A copy of ours stands there with data.
    private func decide(
        _ item: PlanItem, _ known: Transfer?, _ standing: TargetImage
    ) -> PlanItem {
        let expected = item.expected(known)
        // What was compared when it was published counts, also where the service
        // had converted the data, which then hashes to something else.
        let isAsProved = (known?.reported ?? []).contains { standing.checksums.contains($0) }
        // An unproved copy with wrong data that the journal names is ours to
        // discard, and the run does it; any other is left to the operator.
        let isUnproved = known?.imageID == standing.id && known?.holdsUnprovedCopy == true
        if !isAsProved, !isUnproved,
            let wrong = standing.checksums.first(where: { has in
                expected.contains { $0.algorithm == has.algorithm && !$0.matches(has) }
            })
        {
            return item.decided(
                .conflict, "image \(standing.id) is a copy of ours with other data: it has \(wrong)"
            )
        }
        guard var transfer = known, transfer.imageID == standing.id else {
            let isProved = expected.contains { standing.checksums.contains($0) }
            return adopt(item, known, standing, isProved: isProved)
        }
        switch transfer.state {
        case .done, .skipped:
            if let missing = item.missingStores(standing, all: allStores) {
                return moreStores(item, known, standing, missing)
            }
            return item.decided(.skip, "already there as \(standing.id)")
        case .unpublished:
            if let missing = item.missingStores(standing, all: allStores) {
                return moreStores(item, known, standing, missing)
            }
            transfer.move(to: .publishing)
            transfer.record = item.record
            return item.decided(
                .update, "proved, and to be published as \(standing.id)", start: transfer.again)
        case .failed:
            let code = transfer.failure?.code ?? "?"
            transfer.move(to: .registered)
            return item.decided(
                .create, "failed before (\(code)); tried again", start: transfer.again)
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying, .publishing:
            return item.decided(
                .create, "continues: was \(transfer.state.rawValue)", start: transfer.again)
        }
    }

    /// A copy of ours by its derived id, of which the journal knows nothing, or
    /// of which it knows another record. What nobody proved is proved now.
    private func adopt(
        _ item: PlanItem, _ known: Transfer?, _ standing: TargetImage, isProved: Bool
    ) -> PlanItem {
        var transfer = item.fresh
        transfer.generation = known?.generation ?? 0
        transfer.imageID = standing.id
        transfer.sizeBytes = standing.sizeBytes
        transfer.isAdopted = true
        if isProved, item.isPublished(standing) {
            transfer.move(to: .skipped)
            return item.decided(.skip, "already there as \(standing.id)", start: transfer)
        }
        guard standing.status == "active" else {
            return item.decided(
                .conflict,
                "image \(standing.id) is a copy of ours and \(standing.status), so it cannot be proved"
            )
        }
        transfer.move(to: .registered)
        transfer.move(to: .verifying)
        return item.decided(
            .update, "stands there as \(standing.id), to be proved and published as planned",
            start: transfer)
    }

    /// Proved, and wanted in more stores: copied by the cloud, then published as
    /// planned.
    private func moreStores(
        _ item: PlanItem, _ known: Transfer?, _ standing: TargetImage, _ missing: [String]
    ) -> PlanItem {
        guard var transfer = known else { return item.decided(.skip, "already there") }
        transfer.imageID = standing.id
        transfer.record = item.record
        // Proved already: whatever the second look finds, it stays.
        transfer.isAdopted = true
        transfer.move(to: .verifying)
        return item.decided(
            .update, "there as \(standing.id), not yet in store \(missing.joined(separator: ", "))",
            start: transfer.again)
    }

    /// The journal knows it, and no copy with data stands there.
    private func decide(_ item: PlanItem, _ known: Transfer) -> PlanItem {
        var transfer = known
        switch known.state {
        case .done, .skipped, .unpublished:
            transfer.record = item.record
            if transfer.holdsKeptID {
                let reason = "it was deleted at the target, where an id is given out once"
                guard item.record.keptID == .preferred else {
                    return item.decided(
                        .conflict, "id \(known.imageID ?? "?") is to be kept, and \(reason)")
                }
                transfer.giveUpKeptID(reason)
            } else {
                transfer.abandonRecord()
            }
            return item.decided(
                .create, "was there as \(known.imageID ?? "?") and was deleted at the target",
                start: transfer.again)
        case .failed:
            transfer.move(to: known.imageID == nil ? .planned : .registered)
            transfer.record = item.record
            return item.decided(
                .create, "failed before (\(known.failure?.code ?? "?")); tried again",
                start: transfer.again)
        case .planned:
            transfer = item.fresh
            transfer.generation = known.generation
            return item.decided(.create, "not there yet", start: transfer)
        case .reading, .read, .registered, .sending, .importing, .verifying, .publishing:
            return item.decided(
                .create, "continues: was \(known.state.rawValue)", start: transfer.again)
        }
    }
}

extension PlanItem {
    var marker: String { origin.propertyValue }

    /// A transfer that starts from nothing.
    var fresh: Transfer {
        var transfer = Transfer(
            targetKey: targetKey, source: source, record: record, method: method, origin: origin,
            sizeBytes: source.sizeBytes, promise: promise)
        transfer.methodReason = methodReason
        transfer.fallbacks = fallbacks
        return transfer
    }

    func decided(_ action: PlanAction, _ reason: String, start: Transfer? = nil) -> PlanItem {
        var copy = self
        copy.action = action
        copy.reason = reason
        copy.start = start
        // What was decided may have changed the record.
        if copy.start?.state == .planned {
            copy.start?.record = record
            copy.start?.method = method
            copy.start?.methodReason = methodReason
            copy.start?.fallbacks = fallbacks
        }
        copy.start?.source = source
        return copy
    }

    /// All that the data of this version is known to hash to.
    func expected(_ known: Transfer?) -> [Checksum] {
        (known?.computed ?? []) + (known?.reported ?? []) + source.checksums
            + [promise].compactMap { $0 }
    }

    /// Stores that are named and do not hold it; nil when nothing is missing.
    func missingStores(_ image: TargetImage, all: [String]) -> [String]? {
        let wanted: [String] =
            switch record.stores {
            case .standard: []
            case .named(let names): names
            case .all: all
            }
        guard !image.stores.isEmpty else { return nil }
        let missing = wanted.filter { !image.stores.contains($0) }
        return missing.isEmpty ? nil : missing
    }

    func hasSameData(as image: TargetImage) -> Bool {
        guard !image.isMarked, image.status == "active" else { return false }
        let known = source.checksums + [promise].compactMap { $0 }
        return known.contains { checksum in image.checksums.contains { $0.matches(checksum) } }
    }

    func isPublished(_ image: TargetImage) -> Bool {
        image.visibility == record.visibility && image.isHidden == record.isHidden
            && image.isProtected == record.isProtected
            && (image.status == "deactivated") == record.isDeactivated
    }
}

extension TargetImage {
    /// Whose id it is, for messages.
    fileprivate var words: String { "the id of another image, \"\(name ?? "")\"" }

    /// A copy of ours, of whatever source.
    var isMarked: Bool { originValue != nil }
}

extension Transfer {
    /// True while what stands at the target was sent by this journal and not
    /// proved.
    fileprivate var holdsUnprovedCopy: Bool {
        switch state {
        case .done, .skipped, .unpublished, .publishing: false
        default: isFilledByUs == true && isAdopted != true && !isCopying
        }
    }

    /// With the tries of a new run before it.
    var again: Transfer {
        var copy = self
        copy.attempts = 0
        copy.surprises = nil
        copy.importFailures = 0
        copy.dueAt = nil
        return copy
    }
}
