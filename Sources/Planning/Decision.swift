// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// Decides what a run does with one image.
///
/// Pure, so that each rule has a test. The rules, in order:
///
/// 1. An image that cannot be copied is refused.
/// 2. If another image has the id that the copy should keep, that is a conflict,
///    unless that image has the same data.
/// 3. Our copy is skipped if it is proved and published, and updated if its proof
///    or last steps are missing. If the journal does not know it, it is adopted:
///    proved, and never discarded.
/// 4. A transfer that was begun continues where the journal left it.
/// 5. The same data under the same name is not copied again, no matter who
///    copied it: see ``lookalikes(_:)``.
/// 6. For different data under the same name, not of this pipeline, `on_conflict` decides. A marker
///    alone does not make an image ours: see ``PlanComparison/strangers``.
/// 7. If someone deleted our copy, it is made again under the next id.
struct Decision {
    let onConflict: OnConflict
    /// The stores that `all` means at the target; empty if it has only one.
    var allStores: [String] = []
    /// True if the names of copies contain the day of planning.
    var namesHaveDays = false
    /// True if the target hides, renames or removes earlier versions.
    var hasSeriesRules = false
    /// See ``TargetOffer/givesIDsAgain``: true if a copy is made again under the id that it had.
    var givesIDsAgain = false
    /// The project at the target. If it is nil and the record has no owner, `replace` hides nothing.
    var projectID: String?

    func decide(_ comparison: PlanComparison) -> PlanItem {
        var item = comparison.item
        if let refusal = item.refusal {
            return item.decided(.refuse, .refused(message: refusal.message))
        }
        if let holder = comparison.holder {
            guard item.record.keptID == .preferred else { return decide(item, heldBy: holder) }
            item.notes.append(.keptIDHeld(imageID: holder.id, status: holder.words))
        }
        if let standing = Self.standing(comparison) {
            return decide(item, comparison.transfer, standing)
        }
        if let objection = Self.objection(toMending: comparison) {
            return item.decided(.conflict, objection)
        }
        if let transfer = comparison.transfer {
            return decide(item, transfer, comparison)
        }
        if let unfinished = comparison.ours.first(where: { $0.originValue == item.marker }) {
            // The journal is lost, but the record is not. Its derived id shows that it is ours.
            guard unfinished.id == item.firstImageID else {
                return item.decided(
                    .create, .unfinishedGeneration(imageID: unfinished.id), start: item.fresh)
            }
            return item.decided(
                .create,
                unfinished.damage.map { .damaged(imageID: unfinished.id, $0) }
                    ?? .continuesRecord(imageID: unfinished.id, status: unfinished.status),
                start: .continued(item.intent, promised: item.promise, imageID: unfinished.id))
        }
        return notThere(item, .notAtTarget, comparison, start: item.fresh)
    }

    /// Decides for an image that has no copy of ours at the target, or no longer has one.
    ///
    /// - Parameter start: the transfer that begins if no other image prevents it.
    private func notThere(
        _ given: PlanItem, _ reason: PlanReason, _ comparison: PlanComparison, start: Transfer
    ) -> PlanItem {
        var item = given
        if item.record.keptID != .required,
            let same = comparison.namesakes.first(where: {
                (item.hasSameData(as: $0) || comparison.alike.contains($0.id))
                    && stays($0, besides: item, isOfOthers: comparison.strangers.contains($0.id))
            })
        {
            // The journal needs the item, so that images that name this one find it.
            return item.decided(
                .skip, .sameDataSameName(imageID: same.id),
                start: .alreadyThere(
                    item.intent, promised: item.promise, imageID: same.id,
                    generation: start.placement.generation))
        }
        guard let other = comparison.others.first else {
            return item.decided(.create, reason, start: start)
        }
        // Only copies of ours are updated: a run changes nothing in images of other owners.
        func taken(_ rule: PlanReason.NameRule) -> PlanReason {
            .nameTaken(imageID: other.id, rule)
        }
        switch onConflict {
        case .keepBoth, .update:
            return item.decided(.create, taken(.keepBoth), start: start)
        case .replace:
            let others = comparison.others.filter { !$0.isHidden }
            // An administrator's run makes copies for other projects than its own.
            let owner = item.record.ownerID ?? projectID
            if let other = others.first(where: {
                $0.isProtected || owner == nil || $0.ownerID != owner || $0.isMarked
            }) {
                return item.decided(
                    .conflict, .nameTaken(imageID: other.id, .cannotReplace))
            }
            item.intent.record.replaces = others.map(\.id).sorted()
            return item.decided(.create, taken(.replace), start: start)
        case .skip:
            return item.decided(.skip, taken(.skip))
        case .fail:
            return item.decided(.conflict, taken(.fail))
        case .rename:
            item.intent.record.name = item.otherNames.first
            return item.decided(.create, taken(.rename), start: start)
        }
    }

