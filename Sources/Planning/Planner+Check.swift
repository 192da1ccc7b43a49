// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Reads image data to hash it, for `check --download`.
public struct DataReading: Sendable {
    /// The end of a transfer whose data is read.
    public enum End: Sendable { case source, target }

    /// A closure that hashes all data of one end.
    public typealias Digest =
        @Sendable (End, Transfer, Checksum.Algorithm) async throws(TranshipError)
        -> (checksum: Checksum, sizeBytes: Int64)

    let digest: Digest

    public init(digest: @escaping Digest) { self.digest = digest }
}

extension PlanComparison {
    /// Compares the version with a copy of another version that has its data.
    fileprivate mutating func standIn(_ copy: SeriesCopy) {
        transfer = copy.transfer
        if let origin = copy.image.origin { item.intent.origin = origin }
    }
}

extension Planner {
    /// Compares every image of the sources with its copy at each target, and finds copies that have
    /// no source image. Changes nothing but the plan.
    ///
    /// - Parameters:
    ///   - reading: reads every copy back; nil compares only the checksums that the services
    ///     report.
    ///   - each: called with every image in turn.
    /// - Throws: as ``makePlan()``.
    public func check(
        reading: DataReading?, each: (CheckedImage) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await compare()
        var position: Int64 = 0
        while true {
            let page = try await plan.comparisons(
                after: position, limit: Self.pageImages, in: journal)
            guard let last = page.last else { break }
            for comparison in page {
                if let target = target(comparison.item.targetKey) {
                    try await each(try await check(comparison, at: target, reading))
                }
            }
            position = last.position
        }
        try await eachMarked { (marked, target) throws(TranshipError) in
            if let extra = try await extra(marked, at: target) { try await each(extra) }
        }
    }

    private func check(
        _ given: PlanComparison, at target: PlanningTarget, _ reading: DataReading?
    ) async throws(TranshipError) -> CheckedImage {
        var comparison = given
        let item = comparison.item
        var checked = CheckedImage(
            .missing, name: item.source.displayName, sourceKey: item.source.key,
            targetKey: item.targetKey, sizeBytes: item.source.sizeBytes,
            note: item.reason?.words)
        if case .damaged = item.reason, let hint = item.objection?.hint { checked.add(note: hint) }
        if case .damagedUnknown = item.reason, let hint = item.objection?.hint {
            checked.add(note: hint)
        }
        var own = copy(comparison, at: target)
        if own == nil, item.refusal == nil, let known = try await knownCopy(of: item),
            item.source.sizeBytes == nil || item.source.sizeBytes == known.image.sizeBytes
        {
            comparison.standIn(known)
            own = known.image
        }
        guard let copy = own else { return checked }
        checked.imageID = copy.id
        guard item.refusal == nil else {
            checked.verdict = .unproved
            return checked
        }
        guard
            let found = try await target.opened.uploader.record(
                copy.id, withMembers: item.record.takesMembers)
        else {
            checked.note = PlanReason.goneMeanwhile.words
            return checked
        }
        checked.note = nil
        for note in item.notes {
            guard case .notListed(_, let owner) = note else { continue }
            checked.add(note: note.words, about: [owner].compactMap(\.self))
        }
        if item.mayBeKnown, reading == nil {
            checked.add(
                note: "the source writes the time of its answer into each one, so only its data "
                    + "shows whether it is new; --download reads that")
        }
        try await compareFields(comparison, found, at: target, &checked)
        try await compareData(comparison, found, reading, &checked)
        checked.verdict =
            !checked.differences.isEmpty ? .differs : checked.proofs.isEmpty ? .unproved : .same
        return checked
    }

    /// Returns the image at the target that counts as the copy; nil if there is none.
    private func copy(_ comparison: PlanComparison, at target: PlanningTarget) -> TargetImage? {
        var own = comparison
        own.ours = ours(comparison, at: target)
        if let copy = Decision.standing(own) { return copy }
        switch comparison.item.reason {
        case .sameDataSameName(let id), .sameDataSameID(let id):
            return (comparison.namesakes + comparison.ours).first { $0.id == id }
        default: return nil
        }
    }

