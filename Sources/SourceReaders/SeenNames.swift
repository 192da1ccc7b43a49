// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Which names of a selection a listing has met.
struct SeenNames {
    /// Names that are kept to find the nearest one. More would cost memory in large clouds.
    private static let namesMax = 2000
    private static let examplesMax = 5

    private let conditions: CatalogueConditions
    /// Images that were listed.
    private(set) var count = 0
    private var selectedCount = 0
    /// Not met so far.
    private var pending: [Glob]
    private var names: [String] = []
    /// Of names that were not met, the first image that has one and fails another condition.
    private var leftOut: [String: MissedSelection.Cause] = [:]

    init(_ conditions: CatalogueConditions) {
        self.conditions = conditions
        pending = conditions.selection.names
    }

    /// - Parameter selected: those of the images that the entry selects.
    mutating func add(_ images: [ListedImage], selected: [ListedImage]) {
        count += images.count
        selectedCount += selected.count
        let room = max(0, Self.namesMax - names.count)
        names += images.prefix(room).compactMap(\.image.name)
        for image in selected where !pending.isEmpty {
            pending.removeAll { $0.matches(image.image.name ?? "") }
        }
    }

    /// Notes an image that the entry does not select.
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

    /// Call after the last page.
    var missed: [MissedSelection] {
        if conditions.selection.names.isEmpty { return selectedCount == 0 ? [missed(nil)] : [] }
        return pending.map { missed($0) }
    }

    private func missed(_ glob: Glob?) -> MissedSelection {
        var missed = MissedSelection(
            place: conditions.place, kind: conditions.kind, cloud: conditions.name,
            name: glob?.pattern,
            // A condition other than the name may have left it out.
            nearest: glob.flatMap { Nearest.to($0.literal ?? $0.pattern, in: names) },
            examples: Array(names.prefix(Self.examplesMax)), listedImages: count)
        missed.cause = glob.flatMap { leftOut[$0.pattern] }
        return missed
    }
}

extension MissedSelection.Cause {
    /// The entry leaves out this image, which has the name.
    static func leaves(_ image: SourceImage, _ reason: ImageSelection.Mismatch) -> Self {
        .leftOut(key: reason.key, reason: reason.words, status: image.status)
    }

    /// An image of another project says least of why a name is not met.
    fileprivate var isOwner: Bool {
        if case .leftOut("owner", _, _) = self { true } else { false }
    }
}
