// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The names of a selection that a listing has found so far.
struct SeenNames {
    /// The maximum number of names that are kept to find the nearest one. More would need much
    /// memory in large clouds.
    private static let namesMax = 2000
    private static let examplesMax = 5

    private let conditions: CatalogueConditions
    /// The number of listed images.
    private(set) var count = 0
    private var selectedCount = 0
    /// The names that were not found so far.
    private var pending: [Glob]
    private var names: [String] = []
    /// For each name that was not found, the first image that has the name but fails another
    /// condition.
    private var leftOut: [String: MissedSelection.Cause] = [:]

    init(_ conditions: CatalogueConditions) {
        self.conditions = conditions
        var known: Set<Glob> = []
        pending = conditions.selection.names.filter { known.insert($0).inserted }
    }

    /// - Parameter selected: the images that the entry selects.
    mutating func add(_ images: [ListedImage], selected: [ListedImage]) {
        count += images.count
        selectedCount += selected.count
        let room = max(0, Self.namesMax - names.count)
        names += images.prefix(room).compactMap(\.image.name)
        for image in selected where !pending.isEmpty {
            pending.removeAll { $0.matches(image.image.name ?? "") }
        }
    }

    /// Records an image that the entry does not select.
    mutating func add(leftOut image: SourceImage, _ reason: ImageSelection.Mismatch) {
        guard reason.key != "id", let name = image.name else { return }
        for glob in pending {
            let known = leftOut[glob.pattern]
            if reason.key == "name" {
                guard glob.pattern == name else { continue }
                leftOut[glob.pattern] = .glob(escaped: FilePath.escaped(name))
            } else if known == nil || known?.isOwner == true, glob.matches(name) {
                leftOut[glob.pattern] = .leaves(image, reason)
            }
        }
    }

    /// The names that were not found. Call this after the last page.
    var missed: [MissedSelection] {
        if conditions.selection.names.isEmpty { return selectedCount == 0 ? [missed(nil)] : [] }
        return pending.map { missed($0) }
    }

    private func missed(_ glob: Glob?) -> MissedSelection {
        var missed = MissedSelection(
            place: conditions.place, kind: conditions.kind, cloud: conditions.name,
            name: glob?.pattern,
            // Another condition than the name may have excluded it.
            nearest: glob.flatMap { Nearest.to($0.literal ?? $0.pattern, in: names) },
            examples: Array(names.prefix(Self.examplesMax)), listedImages: count)
        missed.cause = glob.flatMap { leftOut[$0.pattern] }
        return missed
    }
}

extension MissedSelection.Cause {
    /// The cause for an image that has the name but fails another condition.
    static func leaves(_ image: SourceImage, _ reason: ImageSelection.Mismatch) -> Self {
        .leftOut(key: reason.key, reason: reason.words, status: image.status)
    }

    /// True for an image of another project, which is the least useful explanation for a missing
    /// name.
    fileprivate var isOwner: Bool {
        if case .leftOut("owner", _, _) = self { true } else { false }
    }
}