    private func compareFields(
        _ comparison: PlanComparison, _ found: TargetRecord, at target: PlanningTarget,
        _ checked: inout CheckedImage
    ) async throws(TranshipError) {
        let item = comparison.item
        var record = RecordComparison(wanted: item.record)
        if let transfer = comparison.transfer, transfer.imageID == found.image.id,
            transfer.source.name == item.source.name,
            RecordFields.areOneName(
                transfer.record.shownName, item.record.shownName,
                datesCount: item.datesCount(target.namesHaveDays))
        {
            // The rules gave the copy this name on another day, or as an earlier version.
            record.otherNames = [transfer.record.shownName, transfer.record.name]
        }
        for (property, key) in item.record.references {
            let place = self.target(item.targetKey(ofReference: key)) ?? target
            let other = try await plan.comparison(
                sourceKey: key, targetKey: place.opened.key, in: journal)
            record.references[property] = .some(other.flatMap { copy($0, at: place)?.id })
        }
        if item.record.takesMembers {
            let facts = try await sources[item.source.sourceIndex].sharing(of: item.source)
            compareMembers(item.record, facts, found, at: target, &record, &checked)
        }
        record.missingStores =
            item.missingStores(found.image, all: target.opened.offer.writableStores) ?? []
        checked.differences = record.differences(found)
        checked.differences += changesOfOthers(found.image, comparison, at: target)
        try await checkName(of: found.image, comparison, &checked)
        if found.image.isUnpublished == true {
            checked.differences.append(
                FieldDifference(.published, wanted: "true", found: "false"))
        }
    }

    /// Returns the differences in fields that only others change in a copy of ours: its project,
    /// and our marker on it.
    private func changesOfOthers(
        _ image: TargetImage, _ comparison: PlanComparison, at target: PlanningTarget
    ) -> [FieldDifference] {
        let item = comparison.item
        let ownership = ownership(of: image, comparison, at: target)
        var found: [FieldDifference] = []
        // An owner that the pipeline names is compared together with the record's other fields.
        if ownership.isMade || ownership == .unmarked, item.record.ownerID == nil,
            target.isElsewhere(image, item.record)
        {
            found.append(
                FieldDifference(.owner, wanted: target.opened.projectID, found: image.ownerID))
        }
        if ownership == .unmarked {
            found.append(
                FieldDifference(
                    .property(Origin.propertyName), wanted: item.marker,
                    found: image.originValue))
        }
        return found
    }

    /// Compares the members. Each member decides itself whether to accept an image. So an answer is
    /// a difference only if the member had accepted the image at the source, and a run may accept
    /// the copy for it. The note names the other members that do not have the copy in their lists.
    private func compareMembers(
        _ wanted: PlannedRecord, _ facts: SourceFacts, _ found: TargetRecord,
        at target: PlanningTarget, _ record: inout RecordComparison, _ checked: inout CheckedImage
    ) {
        let owner = target.opened.projectID
        let members = wanted.projects(for: facts.members, owner: owner)
        let shared = wanted.sharedProjects(for: facts.members, owner: owner)
        let dropped = facts.members.filter { !wanted.reaches($0) }
        // Without a table, nothing says which members the copy should have.
        record.members = wanted.mapsNoMember && dropped.isEmpty ? nil : shared
        if !dropped.isEmpty, let has = found.members {
            // No table says which projects these are at the target. Project ids of two Keystones
            // cannot be compared, but their numbers can.
            let others = has.filter { !shared.contains($0) }
            let isLess = others.count < dropped.count
            // A table that leaves a project out is a decision. Without a table, the loss may be a
            // mistake.
            let isLost = isLess && wanted.mapsNoMember
            record.members = shared + (isLost ? dropped : others)
            if isLost {
                checked.add(
                    note:
                        "`projects` or `image.owner` would say which projects those are at the "
                        + "target; `members: drop` accepts the loss")
            } else if isLess {
                let note = Note.membersLeftOut(dropped.sorted(), imageID: found.image.id)
                checked.add(note: note.words, about: dropped)
            }
        }
        let accepted = Set(
            members.filter { source, _ in
                facts.memberAnswers[source] == "accepted"
                    && mayAccept(for: source, wanted, at: target)
            }.map(\.target))
        record.accepted = shared.filter(accepted.contains)
        guard !target.opened.offer.mirrorsMembers else { return }
        let others = shared.filter {
            found.members?.contains($0) == true && !record.accepted.contains($0)
        }
        let waiting = others.filter { found.answer(of: $0) == "pending" }
        if !waiting.isEmpty {
            checked.add(note: Note.membersHaveToAccept(waiting).words, about: waiting)
        }
        for member in others where found.answer(of: member) == "rejected" {
            checked.add(note: "project \(member) rejected the copy", about: [member])
        }
    }

    // MARK: Data