    /// Returns false for copies of ours that a series retires later, and for snapshots of this very
    /// copy.
    ///
    /// - Parameter isOfOthers: true if no rule of this pipeline reaches the image.
    func stays(_ image: TargetImage, besides item: PlanItem, isOfOthers: Bool) -> Bool {
        guard image.originValue != nil else { return true }
        return (isOfOthers || (!hasSeriesRules && !image.isHidden))
            && image.origin?.lineageID != item.origin.lineageID
    }

    /// Returns our copy that holds data. If there are several, returns the one with the right data:
    /// another may have been left under an id that could not be kept.
    static func standing(_ comparison: PlanComparison) -> TargetImage? {
        let whole = comparison.ours.filter(\.isWhole)
        let expected = comparison.item.expected(comparison.transfer)
        func rank(_ image: TargetImage) -> Int {
            (expected.contains { image.checksums.contains($0) } ? 0 : 2)
                + (image.id == comparison.transfer?.imageID ? 0 : 1)
        }
        return whole.min { rank($0) < rank($1) }
    }

    /// Returns the reason why a run cannot make a damaged image of an archive again; nil if it can,
    /// or if no image is damaged. A record that cannot be read has no marker: then only the journal
    /// shows that it is ours.
    private static func objection(toMending comparison: PlanComparison) -> PlanReason? {
        for image in comparison.ours {
            guard let damage = image.damage else { continue }
            let isKnown = comparison.transfer?.imageID == image.id
            if !damage.isMendable { return .damaged(imageID: image.id, damage) }
            if !isKnown, !image.isMarked { return .damagedUnknown(imageID: image.id, damage) }
        }
        return nil
    }

    /// Decides for an image whose id, which the copy should keep, belongs to another image.
    private func decide(_ item: PlanItem, heldBy holder: TargetImage) -> PlanItem {
        guard !holder.isMarked, item.hasSameData(as: holder) else {
            return item.decided(
                .conflict, .keptIDTaken(imageID: holder.id, name: holder.name))
        }
        return item.decided(
            .skip, .sameDataSameID(imageID: holder.id),
            start: .alreadyThere(item.intent, promised: item.promise, imageID: holder.id))
    }

