// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

/// Learns from a run how fast the methods are, for the next plan.
extension PipelineRun {
    /// Returns the costs of the methods, from the journal and the present limits of the pipeline.
    func methodCosts() async throws(TranshipError) -> MethodCosts {
        let now = tuning.surroundings.now()
        return MethodCosts(
            try await journal.methodTimes(now: now),
            bandwidthBytesPerSecond: pipeline.limits.bandwidth.bytesPerSecond(
                atMinute: LocalTime.minuteOfDay(now)),
            imagesAtOnce: pipeline.limits.images, imagesMax: imagesInFlight,
            paces: try await journal.paces(), assumptions: tuning.methodAssumptions)
    }

    /// Stores for the next run which numbers of images at once were good, and how long the methods
    /// took.
    func learn(
        _ paces: [String: PaceExperience], of run: Run, in opened: OpenedPipeline
    ) async throws(TranshipError) {
        try await journal.remember(paces, at: tuning.surroundings.now())
        var limits = [pipeline.limits.bandwidth.lowestBytesPerSecond]
        if case .atMost(let rate) = try await journal.limitOverride(of: run)?.bandwidth {
            limits.append(rate)
        }
        let endpoints = opened.targets.map { ($0.opened.key, $0.opened.endpoint) }
        try await journal.learnMethodTimes(
            of: run, sources: opened.sources.map(\.endpoint),
            targets: Dictionary(endpoints) { first, _ in first },
            bandwidth: limits.compactMap(\.self).min(), now: tuning.surroundings.now())
    }
}

extension SavedPlan {
    /// The methods in the plan. A run that carries the plan out keeps them, even if later
    /// measurements favor others.
    var methods: SavedMethods {
        var methods = SavedMethods()
        for entry in entries {
            guard let method = entry.fields["method"].flatMap(UploadMethod.init(rawValue:))
            else { continue }
            methods.add(method, of: entry.source, at: entry.target)
        }
        return methods
    }
}
