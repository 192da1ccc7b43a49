// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

extension Planner {
    /// Lists what becomes of earlier versions, for every target that says something
    /// about them.
    func planChanges() async throws(TranshipError) {
        for target in targets {
            guard
                let retirement = Retirement(
                    target.rules, projectID: target.opened.projectID,
                    nowUnixSeconds: nowUnixSeconds)
            else { continue }
            var changes: [Change] = []
            try await eachVersion(at: target) { (item) throws(TranshipError) in
                let copies = try await plan.copies(
                    ofLineage: item.origin.lineageID, at: item.targetKey, in: journal)
                changes += retirement.changes(besides: item, copies)
            }
            try await plan.add(Self.bounded(changes, deletesMax: deletesMax))
        }
    }

    /// Hands over the images of URLs and files that stand at a target, or that this run
    /// copies there. Images of clouds do not form a series: each has an id of its own.
    private func eachVersion(
        at target: PlanningTarget, _ body: (PlanItem) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var position: Int64 = 0
        while true {
            let page = try await plan.items(
                after: position, limit: Self.pageImages, actions: [.create, .update, .skip])
            guard let last = page.last else { return }
            position = last.position
            for (_, item) in page
            where item.targetKey == target.opened.key && item.source.imageID == nil {
                // `on_conflict: skip` leaves an image of another owner in its place.
                if case .nameTaken = item.reason, item.action == .skip { continue }
                try await body(item)
            }
        }
    }

    /// At most so many deletions in a run, the oldest versions first.
    private static func bounded(_ changes: [Change], deletesMax: Int) -> [Change] {
        var deletes = 0
        return changes.map { change in
            guard change.action == .delete, change.state == .planned else { return change }
            deletes += 1
            return deletes > deletesMax
                ? change.ended(.left, .deletesLimit(deletesMax)) : change
        }
    }
}
