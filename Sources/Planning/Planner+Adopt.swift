// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline

extension Planner {
    /// Reads all listings and finds the images at the targets that are copies of the sources'
    /// images. Changes nothing but the plan. The plan's items then have what the journal should
    /// hold.
    ///
    /// - Parameter each: called with every image in turn.
    /// - Throws: as ``makePlan()``.
    public func adopt(
        each: (Adoption) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await compare()
        try await decideEach { (comparison) throws(TranshipError) in
            let adoption = judge(comparison)
            if let adoption { try await each(adoption) }
            var item = comparison.item
            item.start = adoption?.transfer
            return item
        }
        try await eachMarked { (marked, target) throws(TranshipError) in
            // The image is not a copy of any planned image.
            guard let item = marked.item else {
                return try await each(.stray(marked, isSelected: isSelected(marked)))
            }
            let ownership = Ownership(
                of: marked.image, source: item.source, record: item.record,
                origin: item.origin, transfer: marked.transfer,
                projectID: target.opened.projectID)
            if ownership == .forged { try await each(.forged(marked)) }
        }
        plan.finish()
    }

    /// True if the plan has another version of the image's source.
    private func isSelected(_ marked: MarkedImage) async throws(TranshipError) -> Bool {
        guard let transfer = marked.transfer else { return false }
        return try await !plan.items(
            ofLineage: transfer.origin.lineageID, at: marked.image.targetKey
        ).isEmpty
    }

    private func judge(_ comparison: PlanComparison) -> Adoption? {
        guard let target = target(comparison.item.targetKey) else { return nil }
        return AdoptionJudge(
            item: comparison.item, known: comparison.transfer, ours: ours(comparison, at: target),
            allStores: target.opened.offer.writableStores
        ).judge()
    }

    /// Judges every marked image for ``Leftover``.
    public func leftovers(
        each: (Leftover) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await compare()
        try await eachMarked { (marked, target) throws(TranshipError) in
            let ownership = Ownership(of: marked, projectID: target.opened.projectID)
            if let leftover = Leftover(marked, ownership) { try await each(leftover) }
        }
    }

    /// Passes the marked images of all targets to a closure, in a fixed order.
    func eachMarked(
        _ body: (MarkedImage, PlanningTarget) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var last: TargetImage?
        while true {
            let page = try await plan.marked(after: last, limit: Self.pageImages, in: journal)
            guard let end = page.last else { return }
            for marked in page {
                if let target = target(marked.image.targetKey) { try await body(marked, target) }
            }
            last = end.image
        }
    }
}

extension Ownership {
    /// The ownership of a marked image for `clean`: by the journal's row, or else by the plan. The
    /// image has to be in the project of the copies.
    init(of marked: MarkedImage, projectID: String?) {
        guard let source = marked.transfer?.source ?? marked.item?.source,
            let record = marked.transfer?.record ?? marked.item?.record,
            let origin = marked.transfer?.origin ?? marked.item?.origin
        else {
            self = .foreign
            return
        }
        self.init(
            of: marked.image, source: source, record: record, origin: origin,
            transfer: marked.transfer, projectID: projectID,
            project: .only(record.ownerID ?? projectID))
    }
}
