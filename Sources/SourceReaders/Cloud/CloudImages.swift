// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// A kind of source: images of a cloud's Image service (v2).
struct CloudImages: ImageSource {
    let selection: CloudSource
    let sourceIndex: Int
    let cloud: SignedInCloud
    var reopening = Reopening()
    /// The servers without ranges. Shared by the sources of a run.
    var memory = RangeMemory()
    /// The connections to sources. Shared by the sources of a run.
    var connections = SourceConnections()

    var service: ImageService { ImageService(cloud.session) }
    var region: CloudRegion? { cloud.region }
    var ownProjectID: String? { selection.isOfOwnProject ? cloud.projectID : nil }

    func promiser(of image: SourceImage) -> Promiser? {
        Promiser(recordOf: image, in: selection.cloud)
    }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        guard let region, region.isSibling(of: target), let name = region.name,
            let id = image.imageID
        else {
            let isOneService =
                region?.sharesKeystone(with: target) == true
                && region?.name == target?.name
            return .nothing(isOneService ? .oneImageService : .noSharedKeystone)
        }
        return .siblingImage(
            id: id, region: name, interface: cloud.session.configuration.interface.rawValue)
    }
}

extension CloudImages: CloudCatalogue {
    func image(_ id: String) async throws(TranshipError) -> ListedImage {
        ListedImage(try await service.image(id), sourceIndex: sourceIndex)
    }

    func eachPage(
        project: String?, selects: (SourceImage) -> Bool,
        _ body: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await expectStores()
        for query in queries(project) {
            for try await page in service.images(query) {
                try await body(page.map { ListedImage($0, sourceIndex: sourceIndex) })
            }
        }
    }

    func hiddenImage(
        named name: String, project: String?
    ) async throws(TranshipError) -> SourceImage? {
        guard selection.selection.hidden == .only(false), var query = queries(project).first
        else { return nil }
        query.isHidden = true
        query.name = .one(name)
        for try await page in service.images(query) {
            if let image = page.first { return SourceImage(image, sourceIndex: sourceIndex) }
        }
        return nil
    }

    /// Refuses a preferred store that the service does not have, because otherwise each image would
    /// fail.
    private func expectStores() async throws(TranshipError) {
        let preferred = selection.preferredStores
        guard !preferred.isEmpty else { return }
        let known = try await service.stores().map(\.id)
        let missing = preferred.filter { !known.contains($0) }
        guard !missing.isEmpty else { return }
        throw TranshipError(
            .invalidPipeline,
            "\(selection.cloud.position): cloud \"\(selection.cloud.name)\" has no "
                + "\(missing.count == 1 ? "store" : "stores") "
                + missing.map { "\"\($0)\"" }.joined(separator: ", ") + ", only "
                + (known.isEmpty ? "one without a name" : known.joined(separator: ", ")),
            hint: "remove \(missing.count == 1 ? "it" : "them") from `prefer_stores`")
    }

    /// Returns one query for each listing pass. Hidden images are not in the default listing, and
    /// community images of other projects are only in a listing of all visibilities.
    private func queries(_ project: String?) -> [ImageQuery] {
        let conditions = selection.selection
        var base = ImageQuery()
        switch conditions.owner {
        case .selfProject: base.ownerID = project
        case .project(let id): base.ownerID = id
        case .any, nil: break
        }
        if conditions.owner != .selfProject { base.visibility = .all }
        let hidden: [Bool] =
            switch conditions.hidden {
            case .any: [false, true]
            case .only(let value): [value]
            }
        return hidden.map { value in
            var query = base
            query.isHidden = value
            return query
        }
    }
}
