// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel
internal import PipelineFiles

extension ImageTemplate {
    /// The image that a URL or file becomes, and its file name's stem.
    func described(
        key: String, sourceIndex: Int, location: String, fingerprint: String,
        sizeBytes: Int64?, checksum: Checksum?, fileName: String, series: NameTemplate?,
        date: String
    ) -> (image: SourceImage, stem: String) {
        let stem = (fileName as NSString).deletingPathExtension
        let rendered = try? name.render(
            PlaceholderValues(
                name: stem, stem: stem, date: date, version: properties["os_version"],
                checksum: checksum?.value))
        // The lineage must not change with the day or the version.
        let constant = PlaceholderValues(
            name: stem, stem: stem, date: "{date}", version: "{version}", checksum: "{checksum}")
        let lineage = (try? (series ?? name).render(constant)) ?? stem
        return (
            SourceImage(
                key: key, sourceIndex: sourceIndex, location: location,
                lineage: "series:\(lineage)", fingerprint: fingerprint, name: rendered ?? stem,
                sizeBytes: sizeBytes, checksums: [checksum].compactMap { $0 },
                visibility: visibility ?? .private,
                isProtected: isProtected ?? false,
                isHidden: isHidden ?? false, diskFormat: diskFormat,
                containerFormat: containerFormat, minDiskGiB: minDiskGiB, minRAMMiB: minRAMMiB,
                tags: tags, properties: properties),
            stem
        )
    }
}
