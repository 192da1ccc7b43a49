// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// Images with records and ids, as a listing sees them: of a cloud, whichever API it speaks, or of an
/// archive.
protocol ImageCatalogue: ImageSource {
    var conditions: CatalogueConditions { get }
    var sourceIndex: Int { get }

    /// The project of the user; nil without Keystone.
    func projectID() async throws(TranshipError) -> String?

    /// - Throws: ``TranshipError/Code/notFound`` when there is none,
    ///   ``TranshipError/Code/invalidAnswer`` for a record that cannot be right.
    func image(_ id: String) async throws(TranshipError) -> ListedImage

    /// A hidden image of a name, of an entry that selects none; nil if there is none.
    func hiddenImage(
        named name: String, project: String?
    ) async throws(TranshipError) -> SourceImage?

    /// Hands over every image that may meet the conditions, page by page; others
    /// may be among them.
    ///
    /// - Parameter selects: says whether an image meets them.
    func eachPage(
        project: String?, selects: (SourceImage) -> Bool,
        _ body: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError)
}

extension ImageCatalogue {
    func hiddenImage(
        named name: String, project: String?
    ) async throws(TranshipError) -> SourceImage? { nil }

    func visibleImage(_ id: String) async throws(TranshipError) -> ListedImage? {
        do {
            return try await image(id)
        } catch {
            // Planning refuses the image that names it. The service answers 400 to an id that it
            // cannot have given out.
            switch error.code {
            case .notFound, .forbidden, .badRequest, .gone: return nil
            case .invalidAnswer: return .unreadable(id, error, sourceIndex: sourceIndex)
            default: throw error
            }
        }
    }
}

extension ListedImage {
    /// An image of which the source says nothing that can be used.
    fileprivate static func unreadable(
        _ id: String, _ error: TranshipError, sourceIndex: Int
    ) -> ListedImage {
        let key = SourceImage.cloudKey(id)
        return ListedImage(
            SourceImage(
                key: key, sourceIndex: sourceIndex, location: id, imageID: id, lineage: key,
                fingerprint: "missing"),
            refusal: error)
    }
}

/// Which images of a catalogue an entry of the pipeline file selects.
struct CatalogueConditions {
    var selection: ImageSelection
    /// Leaves out images that ``selection`` selects and this matches.
    var exclude: ImageSelection?
    /// See ``CloudSource/variant``.
    var variant: String?
    /// What the catalogue is.
    var kind: MissedSelection.Kind
    /// The entry of clouds.yaml, or the path of the archive.
    var name: String
    /// `file:line:column` of the entry.
    var place: String
}

/// Lists the images of a catalogue that an entry selects, with the kernels and
/// ramdisks that these name.
struct CatalogueListing {
    let listing: Listing
    let catalogue: any ImageCatalogue

    /// Names of which the service is asked why they are left out.
    private static let explainedMax = 20

    typealias Page = ([ListedImage]) async throws(TranshipError) -> Void

    func list(_ page: Page) async throws(TranshipError) {
        let project = try await catalogue.projectID()
        // Each kernel and ramdisk, with the first image that names it and all properties that do.
        var named: [String: (by: String, keys: Set<String>)] = [:]
        func noting(_ images: [ListedImage]) async throws(TranshipError) {
            for listed in images {
                let image = listed.image
                for key in ["kernel_id", "ramdisk_id"] {
                    guard let id = image.properties[key], !id.isEmpty else { continue }
                    named[id, default: (image.displayName, [])].keys.insert(key)
                }
            }
            guard let variant = catalogue.conditions.variant else { return try await page(images) }
            try await page(
                images.map { listed in
                    var listed = listed
                    listed.image.vary(variant)
                    return listed
                })
        }
        if !catalogue.conditions.selection.ids.isEmpty {
            try await listByID(project, noting)
        } else {
            try await listAll(project, noting)
        }
        // Kernels and ramdisks come along with the images that name them.
        for (id, use) in named.sorted(by: { $0.key < $1.key }) {
            guard var listed = try await catalogue.visibleImage(id) else { continue }
            listed.notes.append(.addedBecauseNamed(by: use.by))
            listed.namedAs = use.keys
            try await page([listed])
        }
    }

