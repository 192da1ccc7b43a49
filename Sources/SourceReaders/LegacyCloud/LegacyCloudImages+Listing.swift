// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// v1 has two visibilities, v2 has four. A private image with members is `shared` in v2. The Image
/// service itself converted its database by that rule (Ocata). So the listing requests the members
/// of private images that are to be copied.
extension LegacyCloudImages: CloudCatalogue {
    /// The maximum number of requests for members at once.
    private static let lookupsMax = 8

    func image(_ id: String) async throws(TranshipError) -> ListedImage {
        let image = try await service.image(id)
        // Administrators also see deleted images.
        guard !image.isDeleted else {
            throw TranshipError(.notFound, "image \(id) was deleted")
        }
        var found = SourceImage(image, sourceIndex: sourceIndex)
        if !image.isPublic, try await !memberIDs(id).isEmpty { found.visibility = .shared }
        return ListedImage(found)
    }

    /// Lists all images, because v1 cannot filter by owner, and does not accept every name. Users
    /// who are not administrators get the images that their project can see.
    func eachPage(
        project: String?, selects: (SourceImage) -> Bool,
        _ body: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        for try await page in service.images(LegacyImageQuery(publicity: .any)) {
            let records = page.filter { !$0.isDeleted }
            var images = records.map { SourceImage($0, sourceIndex: sourceIndex) }
            var doubtful: [Int] = []
            for (index, image) in images.enumerated() where image.visibility == .private {
                var shared = image
                shared.visibility = .shared
                if selects(image) || selects(shared) { doubtful.append(index) }
            }
            for index in try await withMembers(doubtful, of: images) {
                images[index].visibility = .shared
            }
            try await body(
                zip(images, records).map { image, record in
                    var listed = ListedImage(image, of: record)
                    listed.noteChecksums(malformed: record.malformedChecksumKeys)
                    return listed
                })
        }
    }

    /// Returns the indices of the images that have members.
    private func withMembers(
        _ places: [Int], of images: [SourceImage]
    ) async throws(TranshipError) -> [Int] {
        let results = await withTaskGroup(of: Lookup.self) { group in
            var results: [Lookup] = []
            for (count, place) in places.enumerated() {
                if count >= Self.lookupsMax, let result = await group.next() {
                    results.append(result)
                }
                let id = images[place].imageID ?? ""
                group.addTask {
                    do throws(TranshipError) {
                        return Lookup(
                            place: place, isShared: .success(try await !memberIDs(id).isEmpty))
                    } catch {
                        return Lookup(place: place, isShared: .failure(error))
                    }
                }
            }
            for await result in group { results.append(result) }
            return results
        }
        var shared: [Int] = []
        for result in results where try result.isShared.get() { shared.append(result.place) }
        return shared
    }

    /// A struct and not a tuple: the optimizer (Swift 6.3.1) leaves the first half of a tuple unset
    /// if a task returns it from `do throws(…)`.
    private struct Lookup {
        let place: Int
        let isShared: Result<Bool, TranshipError>
    }
}

extension SourceImage {
    /// An image of a legacy cloud. Its only promise is an MD5 checksum.
    init(_ image: LegacyImage, sourceIndex: Int) {
        self.init(
            key: Self.cloudKey(image.id), sourceIndex: sourceIndex,
            location: image.id, imageID: image.id, lineage: Self.cloudKey(image.id),
            // The data of an id never changes once the image is active.
            fingerprint: image.checksums.first?.description
                ?? "created:\(OutsideID.read(image.createdAt) ?? "")",
            name: image.name, status: image.status, sizeBytes: image.sizeBytes,
            checksums: image.checksums, ownerID: image.ownerID,
            visibility: image.isPublic ? .public : .private, isProtected: image.isProtected,
            diskFormat: image.diskFormat, containerFormat: image.containerFormat,
            minDiskGiB: image.minDiskGiB, minRAMMiB: image.minRAMMiB,
            properties: image.properties, updatedAt: image.updatedAt.map { "\($0)Z" })
        createdAtUnixSeconds = image.createdAt.flatMap { UTCTime.unixSeconds($0) }
    }
}
