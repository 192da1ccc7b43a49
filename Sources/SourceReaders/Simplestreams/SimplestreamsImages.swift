// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// A kind of source: the newest image of each product in a Simplestreams index.
///
/// The data of a product is at an address, so ``URLImage`` looks at it and reads it.
struct SimplestreamsImages: ImageSource {
    let source: SimplestreamsSource
    /// Of the index; in the place of each image.
    let images: URLImage

    /// An index may name files for several clouds and kinds of data.
    private static let filesMax = 20
    private static let fileBytesMax = 32 << 20

    var endpoint: String { images.endpoint }
    var hasShortListing: Bool { true }
    var limitImages: Int? { images.limitImages }
    var inspection: Inspection { images.inspection }

    func promiser(of image: SourceImage) -> Promiser? { images.promiser(of: image) }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        images.fetchable(image, for: target)
    }

    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        try await images.read(transfer, from: point, into: ring, tell: tell)
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        try await images.facts(transfer)
    }

    /// Sorted by the product's name. An index that is wrong becomes one refusal, so that the other
    /// sources go on.
    ///
    /// - Throws: why the index cannot be read now. Which products it has is not known then: a plan
    ///   without them would say that they are gone.
    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var newest: [URLImage.Newest] = []
        var missing = Set(source.filters.flatMap { key, globs in globs.map { Wanted(key, $0) } })
        do throws(TranshipError) {
            newest = try await products(&missing)
        } catch {
            if error.code == .interrupted || error.isTransient { throw error }
            return try await page([images.unknown(error, date: listing.date)])
        }
        let shown = URLImage.withoutSecrets(images.url)
        let place = "\(source.index.position)"
        if newest.isEmpty {
            listing.missed(
                MissedSelection(
                    place: place,
                    what: "\(shown) has no product with \(source.item) that `products` selects"))
        }
        for one in missing.sorted(by: { $0.text < $1.text }) where !newest.isEmpty {
            listing.missed(
                MissedSelection(place: place, what: "\(shown) has no product with \(one.text)"))
        }
        var images = images
        images.selector = selector
        for newest in refusingTwins(newest) {
            try await page([try await images.look(at: newest, listing)])
        }
    }

    /// Refuses products that have the same series: each would replace the other. The others of the
    /// entry go on.
    private func refusingTwins(_ newest: [URLImage.Newest]) -> [URLImage.Newest] {
        guard !images.source.seriesHasSeveral else { return newest }
        let twins = Dictionary(grouping: newest.filter { $0.refusal == nil }) {
            images.lineage(of: $0)
        }.filter { $0.value.count > 1 }
        return newest.map { product in
            guard product.refusal == nil, let all = twins[images.lineage(of: product)] else {
                return product
            }
            var refused = product
            let others = all.map(\.product).filter { $0 != product.product }
            let more =
                others.count > Self.namesMax ? " and \(others.count - Self.namesMax) more" : ""
            refused.refusal = TranshipError(
                .refused,
                "product \(product.product) of \(URLImage.withoutSecrets(images.url)) has the same "
                    + "series as \(others.prefix(Self.namesMax).joined(separator: ", "))\(more), so "
                    + "that each would replace the other",
                hint:
                    "write {product} in the `name` under `image`, or in `series`; or select one of "
                    + "them with `products`")
            return refused
        }
    }

    private static let namesMax = 3

    /// See ``UpstreamRules/selector``.
    private var selector: String {
        let filters = source.filters.sorted { $0.key < $1.key }.map { key, globs in
            "\(key): \(globs.map(\.pattern).joined(separator: ", "))"
        }
        let words = [
            URLImage.withoutSecrets(images.url), source.item, images.source.image.name.text,
            images.source.series?.text ?? "",
        ]
        return (words + filters).joined(separator: "\n")
    }

    /// A value of `products`.
    private struct Wanted: Hashable {
        let key: String
        let glob: Glob

        init(_ key: String, _ glob: Glob) { (self.key, self.glob) = (key, glob) }

        var text: String { "\(key): \(glob.pattern)" }
    }

    /// The newest version of each product that the entry selects.
    ///
    /// - Parameter missing: gives up the values that a product has.
    private func products(
        _ missing: inout Set<Wanted>
    ) async throws(TranshipError) -> [URLImage.Newest] {
        let index = images.url
        let read = try await file(at: index)
        let catalogue = try SimplestreamsIndex(read.text, shown: URLImage.withoutSecrets(index))
        guard let paths = try catalogue.paths() else { return try found(catalogue, read, &missing) }
        var newest: [URLImage.Newest] = []
        for path in paths.prefix(Self.filesMax) {
            let place = SimplestreamsIndex.root(of: index) + path
            let read = try await file(at: place)
            let file = try SimplestreamsIndex(read.text, shown: URLImage.withoutSecrets(place))
            if !file.isOfOtherData { newest += try found(file, read, &missing) }
        }
        return newest
    }

    private func found(
        _ catalogue: SimplestreamsIndex, _ read: PublishedList.Read, _ missing: inout Set<Wanted>
    ) throws(TranshipError) -> [URLImage.Newest] {
        var unmet = missing
        defer { missing = unmet }
        let products = try catalogue.products(item: source.item) { fields in
            unmet = unmet.filter { one in fields[one.key].map(one.glob.matches) != true }
            return source.filters.allSatisfy { filter in
                fields[filter.key].map { text in filter.value.contains { $0.matches(text) } }
                    ?? false
            }
        }
        return products.map { product in
            var newest = URLImage.Newest(
                version: product.version, name: product.path, list: read,
                promise: product.checksum, sizeBytes: product.sizeBytes, product: product.name,
                properties: product.properties)
            newest.refusal = product.refusal
            if newest.refusal == nil, product.checksum == nil, source.index.signature != nil {
                newest.refusal = TranshipError(
                    .sourceUnavailable,
                    "\(URLImage.withoutSecrets(images.url)) has no checksum for \(product.path): its "
                        + "signature does not cover the data",
                    hint: "ask its publisher, or leave `signed_by` out if the data may be anyone's")
            }
            return newest
        }
    }

    private func file(at place: String) async throws(TranshipError) -> PublishedList.Read {
        var list = images.published(place)
        list.bytesMax = Self.fileBytesMax
        list.key = "simplestreams"
        return try await images.read(list, known: nil)
    }
}
