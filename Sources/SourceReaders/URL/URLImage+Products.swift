// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Lists the products of an index, the series that the entry claims, and the entries that cannot be
/// read.
extension URLImage {
    /// Returns an image for the entry if its newest version is unknown, or if one of its products
    /// cannot be copied.
    ///
    /// - Parameter place: the address of the file that cannot be read, if it is not the entry's.
    func unknown(
        _ problem: TranshipError, of newest: Newest? = nil, at place: String? = nil, date: String
    ) -> ListedImage {
        let pattern = source.latest?.text ?? ""
        var shown = Self.withoutSecrets(place ?? source.url) + pattern
        var key = self.key(shown: shown)
        var fileName = FileName(pattern).text
        if let newest {
            let hasPath = newest.name?.isEmpty == false
            shown = hasPath ? Self.withoutSecrets(url) : "\(shown) (\(newest.product))"
            fileName = hasPath ? source.decompress.name(FileName(url: url)).text : ""
            key = self.key(shown: newest.sharesFile ? "\(shown) (\(newest.product))" : shown)
        }
        var (image, stem, _) = source.image.described(
            key: key, sourceIndex: sourceIndex, location: shown,
            fingerprint: "",
            sizeBytes: nil, checksum: nil, published: nil,
            fileName: fileName, head: nil, series: source.series, version: newest?.version,
            lineageStem: newest.map { self.stem(of: $0) } ?? source.stem, date: date)
        image.alias = source.alias
        if source.latest != nil { source.image.showPlace(of: &image) }
        var listed = ListedImage(
            image, stem: stem, refusal: problem.hintedByStatus, series: claim)
        listed.image.placeTemplate = placeTemplate
        listed.image.isAtMirrors = true
        listed.upstream = rules(nil)
        return listed
    }

    /// Examines the newest image of a product.
    func look(at newest: Newest, _ listing: Listing) async throws(TranshipError) -> ListedImage {
        let url = SimplestreamsIndex.root(of: source.url) + (newest.name ?? "")
        let version = of(product: newest.product).at(url)
        if let refusal = newest.refusal {
            return version.unknown(refusal, of: newest, date: listing.date)
        }
        let stem = version.stem(of: newest)
        let known = try await version.remembered(listing, stem: stem, version: newest.version)
        return try await version.look(newest, known: known, date: listing.date)
    }

    /// Returns the text that all versions of a product share.
    func lineage(of newest: Newest) -> String {
        let version = of(product: newest.product)
            .at(SimplestreamsIndex.root(of: url) + (newest.name ?? ""))
        return version.source.image.lineage(version.source.series, stem: version.stem(of: newest))
    }

    /// Returns the value of `{stem}` in the name of the series.
    func stem(of newest: Newest) -> String {
        guard locatesByImage else { return source.stem }
        return source.decompress.name(FileName(url: url)).stem
            .replacing(newest.version, with: "{version}")
    }

    var claim: SeriesClaim {
        // A product may already have replaced its placeholder, but not in the text.
        let words = source.series ?? source.image.name
        let isNamedByServer =
            locatesByImage || (source.latest == nil && FileName.isUnknown(url: source.url))
        return SeriesClaim(
            position: "\(source.position)", allowsSeveral: source.seriesHasSeveral,
            hasFileOfServer: source.latest != nil || locatesByImage,
            hasSeriesOfServer: isNamedByServer
                && [Placeholder.stem, .name, .product].contains { words.text.contains($0.text) })
    }
}
