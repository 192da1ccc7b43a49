// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// The sources that were absent during planning.
final class AbsentSources: Sendable {
    private let names: [String]
    private let found = Guarded<[Absence]>([])

    /// - Parameter names: the names of all sources, by index.
    init(_ names: [String]) { self.names = names }

    /// Notes each name once: several entries of a pipeline may name one cloud.
    func add(_ index: Int, _ error: TranshipError) {
        let name = names.indices.contains(index) ? names[index] : "\(index + 1)"
        found.withLock { found in
            guard !found.contains(where: { $0.name == name }) else { return }
            found.append(Absence(.source, name, error))
        }
    }

    /// Returns a function that takes absent sources from a planner; nil if the plan needs all
    /// sources.
    func sink(ifAllowed mayLack: Bool) -> (@Sendable (Int, TranshipError) -> Void)? {
        guard mayLack else { return nil }
        return { index, error in self.add(index, error) }
    }

    /// The absent sources in the order of their names, as in the journal.
    var all: [Absence] { found.withLock { $0.sorted { $0.name < $1.name } } }
}

extension OpenedPipeline {
    var absentTargets: [Absence] {
        absent.sorted { $0.key < $1.key }.map { Absence(.target, $0.key, $0.value) }
    }
}

extension PipelineRun {
    /// True if the plan can go on with another source.
    var mayLackSources: Bool { pipeline.sources.count > 1 }

    /// Opens the pipeline for a plan.
    ///
    /// - Parameter planned: the run that goes on, if any. It needs all sources and targets that its
    ///   own plan had.
    func open(goingOnWith planned: Run?) async throws(TranshipError) -> OpenedPipeline {
        var lacking: Set<String> = []
        if let planned {
            lacking = Set(
                try await journal.absences(of: planned).filter { $0.side == .source }.map(\.name))
        }
        let mayLackAll = planned == nil && mayLackSources
        return try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, needsAll: planned != nil,
            mayLack: { mayLackAll || lacking.contains($0) }, journal: journal, tell: tell)
    }

    func warn(of absences: [Absence]) {
        for absence in absences { tell(.warning(.absent(absence))) }
    }

    /// Refuses sources and targets that are absent only now. Their part of a saved plan cannot be
    /// compared: an absent source has not lost its images, and an absent target does not lack its
    /// copies.
    ///
    /// - Throws: the error of the first absent source or target that the saved plan had.
    func expectSameAbsences(
        _ absences: [Absence], as saved: SavedPlan
    ) throws(TranshipError) {
        let known = Set(saved.absent ?? [])
        guard let new = absences.first(where: { !known.contains($0.label) }) else { return }
        let cause = new.failure.hint.map { "; \($0)" } ?? ""
        throw new.error.whileDoing(
            "\(new.words), so its part of the saved plan cannot be compared, and nothing is done"
        ).hinting(
            "run the saved plan when it answers; without --plan, the others go on\(cause)")
    }
}
