// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import ImageFormats
internal import MigrationModel
internal import PipelineFiles

extension ImageTemplate {
    /// The disk format of a file: as declared, or implied by its extension, or as its data shows.
    private func diskFormat(of fileName: String, _ head: ImageHead?) -> String? {
        diskFormat ?? FileName(fileName).impliedDiskFormat ?? head?.kind?.diskFormat
    }

    /// What the data says about the record, for the plan.
    ///
    /// - Parameters:
    ///   - inspects: false if the data need not be what the record says.
    ///   - sizeBytes: of the data that is sent; nil if unknown.
    func checked(
        _ head: ImageHead?, inspects: Bool, fileName: String, shown: String, sizeBytes: Int64?,
        contentType: String? = nil
    ) -> (refusal: TranshipError?, remarks: [String]) {
        var declared = DeclaredFormat(
            disk: diskFormat(of: fileName, head), container: containerFormat)
        let isUnknown = declared.disk == nil
        // Without a format, data is compared with disks of any format.
        if isUnknown { declared.disk = "disk" }
        let facts = [contentType, sizeBytes.map { "\($0) bytes" }].compactMap { $0 }
        if inspects, let objection = head?.objection(to: declared, shown: shown, facts: facts) {
            return (objection.at(.source), [])
        }
        guard !isUnknown else {
            return (
                TranshipError(
                    .refused,
                    "\(shown) has no disk_format: neither its extension nor its data shows it",
                    hint: "write `disk_format` under `image`, such as `disk_format: raw`"), []
            )
        }
        var remarks =
            head?.remarks(to: declared, minDiskGiB: minDiskGiB, sizeBytes: sizeBytes) ?? []
        let documents = ["text/html", "application/xml", "text/xml", "application/json"]
        if let contentType, head?.kind == nil, documents.contains(where: contentType.hasPrefix) {
            remarks.append("the server calls the data \(contentType)")
        }
        return (nil, remarks)
    }

    /// The image that a URL or file becomes, and its file name's stem.
    ///
    /// - Parameters:
    ///   - fingerprint: of the published data.
    ///   - sizeBytes: of the published data.
    ///   - checksum: of the published data.
    ///   - compression: of the published data, if it is sent decompressed.
    ///   - fileName: of the data that is sent.
    ///   - head: of the data that is sent.
    func described(
        key: String, sourceIndex: Int, location: String, fingerprint: String,
        sizeBytes: Int64?, checksum: Checksum?, compression: Compression?, fileName: String,
        head: ImageHead?,
        series: NameTemplate?, date: String
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
        var image = SourceImage(
            key: key, sourceIndex: sourceIndex, location: location,
            lineage: "series:\(lineage)", fingerprint: fingerprint, name: rendered ?? stem,
            sizeBytes: sizeBytes, checksums: [checksum].compactMap { $0 },
            visibility: visibility ?? .private,
            isProtected: isProtected ?? false,
            isHidden: isHidden ?? false, diskFormat: diskFormat(of: fileName, head),
            containerFormat: containerFormat, minDiskGiB: minDiskGiB, minRAMMiB: minRAMMiB,
            tags: tags, properties: properties)
        if let compression {
            image.published = PublishedData(
                compression: compression, sizeBytes: sizeBytes, checksum: checksum)
            (image.sizeBytes, image.checksums) = (nil, [])
            // The text that ids of copies are derived from: never to be changed.
            image.fingerprint += " decompressed"
        }
        return (image, stem)
    }
}