    /// Decides for an image that has a copy of ours with data at the target.
    private func decide(
        _ given: PlanItem, _ known: Transfer?, _ standing: TargetImage
    ) -> PlanItem {
        let item = renamed(given, as: known == nil ? standing.name : known?.record.name)
        let expected = item.expected(known)
        // The checksum that the target reported at publication counts, even if the service
        // converted the data. Converted data has another checksum than the source's.
        let isAsProved = (known?.proof.reported ?? []).contains { standing.checksums.contains($0) }
        // The run itself discards an unproved copy with wrong data if the journal
        // names it. The operator decides about any other.
        let isUnproved = known?.imageID == standing.id && known?.holdsUnprovedCopy == true
        if !isAsProved, !isUnproved,
            let wrong = standing.checksums.first(where: { has in
                expected.contains { $0.algorithm == has.algorithm && !$0.matches(has) }
            })
        {
            return item.decided(
                .conflict, .copyHasOtherData(imageID: standing.id, wrong))
        }
        guard let transfer = known, transfer.imageID == standing.id else {
            let isProved = expected.contains { standing.checksums.contains($0) }
            return adopt(item, known, standing, isProved: isProved)
        }
        switch transfer.state {
        case .done, .skipped, .unpublished:
            if let missing = item.missingStores(standing, all: allStores) {
                // The cloud copies the data to the missing stores. Then the copy is published as
                // planned.
                var start = transfer.spread(as: item.record, imageID: standing.id)
                if transfer.state != .unpublished {
                    start.leaveFields(publishedAs: onConflict == .update ? transfer : start)
                }
                return item.decided(
                    .update, .missingInStores(imageID: standing.id, stores: missing), start: start)
            }
            let changed = changed(item, since: transfer.record)
            if !changed.isEmpty, onConflict == .update {
                return item.decided(
                    .update, .fieldsChanged(imageID: standing.id, fields: changed),
                    start: transfer.updated(to: item.record, named: standing.name))
            }
            guard transfer.state == .unpublished || standing.isUnpublished == true else {
                var item = item
                if !changed.isEmpty {
                    item.notes.append(.fieldsChanged(imageID: standing.id, fields: changed))
                }
                let others = transfer.placement.isAdopted ? item.differences(to: standing) : []
                item.note(others, of: standing)
                // The formats of converted data differ from the planned ones.
                let former = transfer.record
                item.noteFormats(
                    (former.diskFormat, former.containerFormat), ofID: standing.id)
                return item.decided(.skip, .alreadyAtTarget(imageID: standing.id))
            }
            return item.decided(
                .update, .toBePublished(imageID: standing.id),
                start: transfer.republished(as: item.record))
        case .failed:
            var retried = transfer.retried()
            retried.takeMethod(of: item.intent)
            return item.decided(
                .create, .failedBefore(code: transfer.failure?.code), start: retried)
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying, .publishing:
            return item.decided(
                .create, .continues(state: transfer.state),
                start: transfer.continued(as: item.record, datesCount: datesCount(item)))
        }
    }

    /// Returns the fields whose values in the pipeline or the source changed since the copy was
    /// published.
    private func changed(_ item: PlanItem, since record: PlannedRecord) -> [String] {
        item.record.fields.differing(
            from: record.currentFields, datesCount: datesCount(item))
    }

    /// Returns the item with the name that `on_conflict: rename` gave its copy, if the copy has
    /// such a name.
    private func renamed(_ given: PlanItem, as name: String?) -> PlanItem {
        guard onConflict == .rename, let name,
            given.otherNames.contains(where: {
                RecordFields.areOneName($0, name, datesCount: datesCount(given))
            })
        else { return given }
        var item = given
        item.intent.record.name = name
        return item
    }

    /// False if `{date}` may be in the name of a copy.
    private func datesCount(_ item: PlanItem) -> Bool { item.datesCount(namesHaveDays) }

