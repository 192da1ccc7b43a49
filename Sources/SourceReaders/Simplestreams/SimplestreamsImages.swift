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
/// The data of a product has an address, so ``URLImage`` examines and reads it.
struct SimplestreamsImages: ImageSource {
    let source: SimplestreamsSource
    /// The reader of the index, and the template for the reader of each image.
    let images: URLImage

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

    /// Lists the images, sorted by the product's name. An invalid index becomes one refusal, and so
    /// does each of its invalid files, so that the other products and sources can go on.
    ///
    /// - Throws: the reason that the index cannot be read now. Its products are then unknown, and a
    ///   plan without them would report them as gone.
    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        let catalogue: Catalogue
        do throws(TranshipError) {
            catalogue = try await self.catalogue(
                remembering: try await listing.products(selector))
        } catch {
            if error.code == .interrupted || error.isTransient { throw error }
            return try await page([images.unknown(error, date: listing.date)])
        }
        tellMissing(catalogue, listing)
        var images = images
        images.selector = selector
        let products = refusingTwins(refusingSharedFiles(refusingSeveral(catalogue.newest)))
        let isWhole = catalogue.isWhole && products.allSatisfy { $0.refusal == nil }
        for newest in products {
            var listed = try await images.look(at: newest, listing)
            listed.upstream?.look?.product =
                isWhole ? catalogue.memory(of: newest, count: products.count) : nil
            try await page([listed])
        }
        for file in catalogue.unread {
            try await page([images.unknown(file.error, at: file.place, date: listing.date)])
        }
    }

    private func tellMissing(_ catalogue: Catalogue, _ listing: Listing) {
        // A file that cannot be read may contain the missing products.
        guard catalogue.unread.isEmpty else { return }
        let shown = URLImage.withoutSecrets(images.url)
        let place = "\(source.index.position)"
        guard !catalogue.newest.isEmpty else {
            return listing.missed(
                MissedSelection(
                    place: place,
                    what: "\(shown) has no product with \(source.item) that `products` selects"))
        }
        for one in catalogue.missing.sorted(by: { $0.text < $1.text }) {
            listing.missed(
                MissedSelection(place: place, what: "\(shown) has no product with \(one.text)"))
        }
    }

    // MARK: Products that cannot be told apart

    /// Refuses a product that is in several files of the index, because the right one is unknown.
    private func refusingSeveral(_ newest: [URLImage.Newest]) -> [URLImage.Newest] {
        let all = Dictionary(grouping: newest, by: \.product)
        var known: Set<String> = []
        return newest.compactMap { product in
            guard known.insert(product.product).inserted else { return nil }
            guard let same = all[product.product], same.count > 1 else { return product }
            let files = same.compactMap { $0.list?.validators.place }
            return refused(
                product, "is in \(same.count) of its files: " + Self.few(files),
                hint: "ask its publisher, or name the file that you mean as `simplestreams`, in "
                    + "place of the index")
        }
    }

    /// Refuses products that share a file: each would be a copy of the other, and the journal
    /// remembers data by its address.
    private func refusingSharedFiles(_ newest: [URLImage.Newest]) -> [URLImage.Newest] {
        let all = Dictionary(grouping: newest.filter { $0.name?.isEmpty == false }) {
            $0.name ?? ""
        }
        return newest.map { product in
            guard let same = all[product.name ?? ""], same.count > 1 else { return product }
            let others = same.map(\.product).filter { $0 != product.product }
            var refused = self.refused(
                product, "has the same file as \(Self.few(others)): \(product.name ?? "")",
                hint: "select one of them with `products`, or ask their publisher")
            refused.sharesFile = true
            return refused
        }
    }

    /// Refuses products that share a series: each would replace the other. The entry's other
    /// products can go on.
    private func refusingTwins(_ newest: [URLImage.Newest]) -> [URLImage.Newest] {
        guard !images.source.seriesHasSeveral else { return newest }
        let twins = Dictionary(grouping: newest.filter { $0.refusal == nil }) {
            images.lineage(of: $0)
        }.filter { $0.value.count > 1 }
        return newest.map { product in
            guard product.refusal == nil, let all = twins[images.lineage(of: product)] else {
                return product
            }
            let others = all.map(\.product).filter { $0 != product.product }
            return refused(
                product,
                "has the same series as \(Self.few(others)), so that each would replace the other",
                hint:
                    "write {product} in the `name` under `image`, or in `series`; or select one of "
                    + "them with `products`")
        }
    }

    /// Returns the product with a refusal, or with its earlier refusal if it has one.
    private func refused(
        _ product: URLImage.Newest, _ words: String, hint: String
    ) -> URLImage.Newest {
        var refused = product
        refused.refusal =
            product.refusal
            ?? TranshipError(
                .refused,
                "product \(product.product) of \(URLImage.withoutSecrets(images.url)) \(words)",
                hint: hint)
        return refused
    }

    private static let namesMax = 3

    private static func few(_ names: [String]) -> String {
        let more = names.count > namesMax ? " and \(names.count - namesMax) more" : ""
        return names.prefix(namesMax).joined(separator: ", ") + more
    }

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
}
