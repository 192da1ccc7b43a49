// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage
internal import PipelineFiles

/// The images of a cloud that a source selects, page by page.
struct CloudListing {
    let planner: Planner
    let source: PlanningSource
    let catalogue: any SourceCatalogue

    func add(_ selection: CloudSource) async throws(TranshipError) {
        let project = try await catalogue.session.authenticate().projectID
        var named = ReferencedImages()
        if !selection.selection.ids.isEmpty {
            try await addByID(selection, project, &named)
        } else {
            try await addListed(selection, project, &named)
        }
        try await addReferenced(named)
    }

    private func addListed(
        _ selection: CloudSource, _ project: String?, _ named: inout ReferencedImages
    ) async throws(TranshipError) {
        var seen = 0
        var referenced = named
        let isSelected = { (image: SourceImage) in selects(selection, image, project) }
        try await catalogue.eachPage(
            of: selection.selection, project: project, selects: isSelected
        ) { (page) throws(TranshipError) in
            seen += page.count
            let chosen = page.filter { selects(selection, $0, project) }
            referenced.add(chosen)
            try await planner.add(chosen.map { ListedImage(image: $0) }, from: source)
            planner.tell(.listing(what: "source \(selection.cloud)", images: seen))
        }
        named = referenced
    }

    /// Ids are asked for one by one: an image that was named must be found even
    /// where no listing shows it, and missed when it is not there.
    private func addByID(
        _ selection: CloudSource, _ project: String?, _ named: inout ReferencedImages
    ) async throws(TranshipError) {
        for id in selection.selection.ids {
            do {
                let image = try await catalogue.image(id)
                guard selects(selection, image, project) else {
                    planner.tell(
                        .warning("image \(id) was named, but does not meet the other conditions"))
                    continue
                }
                named.add([image])
                try await planner.add([ListedImage(image: image)], from: source)
            } catch {
                guard error.code == .notFound else { throw error }
                var missing = ListedImage(
                    image: SourceImage(
                        key: SourceImage.cloudKey(id), sourceIndex: source.index,
                        location: .cloud(imageID: id), lineage: SourceImage.cloudKey(id),
                        fingerprint: "missing"))
                missing.refusal = TranshipError(
                    .refused, "there is no image \(id) at \(selection.cloud)",
                    hint: "check the id, and that this project may see it")
                try await planner.add([missing], from: source)
            }
        }
    }

    private func selects(
        _ selection: CloudSource, _ image: SourceImage, _ project: String?
    ) -> Bool {
        selection.selects(
            image.facts, selfProjectID: project, nowUnixSeconds: planner.nowUnixSeconds)
    }

    /// Kernels and ramdisks come along with what names them.
    private func addReferenced(_ named: ReferencedImages) async throws(TranshipError) {
        for (id, by) in named.byID.sorted(by: { $0.key < $1.key }) {
            do {
                let image = try await catalogue.image(id)
                try await planner.add(
                    [ListedImage(image: image, notes: ["added: \(by) names it"])], from: source)
            } catch {
                // Planning refuses the image that names it, with this reason.
                guard error.code == .notFound || error.code == .forbidden else { throw error }
            }
        }
    }
}

/// Images that selected ones name as kernel or ramdisk.
struct ReferencedImages {
    /// Who named it first, by image id.
    private(set) var byID: [String: String] = [:]

    mutating func add(_ images: [SourceImage]) {
        for image in images {
            for key in ["kernel_id", "ramdisk_id"] {
                guard let id = image.properties[key], !id.isEmpty, byID[id] == nil else { continue }
                byID[id] = image.displayName
            }
        }
    }
}
