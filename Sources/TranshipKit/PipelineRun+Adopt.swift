// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    /// Rebuilds the journal from the targets: finds our copies, compares the reports of the targets
    /// with the promises of the sources, and records the copies. Changes nothing at any cloud.
    ///
    /// The journal's rows change in one transaction after the last call of `each`, so an
    /// interruption changes nothing.
    ///
    /// - Returns: the number of images for each verdict.
    /// - Throws: as planning, if it is impossible to look.
    public func adopt(
        each: (Adoption) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> [Adoption.Verdict: Int] {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        var tally: [Adoption.Verdict: Int] = [:]
        let plan = try Plan(beside: journal, for: .run)
        try await planner(in: opened, plan).adopt { adoption throws(TranshipError) in
            tally[adoption.verdict, default: 0] += 1
            try await each(adoption)
        }
        guard tally[.done] != nil || tally[.work] != nil else { return tally }
        try await journal.recordAdoption(
            plan, pipelineName: pipeline.name, pipelineFile: pipeline.absoluteFile,
            pipelineText: pipeline.textWithoutSecrets, places: opened.places)
        return tally
    }
}
