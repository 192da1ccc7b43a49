// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// The kernels and ramdisks that images name across projects, if each source has a token of one
/// project.
///
/// The project of an image may not see the kernel that the image names. If it sees the kernel as a
/// member, it does not see the other members. So the source of the kernel's own project lists it.
final class CrossingImages: Sendable {
    /// An image that other images name.
    struct Named {
        /// The first image that names it.
        var by: String
        /// The properties by which images name it.
        var properties: Set<String> = []
        /// The sources whose images name it.
        var sources: Set<Int> = []
        /// The image as a source of another project sees it, with the index of that source; nil if
        /// none sees it.
        var seen: (image: ListedImage, source: Int)?
    }

    private struct Found {
        /// The named images, by image id.
        var named: [String: Named] = [:]
        /// The ids of the owning projects, by the keys of images.
        var owners: [String: String] = [:]
    }

    private let found = Guarded(Found())

    /// The projects whose images a source lists with a token of its own, by the Image service.
    private let projects: [String: Set<String>]

    init(_ sources: [any ImageSource]) {
        projects = Dictionary(
            sources.compactMap { source in
                source.ownProjectID.map { (source.endpoint, [$0]) }
            }
        ) { $0.union($1) }
    }

    /// Notes the images that an image of one project's source names.
    ///
    /// - Returns: false for an image that the source of another project lists instead.
    func takes(_ listed: ListedImage, of source: any ImageSource) -> Bool {
        guard let own = source.ownProjectID, let id = listed.image.imageID else { return true }
        let (index, owner) = (listed.image.sourceIndex, listed.image.ownerID)
        let isOthers =
            !listed.namedAs.isEmpty && owner != own
            && owner.map { projects[source.endpoint]?.contains($0) == true } ?? false
        found.withLock { found in
            for property in MetadataRules.referenceKeys {
                guard let id = listed.image.properties[property], !id.isEmpty else { continue }
                var named = found.named[id] ?? Named(by: listed.image.displayName)
                named.properties.insert(property)
                named.sources.insert(index)
                found.named[id] = named
            }
            guard !listed.namedAs.isEmpty else { return }
            found.owners[listed.image.key] = owner
            if isOthers, found.named[id]?.seen == nil { found.named[id]?.seen = (listed, index) }
        }
        return !isOthers
    }

    /// The named images in the order of their ids.
    var named: [(id: String, named: Named)] {
        found.withLock { $0.named.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    /// Notes an image that was requested by its id.
    func note(_ image: SourceImage) {
        found.withLock { $0.owners[image.key] = image.ownerID }
    }

    /// Returns the project of an image that others name; nil if no source sees the image.
    func owner(of key: String) -> String? { found.withLock { $0.owners[key] } }
}

extension Planner {
    /// Adds the kernels and ramdisks of other projects that are in no listing, each as the source
    /// of its own project sees it.
    ///
    /// - Parameter absent: the indexes of the sources that could not be listed.
    func addCrossing(
        _ decisions: inout Decisions, absent: Set<Int>
    ) async throws(TranshipError) {
        for (id, named) in crossing.named
        where !named.sources.isSubset(of: absent)
            && targets.contains(where: { $0.keeps(id, in: named.properties) })
        {
            if try await isPlanned(SourceImage.cloudKey(id)) { continue }
            guard let (seen, source) = try await seen(id, named, absent) else { continue }
            var listed = seen
            crossing.note(listed.image)
            listed.notes.append(.addedBecauseNamed(by: named.by))
            listed.namedAs = named.properties
            decisions.along.list(listed)
            try await add([try await compared(listed)], from: source, &decisions)
        }
    }

    private func isPlanned(_ key: String) async throws(TranshipError) -> Bool {
        for target in targets {
            if try await plan.item(sourceKey: key, targetKey: target.opened.key) != nil {
                return true
            }
        }
        return false
    }

    /// Asks the sources that have a token of one project for an image.
    private func seen(
        _ id: String, _ named: CrossingImages.Named, _ absent: Set<Int>
    ) async throws(TranshipError) -> (ListedImage, any ImageSource)? {
        let endpoints = Set(named.sources.map { sources[$0].endpoint })
        let candidates = sources.indices.filter {
            !absent.contains($0) && sources[$0].ownProjectID != nil
                && endpoints.contains(sources[$0].endpoint)
        }
        var first = named.seen.flatMap { absent.contains($0.source) ? nil : $0 }
        first?.image.notes.removeAll { if case .addedBecauseNamed = $0 { true } else { false } }
        if first == nil {
            // The sources that name the image were asked while they were listed.
            for index in candidates where !named.sources.contains(index) {
                guard let image = try await sources[index].visibleImage(id) else { continue }
                first = (image, index)
                break
            }
        }
        guard let first else { return nil }
        let owners = candidates.first {
            sources[$0].ownProjectID == first.image.image.ownerID && $0 != first.source
                && sources[$0].endpoint == sources[first.source].endpoint
        }
        if let owners, let image = try await sources[owners].visibleImage(id) {
            return (image, sources[owners])
        }
        return (first.image, sources[first.source])
    }
}
