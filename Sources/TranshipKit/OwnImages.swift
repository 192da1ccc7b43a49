// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import OpenStackImage

/// An image that a pipeline without conditions would copy: an active one of the project that is
/// neither hidden nor a snapshot.
struct OwnImage {
    let name: String
    let sizeBytes: Int64?
    let diskFormat: String?
    let containerFormat: String?
    /// The record; nil at a legacy cloud.
    let record: Image?

    private init(_ image: Image) {
        name = image.name ?? image.id
        sizeBytes = image.sizeBytes
        diskFormat = image.diskFormat
        containerFormat = image.containerFormat
        record = image
    }

    private init(_ image: LegacyImage) {
        name = image.name ?? image.id
        sizeBytes = image.sizeBytes
        diskFormat = image.diskFormat
        containerFormat = image.containerFormat
        record = nil
    }

    /// Gives each such image to `use`, the newest first, until `use` returns false.
    ///
    /// - Parameters:
    ///   - isLegacy: true for a cloud that has only Images API v1.
    ///   - project: the project of the session. If nil, the images of all projects count.
    static func each(
        of session: CloudSession, isLegacy: Bool, project: String?, _ use: (OwnImage) -> Bool
    ) async throws(TranshipError) {
        guard isLegacy else {
            var query = ImageQuery(status: [.active])
            query.ownerID = project
            for try await page in ImageService(session).images(query) {
                for image in page where image.properties["image_type"]?.string != "snapshot" {
                    guard use(OwnImage(image)) else { return }
                }
            }
            return
        }
        // The list of a legacy cloud shows the public images of all projects too.
        let all = LegacyImageService(session).images(LegacyImageQuery(publicity: .any))
        for try await page in all {
            for image in page
            where image.status == .active && (project == nil || image.ownerID == project)
                && image.properties["image_type"] != "snapshot"
            {
                guard use(OwnImage(image)) else { return }
            }
        }
    }
}