    /// Decides for our copy with the derived id that the journal does not know, or for which it
    /// knows another record. A run proves it if it is not proved yet.
    private func adopt(
        _ given: PlanItem, _ known: Transfer?, _ standing: TargetImage, isProved: Bool
    ) -> PlanItem {
        var item = given
        // The copy may have the source's id, which this journal gave up.
        let generation = standing.id == item.source.imageID ? 0 : known?.placement.generation ?? 0
        let others = item.differences(to: standing)
        // Publishing is the last step, so a copy that others can see was published. If its fields
        // then differ, no step is missing: an operator or another pipeline changed them.
        let isDeactivatedByHand = standing.status == .deactivated && !item.record.isDeactivated
        let isPublished =
            standing.isUnpublished != true
            && (item.isPublished(standing) || standing.status == .active && !standing.isAsCreated
                || isProved && isDeactivatedByHand)
        let changed = onConflict == .update ? item.detailsDiffering(from: standing) : []
        if isPublished {
            item.note(others.filter { !changed.contains($0) }, of: standing)
        }
        // If the size differs, the service converted the data.
        let hasItsSize =
            standing.sizeBytes == nil || item.source.sizeBytes == nil
            || standing.sizeBytes == item.source.sizeBytes
        if let there = standing.details, hasItsSize, !item.record.acceptsTransformed {
            item.noteFormats((there.diskFormat, there.containerFormat), ofID: standing.id)
            // The proof needs the formats that the copy has.
            item.intent.record.diskFormat = there.diskFormat ?? item.record.diskFormat
            item.intent.record.containerFormat =
                there.containerFormat ?? item.record.containerFormat
        }
        if isProved, isPublished, !changed.isEmpty {
            var start = Transfer.alreadyThere(
                item.intent, promised: item.promise, imageID: standing.id, generation: generation,
                sizeBytes: standing.sizeBytes
            ).republished(as: item.record)
            start.intent.record.updatedFrom = item.plainFields
            return item.decided(
                .update, .copiedOtherwise(imageID: standing.id, fields: changed), start: start)
        }
        if isProved, isPublished {
            return item.decided(
                .skip, .alreadyAtTarget(imageID: standing.id),
                start: .alreadyThere(
                    item.intent, promised: item.promise, imageID: standing.id,
                    generation: generation, sizeBytes: standing.sizeBytes))
        }
        guard standing.status == .active else {
            return item.decided(
                .conflict,
                .copyCannotBeProved(imageID: standing.id, status: standing.status))
        }
        var start = Transfer.adopted(
            item.intent, promised: item.promise, imageID: standing.id, generation: generation,
            sizeBytes: standing.sizeBytes)
        if isPublished { start.leaveFields(publishedAs: start) }
        if isPublished, !changed.isEmpty { start.intent.record.updatedFrom = item.plainFields }
        return item.decided(.update, .toBeProved(imageID: standing.id), start: start)
    }

    /// Decides for an image that the journal knows and that has no copy with data at the target.
    private func decide(
        _ item: PlanItem, _ known: Transfer, _ comparison: PlanComparison
    ) -> PlanItem {
        switch known.state {
        case .skipped where known.sameData != nil:
            return notThere(
                item, .notAtTarget, comparison,
                start: .fresh(
                    item.intent, promised: item.promise, generation: known.placement.generation))
        case .done, .skipped, .unpublished:
            var transfer = known
            transfer.intent.record = item.record
            let broken = comparison.ours.first { $0.id == known.imageID }
            let reason =
                broken.map { broken in
                    broken.damage.map { PlanReason.damaged(imageID: broken.id, $0) }
                        ?? .dataLost(imageID: broken.id)
                } ?? .deletedAtTarget(imageID: known.imageID)
            if givesIDsAgain {
                transfer.abandonRecord(wasThere: false)
                return notThere(item, reason, comparison, start: transfer.madeAgain())
            }
            if transfer.holdsKeptID {
                let words = "it was deleted at the target, where an id is given out once"
                guard item.record.keptID == .preferred else {
                    return item.decided(.conflict, .keptIDDeleted(imageID: known.imageID))
                }
                transfer.giveUpKeptID(words)
            } else {
                transfer.abandonRecord()
            }
            return notThere(item, reason, comparison, start: transfer.madeAgain())
        case .failed:
            var transfer = known.retried()
            let renamed = renamed(item, as: known.record.name)
            transfer.intent.record = renamed.record
            transfer.takeMethod(of: item.intent)
            guard transfer.state == .planned else {
                return begun(
                    renamed, .failedBefore(code: known.failure?.code), comparison, transfer)
            }
            return notThere(
                item, .failedBefore(code: known.failure?.code), comparison, start: transfer)
        case .planned:
            return notThere(
                item, .notAtTarget, comparison,
                start: .fresh(
                    item.intent, promised: item.promise, generation: known.placement.generation))
        case .reading, .read, .registered, .sending, .importing, .verifying, .publishing:
            let renamed = renamed(item, as: known.record.name)
            return begun(
                renamed, .continues(state: known.state), comparison,
                known.continued(as: renamed.record, datesCount: datesCount(item)))
        }
    }

