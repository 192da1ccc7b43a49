// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

extension SourceImage {
    /// An image of a cloud, from its listing.
    init(_ image: Image, sourceIndex: Int) {
        let checksums = image.checksums
        self.init(
            key: Self.cloudKey(image.id), sourceIndex: sourceIndex,
            location: image.id, imageID: image.id, lineage: Self.cloudKey(image.id),
            // The data of an id never changes once the image is active.
            fingerprint: checksums.first?.description
                ?? "created:\(OutsideID.read(image.createdAt) ?? "")",
            name: image.name, status: image.status, sizeBytes: image.sizeBytes,
            checksums: checksums, ownerID: image.ownerID, visibility: image.visibility,
            isProtected: image.isProtected, isHidden: image.isHidden,
            diskFormat: image.diskFormat, containerFormat: image.containerFormat,
            minDiskGiB: image.minDiskGiB, minRAMMiB: image.minRAMMiB, tags: image.tags,
            properties: image.propertyTexts, updatedAt: image.updatedAt)
        createdAtUnixSeconds = image.createdAt.flatMap { UTCTime.unixSeconds($0) }
    }

    /// The fields that a pipeline's conditions test.
    var facts: ImageFacts {
        ImageFacts(
            id: imageID ?? "", name: name, owner: ownerID,
            visibility: (visibility ?? .private).rawValue,
            status: (status ?? .active).rawValue, tags: tags, properties: properties,
            sizeBytes: sizeBytes,
            updatedAt: updatedAt, isHidden: isHidden,
            // Nova marks snapshots of servers this way.
            isSnapshot: properties["image_type"] == "snapshot")
    }
}

extension ListedImage {
    /// Notes missing and malformed checksums of an image with data. A checksum of the source proves
    /// the data at the target; without one, only the sent bytes are compared.
    ///
    /// - Parameter malformed: the fields of the record whose values are not checksums of their
    ///   algorithm.
    mutating func noteChecksums(malformed: [String]) {
        guard image.status == .active || image.status == .deactivated else { return }
        if !malformed.isEmpty { notes.append(.malformedChecksum(fields: malformed)) }
        if image.checksums.isEmpty { notes.append(.noChecksum) }
    }

    /// An image of a cloud, with notes about properties that other records cannot hold.
    init(_ image: Image, sourceIndex: Int) {
        self.init(SourceImage(image, sourceIndex: sourceIndex), of: image)
        notes += image.structuredProperties.map {
            .propertyLeftOut(
                key: $0, reason: "its value is a list or an object, and properties are text")
        }
        noteChecksums(malformed: image.malformedChecksumKeys)
    }
}
