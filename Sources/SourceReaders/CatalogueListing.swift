// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// A source whose images have records and ids: a cloud with either version of the API, or an
/// archive.
protocol ImageCatalogue: ImageSource {
    var conditions: CatalogueConditions { get }
    var sourceIndex: Int { get }

    /// Returns the project of the user; nil without Keystone.
    func projectID() async throws(TranshipError) -> String?

    /// Returns the image with an id.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if it does not exist,
    ///   ``TranshipError/Code/invalidAnswer`` for an invalid record.
    func image(_ id: String) async throws(TranshipError) -> ListedImage

    /// Returns a hidden image with a name, if the entry does not select hidden images; nil if none
    /// exists.
    func hiddenImage(
        named name: String, project: String?
    ) async throws(TranshipError) -> SourceImage?

    /// Passes on every image that may meet the conditions, page by page. The pages may also contain
    /// other images.
    ///
    /// - Parameter selects: returns true if an image meets the conditions.
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
            // Planning refuses the image that refers to it. The service answers 400 to an id that
            // it cannot have created.
            switch error.code {
            case .notFound, .forbidden, .badRequest, .gone: return nil
            case .invalidAnswer: return .unreadable(id, error, sourceIndex: sourceIndex)
            default: throw error
            }
        }
    }
}

extension ListedImage {
    /// An image whose record at the source is unusable.
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

/// The conditions by which an entry of the pipeline file selects images of a catalogue.
struct CatalogueConditions {
    var selection: ImageSelection
    /// Excludes images that both this and ``selection`` match.
    var exclude: ImageSelection?
    /// See ``CloudSource/variant``.
    var variant: String?
    /// The kind of catalogue.
    var kind: MissedSelection.Kind
    /// The entry of clouds.yaml, or the path of the archive.
    var name: String
    /// `file:line:column` of the entry.
    var place: String
}

/// Lists the images of a catalogue that an entry selects, with the kernels and ramdisks that these
/// refer to.
struct CatalogueListing {
    let listing: Listing
    let catalogue: any ImageCatalogue

    /// The maximum number of names for which the service is asked why they are left out.
    private static let explainedMax = 20

    typealias Page = ([ListedImage]) async throws(TranshipError) -> Void

    func list(_ page: Page) async throws(TranshipError) {
        let project = try await catalogue.projectID()
        // Maps the id of each kernel and ramdisk to the first image that refers to it, and to all
        // properties that do.
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
        // Kernels and ramdisks are listed with the images that refer to them.
        for (id, use) in named.sorted(by: { $0.key < $1.key }) {
            guard var listed = try await catalogue.visibleImage(id) else { continue }
            listed.notes.append(.addedBecauseNamed(by: use.by))
            listed.namedAs = use.keys
            try await page([listed])
        }
    }

    private func listAll(_ project: String?, _ page: Page) async throws(TranshipError) {
        var seen = SeenNames(catalogue.conditions)
        var rights = ReadingRights(catalogue, listing, project)
        let isSelected = { (image: SourceImage) in mismatch(ListedImage(image), project) == nil }
        try await catalogue.eachPage(project: project, selects: isSelected) {
            (images) throws(TranshipError) in
            rights.see(images)
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
        if let lack = rights.lack { listing.missed(lack) }
        let all = seen.missed
        let names = Set(all.compactMap(\.name).prefix(Self.explainedMax))
        let copied = names.isEmpty ? [:] : try await listing.copied(names)
        for var missed in all {
            if let name = missed.name, names.contains(name) {
                missed.copiedInRun = copied[name]?.runID
                missed.cause = try await cause(of: name, copied[name], missed.cause, project)
            }
            missed.isOfOneProject = isOfOneOfProjects
            listing.missed(missed)
        }
    }

    /// Returns the reason that the image with a name is left out. May need a request.
    ///
    /// - Parameters:
    ///   - copy: the copy that a run made of an image with that name.
    ///   - seen: the reason that the listing gives for an image with that name.
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
            // Without the reason, only the message is less exact.
            return seen
        }
    }

    /// Requests ids one by one: an image that the pipeline names must be found even if no listing
    /// contains it, and must be reported if it is missing.
    private func listByID(_ project: String?, _ page: Page) async throws(TranshipError) {
        var asked: Set<String> = []
        for id in catalogue.conditions.selection.ids where asked.insert(id).inserted {
            do {
                let listed = try await catalogue.image(id)
                let image = listed.image
                if let reason = mismatch(listed, project) {
                    if isOfOneOfProjects, reason.key == "owner" {
                        listing.missed(missedID(id, reason))
                        continue
                    }
                    tell(of: id, image, reason)
                    listing.unselected(unselected(image, reason), reason.key)
                    continue
                }
                try await page([listed])
            } catch {
                switch error.code {
                case .notFound where isOfOneOfProjects: listing.missed(missedID(id, nil))
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

    /// True if the pipeline has a source for each of several projects, and this is one of them.
    private var isOfOneOfProjects: Bool {
        listing.hasProjects && catalogue.conditions.selection.owner == .selfProject
    }

    /// - Parameter owner: the reason that leaves out an image of another project; nil if the token
    ///   does not show the image.
    private func missedID(
        _ id: String, _ owner: ImageSelection.Mismatch?
    ) -> MissedSelection {
        let (name, place) = (catalogue.conditions.name, catalogue.conditions.place)
        guard let owner else {
            return .id(
                id, place: place,
                what: "there is no image \(id) at \(name) in the projects of its user",
                remedy: "check the id, and that the user has a role in the image's project; if it "
                    + "is a name, write it under `name`")
        }
        var missed = MissedSelection.id(
            id, place: place,
            what: "image \(id) at \(name) is in none of the projects of its user: \(owner.words)",
            remedy: "give the user a role in that project, or take the id out of the list")
        missed.cause = .leftOut(key: owner.key, reason: owner.words, status: nil)
        return missed
    }

    /// Warns that an image, selected by its id, does not meet another condition. If its data cannot
    /// be read, reports it as missed, like an image that is selected by its name.
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
    /// Separates the copies of a variant from other copies, because ids derive from the lineage.
    /// Kernels and ramdisks that are listed for other images have no variant.
    mutating func vary(_ variant: String?) {
        if let variant { lineage += "\nvariant \(variant)" }
    }
}
