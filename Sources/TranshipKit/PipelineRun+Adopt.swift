// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    /// Rebuilds the journal from the targets: finds our copies,
    /// compares the reports of the targets with the promises of the sources, and
    /// records them. Changes nothing at any cloud.
    ///
    /// The journal's rows change in one transaction after the last call of
    /// `each`, so that an interruption changes nothing.
    ///
    /// - Returns: how many images each verdict got.
    /// - Throws: as planning: what makes looking impossible.
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
            pipelineText: pipeline.textWithoutSecrets)
        return tally
    }
}
