// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import ImageFormats
internal import MigrationModel
internal import PipelineFiles

extension SourceImage {
    /// Writes what was published, as far as it is known, for people and other tools.
    mutating func addProofProperties() {
        let published = published
        let known = [
            "tranship_published_checksum": promise?.description,
            "tranship_published_size": sizeAtSourceBytes.map { "\($0)" },
            "tranship_published_version": version, "tranship_changes": published?.words,
            "tranship_signed_by": signedBy,
        ]
        for (name, value) in known {
            if let value { properties[name] = value }
        }
    }
}

extension ImageTemplate {
    /// The disk format of a file: as declared, or implied by its extension, or as its data shows.
    private func diskFormat(of fileName: String, _ head: ImageHead?) -> String? {
        diskFormat ?? FileName(fileName).impliedDiskFormat ?? head?.kind?.diskFormat
    }

    /// What becomes of data of this kind on its way; nil if nothing does.
    func published(
        _ compression: Compression?, convertedTo format: Conversion.Format?,
        sizeBytesMax: Int64, fileName: String, head: ImageHead?
    ) -> PublishedData? {
        var conversion: Conversion?
        if let format, let from = diskFormat(of: fileName, head), from != format.rawValue {
            conversion = Conversion(from: from, to: format, sizeBytesMax: sizeBytesMax)
        }
        guard compression != nil || conversion != nil else { return nil }
        return PublishedData(compression: compression, conversion: conversion)
    }

    /// Why data cannot be converted; nil if it can.
    func objection(to published: PublishedData?, shown: String) -> TranshipError? {
        guard let conversion = published?.conversion else { return nil }
        let formats = ["raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi"]
        guard !formats.contains(conversion.from) || containerFormat != "bare" else { return nil }
        return TranshipError(
            .refused,
            "\(shown) cannot be converted to \(conversion.format.rawValue): its disk_format is "
                + "\(conversion.from) and its container_format \(containerFormat)",
            hint: "remove `convert`; it reads \(formats.joined(separator: ", ")) in bare")
    }

    /// What the data says about the record, for the plan.
    ///
    /// - Parameters:
    ///   - inspects: false if the data need not be what the record says.
    ///   - sizeBytes: of the data that is sent; nil if unknown.
    ///   - contentType: what the server calls the data.
    ///   - isUnpacked: true if the data came out of compressed data.
    ///   - isPromised: true if a checksum says which data is right.
    ///   - isOneOfSeveral: true if the entry of the pipeline file has further files.
    func checked(
        _ head: ImageHead?, inspects: Bool, fileName: String, shown: String,
        sizeBytes: Int64?, contentType: String? = nil, isUnpacked: Bool, isPromised: Bool,
        isOneOfSeveral: Bool = false
    ) -> (refusal: TranshipError?, notes: [Note]) {
        var declared = DeclaredFormat(
            disk: diskFormat(of: fileName, head), container: containerFormat,
            isShared: isOneOfSeveral)
        let isUnknown = declared.disk == nil
        // Without a format, data is compared with disks of any format.
        if isUnknown { declared.disk = "disk" }
        // An image of a cloud may be empty, as those of servers that boot from volumes are. A file
        // is empty when a disk was full or a download broke.
        if inspects, head?.isEmpty == true { return (.emptyData(shown).at(.source), []) }
        let facts = [contentType, sizeBytes.map { "\($0) bytes" }].compactMap { $0 }
        let found = head?.objection(
            to: declared, shown: shown, facts: facts, isUnpacked: isUnpacked)
        if inspects, let objection = found {
            return (objection.at(.source), [])
        }
        guard !isUnknown else {
            return (
                TranshipError(
                    .refused,
                    "\(shown) has no disk_format: neither its extension nor its data shows it",
                    hint: isOneOfSeveral
                        ? declared.hint(
                            "its `disk_format`, such as `disk_format: raw`; if all files have the "
                                + "same format, write it in this entry")
                        : "name the format with `disk_format` under `image`, such as "
                            + "`disk_format: raw`"), []
            )
        }
        let remarks =
            head?.remarks(to: declared, minDiskGiB: minDiskGiB, sizeBytes: sizeBytes) ?? []
        var notes = remarks.map(\.note)
        if isPromised {
            notes.removeAll { if case .smallerThanSector = $0 { true } else { false } }
        }
        guard let contentType, !isUnpacked, head?.kind == nil, Self.isDocument(contentType) else {
            return (nil, notes)
        }
        // A server that knows no type for disks may call each of them text; a checksum proves it.
        if inspects, !isPromised, head != nil, declared.disk == "raw" {
            let words = facts.joined(separator: ", ")
            let refusal = TranshipError(
                .formatRejected,
                "\(shown) begins as no disk that is known, and its server calls it a document "
                    + "(\(words))",
                hint:
                    "look at the data: an error or a login page may be in the place of the image; if "
                    + "it is right, name its checksum, or write `inspect: false`")
            return (refusal.at(.source), [])
        }
        notes.append(.contentType(contentType))
        return (nil, notes)
    }