    private func compareData(
        _ comparison: PlanComparison, _ found: TargetRecord, _ reading: DataReading?,
        _ checked: inout CheckedImage
    ) async throws(TranshipError) {
        let item = comparison.item
        let known = comparison.transfer.flatMap { $0.imageID == found.image.id ? $0 : nil }
        let proved = known?.proof.reported ?? []
        // If the target converted the data, its checksum only shows that the copy did not change
        // since.
        let conversion = known?.conversion
        let isConverted = conversion != nil
        let expected = isConverted ? proved : item.expected(known)
        for reported in found.image.checksums {
            let same = expected.filter { $0.algorithm == reported.algorithm }
            if let other = same.first(where: { !$0.matches(reported) }) {
                checked.differences.append(
                    FieldDifference(.data, wanted: "\(other)", found: "\(reported)"))
                return
            }
            if !same.isEmpty, !isConverted { checked.proofs.append(reported) }
        }
        if let size = item.source.sizeBytes, let has = found.image.sizeBytes, size != has,
            !isConverted
        {
            checked.differences.append(
                FieldDifference(.size, wanted: "\(size)", found: "\(has)"))
        }
        if let conversion {
            checked.add(
                note: "the target converted the data (\(conversion)), so nothing compares it with "
                    + "the source's")
        }
        guard let reading else {
            if checked.proofs.isEmpty, !isConverted {
                checked.add(note: "no checksum is known on both sides; --download reads the data")
            }
            return
        }
        checked.proofs = []
        do {
            // Converted data can be compared only with the digest from its publication.
            if isConverted, expected.isEmpty { return }
            try await readBack(
                item, found, expected, isConverted: isConverted, reading, &checked)
            if isConverted { checked.proofs = [] }
        } catch {
            if error.code == .interrupted { throw error }
            checked.add(note: "the data could not be read: \(error.message)")
        }
    }

    /// Hashes the target's data. Also hashes the source's if it promises nothing, or if nothing
    /// shows that the source still has the data that was sent.
    private func readBack(
        _ item: PlanItem, _ found: TargetRecord, _ expected: [Checksum], isConverted: Bool,
        _ reading: DataReading, _ checked: inout CheckedImage
    ) async throws(TranshipError) {
        let transfer = Transfer.alreadyThere(
            item.intent, promised: nil, imageID: found.image.id, sizeBytes: found.image.sizeBytes)
        let algorithm = expected.first?.algorithm ?? .sha512
        let (has, _) = try await reading.digest(.target, transfer, algorithm)
        let wanted: Checksum
        let showsVersions =
            item.source.showsNewVersions
            && (item.source.promise != nil || item.source.seen?.isStamped != true)
        if let first = expected.first, showsVersions || isConverted {
            wanted = first
        } else {
            wanted = try await reading.digest(.source, transfer, algorithm).checksum
        }
        if wanted.matches(has) {
            checked.proofs = [has]
        } else {
            checked.differences.append(
                FieldDifference(.data, wanted: "\(wanted)", found: "\(has)"))
        }
    }

    // MARK: Copies without a source

    /// Returns the result for an image that has no source image. Nil for images that are the copy
    /// of an image of the sources, that are an earlier version of a series, or that nothing proves
    /// to be ours.
    private func extra(
        _ marked: MarkedImage, at target: PlanningTarget
    ) async throws(TranshipError) -> CheckedImage? {
        let image = marked.image
        guard image.isWhole,
            let transfer = marked.transfer ?? marked.item?.start ?? marked.item?.fresh,
            Ownership(of: marked, projectID: target.opened.projectID).isMade
        else { return nil }
        var extra = CheckedImage(
            .extra, name: image.name ?? image.id, sourceKey: nil, targetKey: image.targetKey,
            imageID: image.id, sizeBytes: image.sizeBytes)
        if let item = marked.item {
            let comparison = try await plan.comparison(
                sourceKey: item.source.key, targetKey: image.targetKey, in: journal)
            guard let comparison, let copy = copy(comparison, at: target), copy.id != image.id
            else { return nil }
            extra.note = "a second copy of \(item.source.displayName), beside image \(copy.id)"
            return extra
        }
        // An absent source may still have the image.
        if seriesSources.isAbsent { return nil }
        let items = try await plan.items(
            ofLineage: transfer.origin.lineageID, at: image.targetKey)
        if !items.isEmpty, transfer.source.isOfSeries { return nil }
        if let refused = items.first(where: { $0.source.key == transfer.source.key })?.refusal {
            // For instance, its project has left the table since.
            extra.note =
                "a copy of \(transfer.source.displayName), which the plan refuses now: "
                + refused.message
            return extra
        }
        if items.contains(where: { $0.source.key == transfer.source.key }) {
            extra.note =
                "a copy of other data that \(transfer.source.key) had, or a second copy that an "
                + "earlier run made"
            return extra
        }
        extra.note =
            "a copy of \(transfer.source.key), which is not at the source any more or is not "
            + "selected"
        return extra
    }
}
