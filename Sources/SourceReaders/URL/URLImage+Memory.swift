// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Digests
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The journal's memory of the last look. Thanks to it, unchanged data costs one small request: for
/// the list of checksums, or a HEAD for the data.
extension URLImage {
    /// The namespace of ``settings``. A new value invalidates every look.
    private static let settingsNamespace = "5d0f8a0e-6f0c-4c8e-9d4e-2b7f3a1c9e70"
    private static let separator = "\u{1F}"

    /// Returns the last look of this entry; nil if there was none, or if the entry has changed.
    ///
    /// - Parameters:
    ///   - stem: the stem of the file; nil to derive it from the address.
    ///   - version: the version that an index has for the address.
    func remembered(
        _ listing: Listing, stem: String? = nil, version: String? = nil
    ) async throws(TranshipError) -> Upstream.Look? {
        // The answer would name the file, and so its lineage, which is unknown before.
        if stem == nil, source.latest == nil, FileName.isUnknown(url: source.url) { return nil }
        let lineage = source.image.lineage(source.series, stem: stem ?? source.stem)
        let place = source.seriesHasSeveral ? place(version) : nil
        guard let look = try await listing.upstream(lineage, place)?.look,
            look.settings == settings, look.image.placeTemplate == placeTemplate
        else { return nil }
        return look
    }

    /// Returns ``SourceImage/place`` before the image is listed.
    private func place(_ version: String?) -> String {
        if let placeTemplate { return placeTemplate }
        var image = SourceImage(
            key: key(shown: Self.withoutSecrets(url)), sourceIndex: sourceIndex,
            location: "", lineage: "", fingerprint: "")
        image.version = version?.withControlsShown
        return image.place
    }

    /// The place of the versions of `latest`, the same for every version; nil without `latest`.
    var placeTemplate: String? {
        guard let pattern = source.latest else { return nil }
        let url = address(inFolder: pattern.filled(with: Self.anyVersion))
        return at(url).key(shown: Self.withoutSecrets(url))
            .replacing(Self.anyVersion, with: SourceImage.versionMark)
    }

    /// A mark for any version. No character of it is escaped in addresses.
    private static let anyVersion = "TRANSHIP-VERSION"

    /// An id that is derived from the pipeline file's settings for the record and the data.
    var settings: String {
        let image = source.image
        let record = [
            image.name.text, image.diskFormat, image.containerFormat, "\(image.minDiskGiB)",
            "\(image.minRAMMiB)", image.visibility?.rawValue, image.isProtected.map { "\($0)" },
            image.isHidden.map { "\($0)" }, source.series?.text,
        ]
        let data = [
            source.decompress.rawValue, source.convert?.rawValue, "\(source.inspects)",
            "\(source.hasProofProperties)", source.latest?.text,
            source.checksumFile.map(Self.withoutSecrets), source.checksum?.description,
            source.signature?.keyring, "\(decompression)",
        ]
        let properties = image.properties.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let words =
            (record + data).map { $0 ?? "\0" } + ["tags"] + image.tags + properties
            + (source.alias.map { ["alias", $0] } ?? [])
        return DerivedID.uuid(
            namespace: Self.settingsNamespace, name: words.joined(separator: Self.separator))
    }

    /// Returns the image of the last look.
    func unchanged(
        _ look: Upstream.Look, _ list: PublishedList.Read?, date: String
    ) -> ListedImage {
        var look = look
        if let list, !list.isUnchanged { look.list = list.validatorsOfFile }
        var image = look.image
        image.sourceIndex = sourceIndex
        image.placeTemplate = placeTemplate
        image.isAtMirrors = true
        image.signedBy = list?.signedBy
        let stem = source.decompress.name(FileName(url: url)).stem
        let (name, unnamed) = source.image.renderedName(
            stem: stem, date: date, version: image.version, checksum: image.promise)
        image.name = name
        var listed = ListedImage(
            image, stem: stem, notes: look.notes, refusal: unnamed, series: claim)
        listed.upstream = rules(list)
        if unnamed == nil { listed.upstream?.look = look }
        return listed
    }

    /// Returns the look to remember; nil if it has a refusal.
    func look(
        _ listed: ListedImage, _ found: Probe, _ list: PublishedList.Read?
    ) -> Upstream.Look? {
        guard let answer = found.answer, found.bytes != nil, listed.refusal == nil else {
            return nil
        }
        return Upstream.Look(
            settings: settings, image: listed.image, eTag: found.seen.eTag,
            lastModified: found.seen.lastModified,
            host: Self.host(of: answer.effectiveURL)
                + (answer.answeredBy.map { " (\($0))" } ?? ""),
            notes: listed.notes, list: list?.validatorsOfFile)
    }
}

extension PublishedList.Read {
    /// The validators of the list, if they also identify the data.
    fileprivate var validatorsOfFile: Upstream.List? { isOfFinalURL ? nil : validators }
}

extension Upstream.Look {
    /// True if the data of an answer is that of the look.
    ///
    /// The same ETag proves it, even a weak one, because no parts are joined here. Mirrors and
    /// caches in front of one file may each make their own ETag. So the same time of change with
    /// the same size also counts, as for `rsync`.
    func isSame(as answer: HTTPResponse) -> Bool {
        let size = answer.headers.contentLengthBytes
        if let size, let known = image.sizeAtSourceBytes, size != known { return false }
        if let now = answer.eTag, let eTag = SeenVersion.tag(eTag, besides: lastModified),
            Self.opaque(now) == Self.opaque(eTag)
        {
            return true
        }
        return SourceImage.isSameFile(
            image, sizeBytes: size, now: answer.headers["Last-Modified"], before: lastModified)
    }

    /// Returns an ETag without the mark of a weak one (RFC 9110, section 8.8.3.2).
    private static func opaque(_ tag: String) -> Substring {
        tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]
    }
}

extension HTTPResponse {
    /// The ETag, unless it carries no information.
    var eTag: String? {
        SeenVersion.tag(headers["ETag"], besides: headers["Last-Modified"])
    }
}

extension SourceImage {
    /// True if time of change and size are known and the same. Ignores times of 1970 or 1980, which
    /// all files of reproducible builds have.
    static func isSameFile(
        _ image: SourceImage, sizeBytes: Int64?, now: String?, before: String?
    ) -> Bool {
        guard let now, let before, let sizeBytes, let known = image.sizeAtSourceBytes else {
            return false
        }
        return now == before && sizeBytes == known && SeenVersion.time(now) != nil
    }
}
