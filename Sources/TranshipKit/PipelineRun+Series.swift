// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import Planning

extension PipelineRun {
    /// Carries out the run's changes of earlier versions, after all its transfers.
    ///
    /// What restores a version comes first, so that there is a visible one at every
    /// moment. A change waits for the copy that takes the version's place: if that is not
    /// done, nothing is changed.
    func changeSeries(_ run: Run, in opened: OpenedPipeline) async throws(TranshipError) {
        let changes = try await journal.changes(of: run, in: [.planned])
        var silent: [String: TranshipError] = [:]
        for change in changes.filter({ $0.action == .restore })
            + changes.filter({ $0.action != .restore })
        {
            if isStopped { return }
            var ended = change
            if let error = silent[change.targetKey] {
                ended = change.ended(.failed, failure: error)
            } else if let objection = try await objection(to: change) {
                ended = change.ended(.left, objection)
            } else if let target = opened.targets.first(where: {
                $0.opened.key == change.targetKey
            }) {
                do {
                    ended = try await target.opened.uploader.carryOut(change)
                } catch {
                    if error.code == .interrupted { return }
                    silent[change.targetKey] = error
                    ended = change.ended(.failed, failure: error)
                }
            }
            try await journal.commit(ended)
            events(.changed(ended))
        }
    }

    private func objection(to change: Change) async throws(TranshipError) -> PlanReason? {
        let current = try await journal.transfer(
            versionID: change.currentVersionID, targetKey: change.targetKey)
        guard let current, [.done, .skipped].contains(current.state) else {
            return .currentNotDone(state: current?.state)
        }
        return nil
    }
}