    private func listAll(_ project: String?, _ page: Page) async throws(TranshipError) {
        var seen = SeenNames(catalogue.conditions)
        let isSelected = { (image: SourceImage) in mismatch(ListedImage(image), project) == nil }
        try await catalogue.eachPage(project: project, selects: isSelected) {
            (images) throws(TranshipError) in
            var selected: [ListedImage] = []
            for image in images {
                if let reason = mismatch(image, project) {
                    listing.unselected(unselected(image.image, reason), reason.key)
                    seen.add(leftOut: image.image, reason)
                } else {
                    selected.append(image)
                }
            }
            seen.add(images, selected: selected)
            try await page(selected)
            listing.tell(
                .listing(what: "source \(catalogue.conditions.name)", images: seen.count))
        }
        let all = seen.missed
        let names = Set(all.compactMap(\.name).prefix(Self.explainedMax))
        let copied = names.isEmpty ? [:] : try await listing.copied(names)
        for var missed in all {
            if let name = missed.name, names.contains(name) {
                missed.copiedInRun = copied[name]?.runID
                missed.cause = try await cause(of: name, copied[name], missed.cause, project)
            }
            listing.missed(missed)
        }
    }

    /// Why the image of a name is left out, which may need a request.
    ///
    /// - Parameters:
    ///   - copy: what a run copied under that name.
    ///   - seen: what the listing says of an image of that name.
    private func cause(
        of name: String, _ copy: CopiedImage?, _ seen: MissedSelection.Cause?, _ project: String?
    ) async throws(TranshipError) -> MissedSelection.Cause? {
        do throws(TranshipError) {
            if let copy {
                guard let now = try await catalogue.visibleImage(copy.imageID) else {
                    return seen ?? .gone
                }
                if now.refusal == nil, let reason = mismatch(now, project) {
                    return reason.key == "name"
                        ? .renamed(now.image.displayName)
                        : .leaves(now.image, reason)
                }
            }
            guard seen == nil, let literal = Glob(name).literal,
                let hidden = try await catalogue.hiddenImage(named: literal, project: project),
                let reason = mismatch(ListedImage(hidden), project)
            else { return seen }
            return .leaves(hidden, reason)
        } catch {
            if error.code == .interrupted { throw error }
            // Only the message is poorer without.
            return seen
        }
    }

    /// Asks for ids one by one: an image that the pipeline names must be found
    /// even if no listing shows it, and reported when it is missing.
    private func listByID(_ project: String?, _ page: Page) async throws(TranshipError) {
        for id in catalogue.conditions.selection.ids {
            do {
                let listed = try await catalogue.image(id)
                let image = listed.image
                if let reason = mismatch(listed, project) {
                    tell(of: id, image, reason)
                    listing.unselected(unselected(image, reason), reason.key)
                    continue
                }
                try await page([listed])
            } catch {
                switch error.code {
                case .notFound:
                    try await page([
                        unreadable(
                            id,
                            TranshipError(
                                .refused,
                                "there is no image \(id) at \(catalogue.conditions.name)",
                                hint: "check the id, and that this project may see it; if it is a "
                                    + "name, write it under `name`"))
                    ])
                case .invalidAnswer: try await page([unreadable(id, error)])
                default: throw error
                }
            }
        }
    }

    /// Data that cannot be read is missed, as it is of an image that is named by its name.
    private func tell(of id: String, _ image: SourceImage, _ reason: ImageSelection.Mismatch) {
        guard reason.key == "status" else {
            return listing.tell(.warning(.notSelected(imageID: id, reason: reason.words)))
        }
        var missed = MissedSelection(
            place: catalogue.conditions.place, kind: catalogue.conditions.kind,
            cloud: catalogue.conditions.name, name: id, nearest: nil, examples: [],
            listedImages: 1)
        missed.cause = .leaves(image, reason)
        listing.missed(missed)
    }

    private func unreadable(_ id: String, _ error: TranshipError) -> ListedImage {
        .unreadable(id, error, sourceIndex: catalogue.sourceIndex)
    }

    private func mismatch(
        _ listed: ListedImage, _ project: String?
    ) -> ImageSelection.Mismatch? {
        let conditions = catalogue.conditions
        var facts = listed.image.facts
        facts.unreadKeys = Set(listed.unreadKeys)
        return conditions.selection.mismatch(
            facts, except: conditions.exclude, selfProjectID: project,
            nowUnixSeconds: listing.nowUnixSeconds)
    }

    private func unselected(
        _ image: SourceImage, _ reason: ImageSelection.Mismatch
    ) -> UnselectedImages.Image {
        UnselectedImages.Image(
            name: image.displayName, cloud: catalogue.conditions.name, words: reason.words)
    }
}

extension SourceImage {
    /// Keeps the copies of a variant apart from others: ids derive from the lineage. Kernels and
    /// ramdisks that come along have none.
    mutating func vary(_ variant: String?) {
        if let variant { lineage += "\nvariant \(variant)" }
    }
}
