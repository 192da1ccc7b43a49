// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationModel

/// The work that a run does at a target after transfers to it have ended. It runs beside the
/// transfers of other targets, so that a slow or silent target does not delay them.
extension Scheduler {
    /// A function that is called for each target at the beginning, and again after a transfer to it
    /// has ended. At most one call for a target runs at a time, and none begins after
    /// ``Scheduler/stop(_:)``.
    ///
    /// - Returns: false if the target does not answer now. It is then called again after
    ///   ``RetryPolicy/followUpMilliseconds``, if transfers are still in flight.
    /// - Throws: errors that end the run.
    public typealias FollowUp =
        @Sendable (_ targetKey: String) async throws(TranshipError) -> Bool

    struct FollowUps {
        /// The time at which each target's next follow-up is due, in milliseconds since 1970; 0
        /// means at once.
        private var dueAt: [String: Int64] = [:]
        private var busy: Set<String> = []

        var areUnderWay: Bool { !busy.isEmpty }

        /// The time of the next follow-up; nil if none is due later.
        var nextDue: Int64? { dueAt.filter { !busy.contains($0.key) }.values.min() }

        mutating func want(_ targetKey: String, at time: Int64 = 0) {
            dueAt[targetKey] = min(time, dueAt[targetKey] ?? .max)
        }

        /// Returns the targets whose next follow-up begins now, in alphabetical order.
        mutating func begin(at now: Int64) -> [String] {
            let due = dueAt.filter { $0.value <= now && !busy.contains($0.key) }.keys.sorted()
            for key in due { dueAt[key] = nil }
            busy.formUnion(due)
            return due
        }

        mutating func end(_ targetKey: String) { busy.remove(targetKey) }
    }

    /// Reports the end of a transfer, after it was committed.
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