    /// True for the types of text, of markup and of documents (RFC 6838).
    private static func isDocument(_ contentType: String) -> Bool {
        let type = contentType.lowercased().prefix { $0 != ";" }.filter { !$0.isWhitespace }
        return type.hasPrefix("text/")
            || ["application/json", "application/xml", "application/pdf"].contains(type)
            || type.hasSuffix("+xml") || type.hasSuffix("+json")
    }

    /// The name of the record at the source, or why it has none.
    func renderedName(
        stem: String, date: String, version: String?, checksum: Checksum?
    ) -> (name: String?, refusal: TranshipError?) {
        let values = PlaceholderValues(
            name: stem, stem: stem, date: date, version: version ?? properties["os_version"],
            checksum: checksum?.value)
        do throws(TranshipError) {
            return (try name.render(values), nil)
        } catch {
            return (nil, error)
        }
    }

    /// Takes the name from a refused image if it has the name of the file in it, and only the
    /// pattern of that is known. Its address shows which one it is: several sources may have files
    /// of one name.
    func showPlace(of image: inout SourceImage) {
        if name.placeholders.contains(.stem) { image.name = nil }
    }

    /// The words that all versions share: those of the series, or the name.
    func lineage(_ series: NameTemplate?, stem: String) -> String {
        // It must not change with the day or the version.
        let constant = PlaceholderValues(
            name: stem, stem: stem, date: "{date}", version: "{version}", checksum: "{checksum}")
        return SeriesLineage.words((try? (series ?? name).render(constant)) ?? stem)
    }

    /// The image that a URL or file becomes, its file name's stem, and why the image has no name:
    /// then it must not be copied.
    ///
    /// - Parameters:
    ///   - fingerprint: of the published data.
    ///   - sizeBytes: of the published data.
    ///   - checksum: of the published data.
    ///   - published: what becomes of the data; its size and checksum are those above.
    ///   - fileName: of the data that is sent.
    ///   - head: of the data that is sent.
    ///   - version: within the series; nil: what the property `os_version` says.
    ///   - lineageStem: what `{stem}` means in the name of the lineage; nil: the same as elsewhere.
    func described(
        key: String, sourceIndex: Int, location: String, fingerprint: String,
        sizeBytes: Int64?, checksum: Checksum?, published: PublishedData?, fileName: String,
        head: ImageHead?,
        series: NameTemplate?, version: String? = nil, lineageStem: String? = nil, date: String
    ) -> (image: SourceImage, stem: String, unnamed: TranshipError?) {
        // Names are made of texts of strangers; the lineage, of which ids are made, keeps them as they
        // are.
        let rawStem = FileName(fileName).stem
        let stem = rawStem.withControlsShown
        let version = version?.withControlsShown
        let (name, unnamed) = renderedName(
            stem: stem, date: date, version: version, checksum: checksum)
        var image = SourceImage(
            key: key, sourceIndex: sourceIndex, location: location,
            lineage: lineage(series, stem: lineageStem ?? rawStem), fingerprint: fingerprint,
            name: name,
            sizeBytes: sizeBytes, checksums: [checksum].compactMap { $0 },
            visibility: visibility ?? .private,
            isProtected: isProtected ?? false,
            isHidden: isHidden ?? false, diskFormat: diskFormat(of: fileName, head),
            containerFormat: containerFormat, minDiskGiB: minDiskGiB, minRAMMiB: minRAMMiB,
            tags: tags, properties: properties)
        image.version = version
        if var published {
            (published.sizeBytes, published.checksum) = (sizeBytes, checksum)
            image.published = published
            (image.sizeBytes, image.checksums) = (nil, [])
            // The text that ids of copies are derived from: never to be changed.
            if published.compression != nil { image.fingerprint += " decompressed" }
            if let conversion = published.conversion {
                image.fingerprint += " converted to \(conversion.format.rawValue)"
                image.diskFormat = conversion.format.rawValue
            }
        }
        return (image, stem, unnamed)
    }
}

extension ImageHead.Remark {
    fileprivate var note: Note {
        switch self {
        case .empty: .emptyData
        case .smallerThanSector(let size): .smallerThanSector(sizeBytes: size)
        case .isoWithoutPartitions(let format): .isoWithoutPartitions(diskFormat: format)
        case .diskTooSmall(let neededGiB, let minDiskGiB):
            .diskTooSmall(neededGiB: neededGiB, minDiskGiB: minDiskGiB)
        }
    }
}
