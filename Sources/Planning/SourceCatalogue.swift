// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage
internal import PipelineFiles

/// The images of a cloud as planning sees them, whichever API it speaks.
protocol SourceCatalogue: Sendable {
    var session: CloudSession { get }

    /// - Throws: ``TranshipError/Code/notFound`` when there is none.
    func image(_ id: String) async throws(TranshipError) -> SourceImage

    /// Hands over every image that may meet the conditions, page by page; more
    /// than that may come.
    ///
    /// - Parameter selects: says whether an image meets them.
    func eachPage(
        of selection: ImageSelection, project: String?, selects: (SourceImage) -> Bool,
        _ body: ([SourceImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError)
}

/// Images API v2.
struct CurrentCatalogue: SourceCatalogue {
    let service: ImageService
    let sourceIndex: Int

    var session: CloudSession { service.session }

    func image(_ id: String) async throws(TranshipError) -> SourceImage {
        SourceImage(try await service.image(id), sourceIndex: sourceIndex)
    }

    func eachPage(
        of selection: ImageSelection, project: String?, selects: (SourceImage) -> Bool,
        _ body: ([SourceImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        for query in queries(selection, project) {
            for try await page in service.images(query) {
                try await body(page.map { SourceImage($0, sourceIndex: sourceIndex) })
            }
        }
    }

    /// Hidden images are in no default listing, and community images of others
    /// only in one that asks for all visibilities: a pass for each.
    private func queries(_ selection: ImageSelection, _ project: String?) -> [ImageQuery] {
        var base = ImageQuery()
        switch selection.owner {
        case .selfProject: base.ownerID = project
        case .project(let id): base.ownerID = id
        case .any, nil: break
        }
        if selection.owner != .selfProject { base.visibility = .all }
        let hidden: [Bool] =
            switch selection.hidden {
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