    /// Continues a copy that was begun, unless another image took its name since then and the
    /// pipeline wants no second image of that name.
    private func begun(
        _ item: PlanItem, _ reason: PlanReason, _ comparison: PlanComparison, _ start: Transfer
    ) -> PlanItem {
        if [.fail, .skip].contains(onConflict), start.state != .publishing,
            !comparison.others.isEmpty
        {
            return notThere(item, reason, comparison, start: start)
        }
        return item.decided(.create, reason, start: start)
    }
}

extension PlanComparison {
    /// The images with the copy's name that `on_conflict` counts.
    fileprivate var others: [TargetImage] {
        namesakes.filter { !$0.isMarked || strangers.contains($0.id) }
    }
}

extension PlanItem {
    /// The names that `on_conflict: rename` gives the copy: with digits of the promise, or without
    /// a promise with digits of the id. The first one is used now; earlier runs may have used the
    /// other one.
    fileprivate var otherNames: [String] {
        [promise?.value, firstImageID].compactMap { $0?.prefix(8) }
            .map { "\(record.name ?? source.displayName) (\($0))" }
    }

    /// Returns false if `{date}` may be in the name of the copy.
    ///
    /// - Parameter namesHaveDays: true if `{date}` is in the name that the target gives.
    func datesCount(_ namesHaveDays: Bool) -> Bool { !namesHaveDays && source.imageID != nil }

    var marker: String { origin.propertyValue }

    /// A transfer that starts from nothing.
    var fresh: Transfer { .fresh(intent, promised: promise) }

    func decided(_ action: PlanAction, _ reason: PlanReason, start: Transfer? = nil) -> PlanItem {
        var copy = self
        copy.action = action
        copy.reason = reason
        copy.start = start
        // The decision may have changed the record.
        if copy.start?.state == .planned {
            copy.start?.intent = intent
        } else {
            copy.start?.intent.source = source
            copy.start?.intent.projectID = intent.projectID
        }
        return copy
    }

    /// Returns all known checksums of this version's data.
    func expected(_ known: Transfer?) -> [Checksum] {
        (known?.proof.computed ?? []) + (known?.proof.reported ?? []) + promises
    }

    /// The checksums that the source states for the data.
    var promises: [Checksum] { source.checksums + [promise].compactMap { $0 } }

    /// Wanted stores that do not hold the image; nil if none is missing.
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
        guard image.status == .active else { return false }
        return promises.contains { checksum in image.checksums.contains { $0.matches(checksum) } }
    }

    func isPublished(_ image: TargetImage) -> Bool {
        image.visibility == record.visibility && image.isHidden == record.isHidden
            && image.isProtected == record.isProtected
            && (image.status == .deactivated) == record.isDeactivated
    }
}

extension TargetImage {
    /// True if the image still is as a run creates a record, and was not published yet.
    fileprivate var isAsCreated: Bool {
        status == .active && visibility == .private && !isHidden && !isProtected
    }

    /// The words for the owner of an id, for messages.
    fileprivate var words: String { "the id of another image, \"\(name ?? "")\"" }

    /// True for a copy of ours, of any source.
    var isMarked: Bool { originValue != nil }
}

extension Transfer {
    /// Limits publishing to the fields that changed since the copy was published, so that it leaves
    /// alone the fields that someone edited.
    mutating func leaveFields(publishedAs former: Transfer) {
        // The name that the series gave counts only if the pipeline gives another name now.
        let keepsName = intent.record.name == former.record.currentName
        var fields = keepsName ? former.record.fields : former.record.currentFields
        fields.wasPublished = true
        intent.record.updatedFrom = fields
    }

    /// True while the target holds data that this journal sent and did not prove
    /// yet.
    fileprivate var holdsUnprovedCopy: Bool {
        switch state {
        case .done, .skipped, .unpublished, .publishing: false
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying, .failed:
            placement.isFilledByUs && !placement.isCopying
        }
    }
}
