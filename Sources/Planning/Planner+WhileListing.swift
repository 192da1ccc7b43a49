// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The state that all decisions of a plan share.
struct Decisions {
    let held: [HeldVersion]
    var along = AddedImages()
    var others = OtherCopies()
    /// Skipped items that name other images.
    var naming: [(position: Int64, item: PlanItem)] = []

    init(held: [HeldVersion]) { self.held = held }

    /// - Parameter position: nil for an item that names no other image.
    mutating func note(_ item: PlanItem, at position: Int64? = nil) {
        if let position, item.action == .skip, !item.record.references.isEmpty {
            naming.append((position, item))
        }
        others.add(item)
        along.note(item, at: position)
    }
}

/// Decides items while sources are listed. All targets are listed by then, so most items are
/// decided at once and written once. The others wait for the end of all listings.
extension Planner {
    /// Adds items that the plan does not have yet.
    func add(_ items: [PlanItem], _ decisions: inout Decisions) async throws(TranshipError) {
        var added: [PlanItem] = []
        let new = try await plan.newComparisons(of: items, in: journal)
        for comparison in try await asCopied(new) {
            added.append(try await decided(early: comparison, &decisions) ?? comparison.item)
        }
        try await plan.add(added)
    }

    /// Returns the decided item, or nil if it has to wait: it names other images, it is in the plan
    /// because others name it, its members are to be requested from the source, or an image with
    /// its name may be the copy of a source image that is listed later.
    private func decided(
        early comparison: PlanComparison, _ decisions: inout Decisions
    ) async throws(TranshipError) -> PlanItem? {
        guard comparison.item.record.references.isEmpty, !comparison.item.isAdded,
            !mayNameLater(comparison)
        else { return nil }
        if let item = try await rolledBack(comparison.item, decisions.held) {
            decisions.along.note(item, at: nil)
            return item
        }
        let item = try await beforeChecks(comparison)
        if asksForMembers(item) { return nil }
        let checked = try await afterChecks(item)
        decisions.note(checked)
        return checked
    }

    /// Decides the items that waited for the end of all listings. A source that can no longer
    /// report the members of its images becomes absent.
    func decideRest(
        _ decisions: inout Decisions, _ listed: inout ListedSources
    ) async throws(TranshipError) {
        while true {
            var asked: Int?
            do throws(TranshipError) {
                try await decideWaiting(&decisions) { asked = $0 }
                break
            } catch {
                guard let asked else { throw error }
                try await leaveOut(asked, error, &listed)
            }
        }
        for warning in decisions.others.warnings { tell(.warning(warning)) }
        try await plan.remove(decisions.along.unneeded)
        try await updateReferences(decisions.naming)
    }

    /// - Parameter asking: gets the index of a source before a request for an image's members, and
    ///   nil after the answer.
    private func decideWaiting(
        _ decisions: inout Decisions, asking: (Int?) -> Void
    ) async throws(TranshipError) {
        try await decideEach(undecidedOnly: true) { (comparison) throws(TranshipError) in
            if let item = try await rolledBack(comparison.item, decisions.held) {
                decisions.along.note(item, at: comparison.position)
                return item
            }
            var item = try await beforeChecks(comparison)
            if let target = target(item.targetKey) {
                asking(item.source.sourceIndex)
                item = try await shared(item, comparison.transfer, at: target)
                asking(nil)
            }
            asking(item.source.sourceIndex)
            item = try await afterChecks(item)
            asking(nil)
            decisions.note(item, at: comparison.position)
            return item
        }
    }

    /// True if ``shared(_:_:at:)`` or ``memberNotes(_:at:)`` may ask the source.
    private func asksForMembers(_ item: PlanItem) -> Bool {
        guard item.record.takesMembers else { return false }
        return switch item.action {
        case .create, .update: true
        case .skip: target(item.targetKey)?.rules.onConflict == .update
        case .refuse, .conflict, nil: false
        }
    }

    private func beforeChecks(
        _ comparison: PlanComparison
    ) async throws(TranshipError) -> PlanItem {
        let noted = try await notingHands(try await decide(comparison), comparison)
        let item = notingDropped(notingEdits(noted, comparison), comparison.transfer)
            .notingReplaced
        guard let target = target(item.targetKey) else { return item }
        let beside = try await besideEarlierVersion(item, comparison, at: target)
        let named = try await named(beside, besides: comparison.transfer, at: target)
        return try await besideKnownData(named, comparison)
    }

    private func afterChecks(_ given: PlanItem) async throws(TranshipError) -> PlanItem {
        var item = given
        guard given.action == .create else {
            if given.action == .update, let target = target(given.targetKey) {
                item.notes += publishingNotes(given, at: target)
            }
            return item
        }
        item = try await checked(given)
        if item.action == .create { item.start = going(item, copies: 1) }
        return item
    }

    /// Returns the item as a skipped one if an operator rolled its series back; nil otherwise.
    private func rolledBack(
        _ item: PlanItem, _ held: [HeldVersion]
    ) async throws(TranshipError) -> PlanItem? {
        guard held.contains(where: { $0.versionID == item.origin.versionID }) else { return nil }
        let copies = try await plan.copies(
            ofLineage: item.origin.lineageID, at: item.targetKey, in: journal)
        guard let (_, copy) = held.hold(on: item, copies), let transfer = copy.transfer else {
            return nil
        }
        return item.decided(
            .skip,
            .rolledBack(
                toVersion: ImageIdentity.versionWord(of: transfer.source), imageID: copy.image.id))
    }

    /// Replaces every item of the plan, page by page.
    func decideEach(
        undecidedOnly: Bool = false,
        _ decide: (PlanComparison) async throws(TranshipError) -> PlanItem
    ) async throws(TranshipError) {
        var position: Int64 = 0
        while true {
            let page = try await plan.comparisons(
                after: position, limit: Self.pageImages, undecidedOnly: undecidedOnly, in: journal)
            guard let last = page.last else { return }
            var decisions: [(position: Int64, item: PlanItem)] = []
            for comparison in page {
                decisions.append((comparison.position, try await decide(comparison)))
            }
            try await plan.decide(decisions)
            position = last.position
        }
    }

    /// Updates copies at the target that name an image which is copied once more and so gets
    /// another id.
    private func updateReferences(
        _ naming: [(position: Int64, item: PlanItem)]
    ) async throws(TranshipError) {
        for (position, item) in naming {
            for key in item.record.references.values.sorted() {
                let other = try await plan.item(
                    sourceKey: key, targetKey: item.targetKey(ofReference: key))
                guard other?.action == .create,
                    let transfer = try await journal.transfer(
                        sourceKey: item.source.key, targetKey: item.targetKey),
                    transfer.origin == item.origin, !transfer.placement.isAdopted,
                    transfer.state == .done || transfer.state == .skipped
                else { continue }
                let name = other?.source.displayName ?? key
                var start = transfer.republished(as: item.record)
                start.leaveFields(publishedAs: start)
                try await plan.decide([
                    (
                        position,
                        item.decided(.update, .referenceCopiedAgain(name: name), start: start)
                    )
                ])
                break
            }
        }
    }
}
