// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

extension OpenedPipeline {
    /// The places that the clouds of the pipeline lead to, one for each name.
    var places: [RunPlace] {
        var places: [RunPlace] = []
        for (name, source) in zip(sourceNames, sources)
        where source.region != nil || source.ownProjectID != nil {
            let place = RunPlace(
                .source, name, keystoneURL: source.region?.keystoneURL, endpoint: source.endpoint,
                projectID: source.ownProjectID)
            // Two entries of one cloud may differ in their interface.
            if !places.contains(where: { $0.name == name }) { places.append(place) }
        }
        return places
            + targets.map(\.opened).map {
                RunPlace(
                    .target, $0.key, keystoneURL: $0.region?.keystoneURL, endpoint: $0.endpoint,
                    projectID: $0.projectID)
            }
    }
}

/// Compares the places that the clouds lead to with those of earlier runs. What the journal knows
/// of copies is true only of the place that has them.
extension PipelineRun {
    /// Throws if a cloud leads to another place than in a run. A place of a later run with the same
    /// project also counts as the run's place: the cloud's addresses may change.
    ///
    /// - Parameters:
    ///   - side: the side to compare; nil is both.
    ///   - plansInstead: true if a new run may do the work in the new place.
    /// - Throws: ``TranshipError/Code/placeChanged`` with all differences.
    func expectPlaces(
        of run: Run, _ opened: OpenedPipeline, only side: Absence.Side? = nil, plansInstead: Bool
    ) async throws(TranshipError) {
        let known = try await journal.places(since: run)
        var moved: [Move] = []
        for now in opened.places where side == nil || now.side == side {
            let ofName = known.filter { $0.place.isNamed(as: now) }
            guard let then = ofName.first(where: { $0.runID == run.id })?.place else { continue }
            let isKnown = ofName.contains {
                $0.place == now && ($0.runID == run.id || now.projectID == then.projectID)
            }
            if !isKnown { moved.append(Move(runID: run.id, then: then, now: now)) }
        }
        try await expectNone(moved, opened, plansInstead: plansInstead)
    }

    /// Throws if a target leads to another place than in the last run that had it.
    ///
    /// - Throws: as ``expectPlaces(of:_:only:plansInstead:)``.
    func expectLastPlaces(_ opened: OpenedPipeline) async throws(TranshipError) {
        let known = try await journal.lastPlaces()
        let moved = opened.places.filter { $0.side == .target }.compactMap { now in
            known.first { $0.place.isNamed(as: now) && $0.place != now }
                .map { Move(runID: $0.runID, then: $0.place, now: now) }
        }
        try await expectNone(moved, opened, plansInstead: true)
    }

    /// A source or a target that leads to another place than in a run.
    private struct Move {
        var runID: Int64
        var then: RunPlace
        var now: RunPlace
    }

    private func expectNone(
        _ moved: [Move], _ opened: OpenedPipeline, plansInstead: Bool
    ) async throws(TranshipError) {
        guard let first = moved.first else { return }
        let ids = Set(moved.flatMap { [$0.then.projectID, $0.now.projectID] }.compactMap(\.self))
        let names = try await journal.projectNames()
            .merging(await opened.projectNames.names(of: ids.sorted())) { _, now in now }
        let words = ProjectWords(names)
        func shown(_ part: RunPlace.Part, _ place: RunPlace) -> String {
            guard let value = place[part] else { return "none" }
            return part == .project ? words.words(ofProject: value) : value
        }
        let lines = moved.flatMap { move in
            move.now.parts(differingFrom: move.then).map { part in
                "  \(move.now.label): \(part.rawValue): \(shown(part, move.then)) -> "
                    + shown(part, move.now)
            }
        }
        let hasOnlyMoved = moved.allSatisfy { $0.then.projectID == $0.now.projectID }
        let again =
            Run.isCopy(file: pipeline.absoluteFile, name: pipeline.name)
            ? "the same `tranship copy` command" : "`tranship run \(pipelineFile.shellQuoted)`"
        throw TranshipError(
            .placeChanged,
            "the clouds are not those of run \(first.runID):\n" + lines.joined(separator: "\n"),
            hint: "use the clouds.yaml and the OS_ variables of run \(first.runID)"
                + (plansInstead || hasOnlyMoved
                    ? "; if the new place is right, \(again) plans for it first" : ""))
    }
}

extension RunPlace {
    fileprivate func isNamed(as other: RunPlace) -> Bool {
        side == other.side && name == other.name
    }
}
