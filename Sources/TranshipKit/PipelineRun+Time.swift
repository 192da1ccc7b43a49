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

    /// Limits the time that services may take to answer. Call this before
    /// ``plan(matching:listsAllDifferences:)`` if the run has little time: services that do not
    /// answer then take at most half of it, but each at least ``leastAnswerSeconds``.
    public func expectEnd(withinSeconds seconds: Int) {
        let clouds = pipeline.targets.count + pipeline.sources.count { $0.cloudEntry != nil }
        // The other sources are listed at the same time, so they count as one.
        let others = pipeline.sources.contains { $0.cloudEntry == nil } ? 1 : 0
        let share = max(Self.leastAnswerSeconds, seconds / 2 / max(1, clouds + others))
        answerSecondsMax.withLock { $0 = share }
    }

    /// The time, in seconds, that a service may always take to answer, however little time the run
    /// has.
    public static let leastAnswerSeconds = 3
}
