// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// A catalogue of a cloud's images, for both versions of the Images API.
protocol CloudCatalogue: ImageCatalogue {
    var selection: CloudSource { get }
    var cloud: SignedInCloud { get }
}

extension ListedImage {
    /// An image of a listing. A record with an invalid value becomes a refusal, so that the other
    /// images can go on.
    init(_ image: SourceImage, of record: some ServiceRecord) {
        self.init(
            image,
            refusal: record.valueFault.map {
                TranshipError(
                    .invalidAnswer, "the source lies or is damaged: \($0)",
                    hint: "ask the operator of the source, or leave the image out with `exclude`")
            })
        // The check takes time, and nearly all records are right.
        if refusal != nil { unreadKeys = record.wrongKeys }
    }
}

extension CloudCatalogue {
    var endpoint: String { cloud.endpoint }
    var limitImages: Int? { selection.limitsImages }
    var inspection: Inspection { .remarks }
    /// Nil without Keystone: such a service reserves nothing for administrators.
    var reader: SourceUser? {
        cloud.projectID.map { SourceUser(projectID: $0, isAdmin: cloud.isAdmin) }
    }
    var conditions: CatalogueConditions {
        CatalogueConditions(
            selection: selection.selection, exclude: selection.exclude,
            variant: selection.variant, kind: .cloud,
            name: selection.cloud.name, place: "\(selection.cloud.position)")
    }

    func projectID() async throws(TranshipError) -> String? {
        try await cloud.session.authenticate().projectID
    }

    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        do throws(TranshipError) {
            try await CatalogueListing(listing: listing, catalogue: self).list(page)
        } catch {
            let name = selection.cloud.name
            guard error.isAnAnswer, !error.isNaming(name) else { throw error }
            throw error.whileDoing("listing the images of cloud \"\(name)\"", naming: name)
        }
    }
}

/// Returns the projects that an image is shared with. Empty if the service does not show them: only
/// the owner may list them, and the image may have been deleted meanwhile.
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
