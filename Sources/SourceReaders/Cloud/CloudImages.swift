// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage
public import PipelineFiles

/// A kind of source: images of a cloud's Image service (v2).
public struct CloudImages: ImageSource {
    let selection: CloudSource
    let sourceIndex: Int
    public var endpoint: String { cloud.endpoint }
    public var region: CloudRegion? { cloud.region }
    let cloud: SignedInCloud
    let service: ImageService
    let reopening: Reopening
    let memory: RangeMemory

    /// - Parameter memory: shared by the sources of a run.
    public init(
        _ selection: CloudSource, sourceIndex: Int, at cloud: SignedInCloud,
        reopening: Reopening = Reopening(), memory: RangeMemory = RangeMemory()
    ) {
        self.selection = selection
        self.sourceIndex = sourceIndex
        self.cloud = cloud
        service = ImageService(cloud.session)
        self.reopening = reopening
        self.memory = memory
    }

    public var limitImages: Int? { selection.limitsImages }

    public func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await CloudListing(listing: listing, catalogue: self).list(page)
    }

    public func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        guard let region, region.isSibling(of: target), let name = region.name,
            let id = image.imageID
        else { return .nothing(.noSharedKeystone) }
        return .siblingImage(
            id: id, region: name, interface: session.configuration.interface.rawValue)
    }
}

extension CloudImages: CloudCatalogue {
    var session: CloudSession { service.session }

    func image(_ id: String) async throws(TranshipError) -> SourceImage {
        SourceImage(try await service.image(id), sourceIndex: sourceIndex)
    }

    func eachPage(
        project: String?, selects: (SourceImage) -> Bool,
        _ body: ([SourceImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        for query in queries(project) {
            for try await page in service.images(query) {
                try await body(page.map { SourceImage($0, sourceIndex: sourceIndex) })
            }
        }
    }

    /// Hidden images are in no default listing, and community images of others
    /// only in one that asks for all visibilities: a pass for each.
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
