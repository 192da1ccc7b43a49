// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

extension Planner {
    /// Reads all listings and finds out which images at the targets are copies
    /// of what the sources have. Changes nothing but the plan, whose items say what
    /// the journal is to hold.
    ///
    /// - Parameter each: called with every image in turn.
    /// - Throws: as ``makePlan()``.
    public func adopt(
        each: (Adoption) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await compare()
        var position: Int64 = 0
        while true {
            let page = try await plan.comparisons(
                after: position, limit: Self.pageImages, in: journal)
            guard let last = page.last else { break }
            var decisions: [(position: Int64, item: PlanItem)] = []
            for comparison in page {
                let adoption = judge(comparison)
                if let adoption { try await each(adoption) }
                var item = comparison.item
                item.start = adoption?.transfer
                decisions.append((comparison.position, item))
            }
            try await plan.decide(decisions)
            position = last.position
        }
        try await strays(each)
        plan.finish()
    }

    private func judge(_ comparison: PlanComparison) -> Adoption? {
        guard let target = targets.first(where: { $0.opened.key == comparison.item.targetKey })
        else {
            return nil
        }
        return AdoptionJudge(
            item: comparison.item, known: comparison.transfer, ours: ours(comparison, at: target),
            allStores: target.opened.offer.writableStores
        ).judge()
    }

    /// Judges images that carry our marker but are not a copy of a planned image.
    private func strays(
        _ each: (Adoption) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var last: TargetImage?
        while true {
            let page = try await plan.marked(
                after: last, limit: Self.pageImages, in: journal)
            guard let end = page.last else { break }
            for marked in page {
                guard let target = targets.first(where: { $0.opened.key == marked.image.targetKey })
                else { continue }
                guard let item = marked.item else {
                    try await each(.stray(marked))
                    continue
                }
                let ownership = Ownership(
                    of: marked.image, source: item.source, record: item.record,
                    origin: item.origin, transfer: marked.transfer,
                    projectID: target.opened.projectID)
                if ownership == .forged { try await each(.forged(marked)) }
            }
            last = end.image
        }
    }

    /// Judges every marked image for ``Leftover``.
    public func leftovers(
        each: (Leftover) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await compare()
        var last: TargetImage?
        while true {
            let page = try await plan.marked(
                after: last, limit: Self.pageImages, in: journal)
            guard let end = page.last else { break }
            for marked in page {
                guard let target = targets.first(where: { $0.opened.key == marked.image.targetKey })
                else { continue }
                let ownership = Ownership(of: marked, projectID: target.opened.projectID)
                if let leftover = Leftover(marked, ownership) { try await each(leftover) }
            }
            last = end.image
        }
    }
}

extension Ownership {
    /// As `clean` sees a marked image: by the journal's row, or else by the plan.
    /// It has to lie in the copies' project.
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
