// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// A cloud's images as a listing sees them, whichever API the cloud speaks.
protocol CloudCatalogue: ImageSource {
    var selection: CloudSource { get }
    var sourceIndex: Int { get }
    var cloud: SignedInCloud { get }

    /// - Throws: ``TranshipError/Code/notFound`` when there is none,
    ///   ``TranshipError/Code/invalidAnswer`` for a record that cannot be right.
    func image(_ id: String) async throws(TranshipError) -> SourceImage

    /// Hands over every image that may meet the conditions, page by page; others
    /// may be among them.
    ///
    /// - Parameter selects: says whether an image meets them.
    func eachPage(
        project: String?, selects: (SourceImage) -> Bool,
        _ body: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError)
}

extension ListedImage {
    /// An image of a listing. A record with a size that cannot be right becomes a refusal, so that
    /// the others go on.
    init(_ image: SourceImage, of record: some ServiceRecord) {
        self.init(
            image,
            refusal: record.numberFault.map {
                TranshipError(
                    .invalidAnswer, "the source lies or is damaged: \($0)",
                    hint: "ask the operator of the source, or leave the image out with `exclude`")
            })
    }
}

extension CloudCatalogue {
    var endpoint: String { cloud.endpoint }
    var limitImages: Int? { selection.limitsImages }
    var inspection: Inspection { .remarks }

    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        do throws(TranshipError) {
            try await CloudListing(listing: listing, catalogue: self).list(page)
        } catch {
            let name = selection.cloud.name
            guard error.isAnAnswer, !error.message.contains("cloud \"\(name)\"") else {
                throw error
            }
            throw error.whileDoing("listing the images of cloud \"\(name)\"")
        }
    }
}

/// Lists the images of a cloud that an entry selects, with the kernels and
/// ramdisks that these name.
struct CloudListing {
    let listing: Listing
    let catalogue: any CloudCatalogue

    typealias Page = ([ListedImage]) async throws(TranshipError) -> Void

    func list(_ page: Page) async throws(TranshipError) {
        let project = try await catalogue.cloud.session.authenticate().projectID
        // Each kernel and ramdisk, with the first image that names it and all properties that do.
        var named: [String: (by: String, keys: Set<String>)] = [:]
        func noting(_ images: [ListedImage]) async throws(TranshipError) {
            for image in images.map(\.image) {
                for key in ["kernel_id", "ramdisk_id"] {
                    guard let id = image.properties[key], !id.isEmpty else { continue }
                    named[id, default: (image.displayName, [])].keys.insert(key)
                }
            }
            try await page(images)
        }
        if !catalogue.selection.selection.ids.isEmpty {
            try await listByID(project, noting)
        } else {
            try await listAll(project, noting)
        }
        // Kernels and ramdisks come along with the images that name them.
        for (id, use) in named.sorted(by: { $0.key < $1.key }) {
            do {
                let image = try await catalogue.image(id)
                var listed = ListedImage(image, notes: [.addedBecauseNamed(by: use.by)])
                listed.namedAs = use.keys
                try await page([listed])
            } catch {
                // Planning refuses the image that names it, with this reason. The service
                // answers 400 to an id that it cannot have given out.
                switch error.code {
                case .notFound, .forbidden, .badRequest, .gone: break
                case .invalidAnswer: try await page([unreadable(id, error)])
                default: throw error
                }
            }
        }
    }

    private func listAll(_ project: String?, _ page: Page) async throws(TranshipError) {
        var seen = SeenNames(catalogue.selection)
        let isSelected = { (image: SourceImage) in mismatch(image, project) == nil }
        try await catalogue.eachPage(project: project, selects: isSelected) {
            (images) throws(TranshipError) in
            var selected: [ListedImage] = []
            for image in images {
                if let reason = mismatch(image.image, project) {
                    listing.unselected(unselected(image.image, reason), reason.key)
                } else {
                    selected.append(image)
                }
            }
            seen.add(images, selected: selected)
            try await page(selected)
            listing.tell(
                .listing(what: "source \(catalogue.selection.cloud.name)", images: seen.count))
        }
        for missed in seen.missed { listing.missed(missed) }
    }

    /// Asks for ids one by one: an image that the pipeline names must be found
    /// even where no listing shows it, and reported when it is missing.
    private func listByID(_ project: String?, _ page: Page) async throws(TranshipError) {
        for id in catalogue.selection.selection.ids {
            do {
                let image = try await catalogue.image(id)
                if let reason = mismatch(image, project) {
                    listing.tell(
                        .warning("image \(id) is named, but not selected: \(reason.words)"))
                    listing.unselected(unselected(image, reason), reason.key)
                    continue
                }
                try await page([ListedImage(image)])
            } catch {
                switch error.code {
                case .notFound:
                    try await page([
                        unreadable(
                            id,
                            TranshipError(
                                .refused,
                                "there is no image \(id) at \(catalogue.selection.cloud.name)",
                                hint: "check the id, and that this project may see it"))
                    ])
                case .invalidAnswer: try await page([unreadable(id, error)])
                default: throw error
                }
            }
        }
    }

    private func unreadable(_ id: String, _ error: TranshipError) -> ListedImage {
        let key = SourceImage.cloudKey(id)
        return ListedImage(
            SourceImage(
                key: key, sourceIndex: catalogue.sourceIndex, location: id, imageID: id,
                lineage: key, fingerprint: "missing"),
            refusal: error)
    }

    private func mismatch(
        _ image: SourceImage, _ project: String?
    ) -> ImageSelection.Mismatch? {
        catalogue.selection.mismatch(
            image.facts, selfProjectID: project, nowUnixSeconds: listing.nowUnixSeconds)
    }

    private func unselected(
        _ image: SourceImage, _ reason: ImageSelection.Mismatch
    ) -> UnselectedImages.Image {
        UnselectedImages.Image(
            name: image.displayName, cloud: catalogue.selection.cloud.name, words: reason.words)
    }
}

/// Projects that an image is shared with, as far as the service shows them: only the owner may list
/// them, and the image may be deleted meanwhile.
func visibleMembers(
    _ list: () async throws(TranshipError) -> [String]
) async throws(TranshipError) -> [String] {
    do {
        return try await list()
    } catch {
        guard error.code == .forbidden || error.code == .notFound else { throw error }
        return []
    }
}
