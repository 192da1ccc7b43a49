// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationModel

/// What else a run does at a target once transfers there have ended. It goes on beside the transfers
/// of other targets, so that a target that is slow or silent keeps the others from nothing.
extension Scheduler {
    /// Called for each target at the beginning, and again after a transfer to it has ended: one call
    /// for a target at a time, and none after ``Scheduler/stop(_:)``.
    ///
    /// - Returns: false if the target does not answer now. It is called again after
    ///   ``RetryPolicy/followUpMilliseconds``, if transfers still go on then.
    /// - Throws: what ends the run.
    public typealias FollowUp =
        @Sendable (_ targetKey: String) async throws(TranshipError) -> Bool

    struct FollowUps {
        /// When each target is to have its next one, in milliseconds since 1970; 0 is at once.
        private var dueAt: [String: Int64] = [:]
        private var busy: Set<String> = []

        var areUnderWay: Bool { !busy.isEmpty }

        /// When the next one is to begin; nil if none waits for a time.
        var nextDue: Int64? { dueAt.filter { !busy.contains($0.key) }.values.min() }

        mutating func want(_ targetKey: String, at time: Int64 = 0) {
            dueAt[targetKey] = min(time, dueAt[targetKey] ?? .max)
        }

        /// The targets whose next one begins now, in alphabetical order.
        mutating func begin(at now: Int64) -> [String] {
            let due = dueAt.filter { $0.value <= now && !busy.contains($0.key) }.keys.sorted()
            for key in due { dueAt[key] = nil }
            busy.formUnion(due)
            return due
        }

        mutating func end(_ targetKey: String) { busy.remove(targetKey) }
    }

    /// Reports the end of a transfer, which is committed.
    func ended(_ transfer: Transfer) {
        monitor.left(transfer, .ended(transfer))
        guard followUp != nil else { return }
        state.withLock { $0.followUps.want(transfer.targetKey) }
    }

    func startFollowUps(_ group: inout DiscardingTaskGroup, at now: Int64) {
        guard let followUp else { return }
        let due = state.withLock { state in
            state.stop == nil && state.fatal == nil ? state.followUps.begin(at: now) : []
        }
        for key in due {
            group.addTask { [self] in
                do throws(TranshipError) {
                    let isWhole = try await followUp(key)
                    let again = self.now().clampedSum(limits.retries.followUpMilliseconds)
                    state.withLock { state in
                        if !isWhole { state.followUps.want(key, at: again) }
                    }
                } catch {
                    state.withLock { $0.fatal = $0.fatal ?? error }
                }
                state.withLock { $0.followUps.end(key) }
                wake()
            }
        }
    }
}
