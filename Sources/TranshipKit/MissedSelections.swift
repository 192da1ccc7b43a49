// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import PipelineFiles

/// A collector of names that no image has, and of images that no entry selects.
final class MissedSelections: Sendable {
    private let found = Guarded<[MissedSelection]>([])
    private let left = Guarded(UnselectedImages())
    /// The number of sources of each entry, by its place in the pipeline file.
    private let sources: [String: Int]

    /// - Parameter positions: the entries of the sources. With `projects`, one entry is a source
    ///   for each project.
    init(of positions: [FilePosition] = []) {
        sources = positions.reduce(into: [:]) { $0["\($1)", default: 0] += 1 }
    }

    /// The selections that no image meets, in the order in which they were missed. What one of
    /// several projects lacks is missed if all of them lack it.
    var all: [MissedSelection] {
        struct Sought: Hashable {
            let place: String
            let name: String?
        }
        var merged: [(missed: MissedSelection, count: Int)] = []
        var places: [Sought: Int] = [:]
        for missed in found.withLock({ $0 }) {
            let sought = Sought(place: missed.place, name: missed.name)
            if missed.isOfOneProject, let place = places[sought] {
                merged[place].missed = merged[place].missed.merged(with: missed)
                merged[place].count += 1
            } else {
                if missed.isOfOneProject { places[sought] = merged.count }
                merged.append((missed, 1))
            }
        }
        return merged.filter { missed, count in
            !missed.isOfOneProject || count >= sources[missed.place] ?? 1
        }.map(\.missed)
    }
    var unselected: UnselectedImages { left.withLock { $0 } }

    func add(_ missed: MissedSelection) { found.withLock { $0.append(missed) } }

    func add(_ image: UnselectedImages.Image, key: String) {
        left.withLock { $0.add(image, key: key) }
    }
}

extension PipelineRun {
    /// Returns a function that collects names that no image has. `allow_empty` does not accept a
    /// missing id.
    func noting(_ missed: MissedSelections) -> @Sendable (MissedSelection) -> Void {
        let counts = !pipeline.allowsEmpty
        return { if counts || $0.isByID { missed.add($0) } }
    }

    func warn(of missed: MissedSelections) {
        for one in missed.all { tell(.warning(.missed(one))) }
    }
}
