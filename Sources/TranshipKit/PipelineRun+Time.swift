// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import HTTPTransport
internal import PipelineFiles

extension PipelineRun {
    var tuning: RunTuning {
        var tuning = givenTuning
        if let seconds = answerSecondsMax.withLock(\.self) {
            tuning.transport.answerSecondsMax = seconds
        }
        return tuning
    }

    /// Call before ``plan(matching:listsAllDifferences:)`` if the run has little time: services that
    /// do not answer then take half of it at most, and each of them at least
    /// ``leastAnswerSeconds``.
    public func expectEnd(withinSeconds seconds: Int) {
        let clouds = pipeline.targets.count + pipeline.sources.count { $0.cloudEntry != nil }
        // What the others list is asked for side by side.
        let others = pipeline.sources.contains { $0.cloudEntry == nil } ? 1 : 0
        let share = max(Self.leastAnswerSeconds, seconds / 2 / max(1, clouds + others))
        answerSecondsMax.withLock { $0 = share }
    }

    /// How long a service may take to answer, however little time the run has.
    public static let leastAnswerSeconds = 3
}
