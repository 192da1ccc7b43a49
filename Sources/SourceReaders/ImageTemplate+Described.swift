// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import ImageFormats
internal import MigrationModel
internal import PipelineFiles

extension SourceImage {
    /// Adds properties that describe the published data, as far as known, for people and other
    /// tools.
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
    /// Returns the disk format of a file: the declared one, or the one of its extension, or of its
    /// data.
    private func diskFormat(of fileName: String, _ head: ImageHead?) -> String? {
        diskFormat ?? FileName(fileName).impliedDiskFormat ?? head?.kind?.diskFormat
    }

    /// Returns the changes that data of this kind goes through; nil if there are none.
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

    /// Returns the reason that data cannot be converted; nil if it can.
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

    /// Compares the data with the record. Returns a refusal or notes for the plan.
    ///
    /// - Parameters:
    ///   - inspects: false if the data may differ from the record.
    ///   - sizeBytes: the size of the data that is sent; nil if unknown.
    ///   - contentType: the server's type for the data.
    ///   - isUnpacked: true if the data was decompressed.
    ///   - isPromised: true if there is a checksum for the data.
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
        // Without a declared format, compare the data with all disk formats.
        if isUnknown { declared.disk = "disk" }
        // An image of a cloud may be empty, as those of servers that boot from volumes are. But an
        // empty file means that a disk was full or that a download broke.
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
        // A server without a type for disks may call every disk text. A checksum proves the data
        // anyway.
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

    /// Returns the name of the record at the source, or the reason that it has none.
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

    /// Removes the name of a refused image if the name contains the file's name, of which only the
    /// pattern is known. The address then identifies the image: several sources may have files with
    /// one name.
    func showPlace(of image: inout SourceImage) {
        if name.placeholders.contains(.stem) { image.name = nil }
    }

    /// Returns the text that all versions share: the series' name, or the image's name.
    func lineage(_ series: NameTemplate?, stem: String) -> String {
        // This text must not change with the day or the version.
        let constant = PlaceholderValues(
            name: stem, stem: stem, date: "{date}", version: "{version}", checksum: "{checksum}")
        return SeriesLineage.words((try? (series ?? name).render(constant)) ?? stem)
    }

    /// Returns the image that a URL or file becomes, the stem of its file name, and the reason if
    /// the image has no name. An image without a name must not be copied.
    ///
    /// - Parameters:
    ///   - fingerprint: the fingerprint of the published data.
    ///   - sizeBytes: the size of the published data.
    ///   - checksum: the checksum of the published data.
    ///   - published: the changes to the data on its way, for which size and checksum are those
    ///     above.
    ///   - fileName: the file name of the data that is sent.
    ///   - head: the first bytes of the data that is sent.
    ///   - version: the version within the series; nil for the value of the property `os_version`.
    ///   - lineageStem: the value of `{stem}` in the name of the lineage; nil for the same as
    ///     elsewhere.
    func described(
        key: String, sourceIndex: Int, location: String, fingerprint: String,
        sizeBytes: Int64?, checksum: Checksum?, published: PublishedData?, fileName: String,
        head: ImageHead?,
        series: NameTemplate?, version: String? = nil, lineageStem: String? = nil, date: String
    ) -> (image: SourceImage, stem: String, unnamed: TranshipError?) {
        // Names are made of texts that are not trusted, so control characters are shown. The
        // lineage, from which ids derive, keeps them unchanged.
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
            // The text from which ids of copies derive. Must never change.
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
