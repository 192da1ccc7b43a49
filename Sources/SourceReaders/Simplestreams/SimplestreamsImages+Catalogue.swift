// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import PipelineFiles

/// Reads the files of an index, and uses the journal's memory of them: an index that has not
/// changed costs one small request for each of its files.
extension SimplestreamsImages {
    /// The maximum number of files. An index may name files for several clouds and kinds of data.
    static let filesMax = 100
    private static let fileBytesMax = 32 << 20

    /// The contents of an index's files.
    struct Catalogue {
        /// The newest version of each product that the entry selects.
        var newest: [URLImage.Newest] = []
        /// The states of the index and of its files.
        var files: [Upstream.List] = []
        /// The files that cannot be read; `place` is nil for the index itself.
        var unread: [(place: String?, error: TranshipError)] = []
        /// The values of `products` that no product has.
        var missing: Set<Wanted>

        /// True if it has everything that the entry selects.
        var isWhole: Bool { unread.isEmpty && missing.isEmpty && !newest.isEmpty }

        /// - Parameter count: the number of all selected products.
        func memory(of newest: URLImage.Newest, count: Int) -> Upstream.Product? {
            guard let path = newest.name else { return nil }
            return Upstream.Product(
                name: newest.product, path: path, sizeBytes: newest.sizeBytes,
                properties: newest.properties, files: files, count: count)
        }
    }

    /// A value of `products`.
    struct Wanted: Hashable {
        let key: String
        let glob: Glob

        init(_ key: String, _ glob: Glob) { (self.key, self.glob) = (key, glob) }

        var text: String { "\(key): \(glob.pattern)" }
    }

    /// Reads the index and its files.
    ///
    /// - Parameter known: the journal's memory of the products.
    /// - Throws: the reason that the index cannot be read. A file that cannot be read is in
    ///   ``Catalogue/unread``, unless none can be read.
    func catalogue(remembering known: [Upstream]) async throws(TranshipError) -> Catalogue {
        var fresh: [String: PublishedList.Read] = [:]
        if let looks = Self.whole(known),
            let unchanged = try await unchanged(looks, changed: &fresh)
        {
            return unchanged
        }
        return try await read(fresh)
    }

    // MARK: From the journal

    /// Returns the last looks at all products of the index, if the journal has all of them.
    private static func whole(_ known: [Upstream]) -> [Upstream.Look]? {
        // A product that has disappeared keeps its old look. The group of such looks is incomplete.
        let groups = Dictionary(grouping: known) { $0.look?.product?.files ?? [] }.values.filter {
            $0.count == $0.first?.look?.product?.count
        }
        return groups.max { ($0.map(\.since).max() ?? 0) < ($1.map(\.since).max() ?? 0) }?
            .compactMap(\.look)
    }

    /// Returns the catalogue as remembered; nil if one of its files has changed.
    ///
    /// - Parameter changed: receives the files that were read because they have changed.
    private func unchanged(
        _ looks: [Upstream.Look], changed: inout [String: PublishedList.Read]
    ) async throws(TranshipError) -> Catalogue? {
        let states = looks.first?.product?.files ?? []
        let places = states.compactMap(address(of:))
        guard places.count == states.count, places.first == images.url,
            states.allSatisfy({ $0.eTag != nil || $0.lastModified != nil })
        else { return nil }
        var catalogue = Catalogue(missing: [])
        var reads: [PublishedList.Read] = []
        for (place, state) in zip(places, states) {
            let read = try await file(at: place, known: state)
            guard read.isUnchanged else {
                changed[place] = read
                return nil
            }
            reads.append(read)
        }
        catalogue.files = reads.map(\.validators)
        for look in looks.sorted(by: { ($0.product?.name ?? "") < ($1.product?.name ?? "") }) {
            guard let product = look.product, let version = look.image.version else { return nil }
            let list = reads.first { $0.validators.place == look.list?.place } ?? reads.last
            catalogue.newest.append(
                URLImage.Newest(
                    version: version, name: product.path, list: list, promise: look.image.promise,
                    sizeBytes: product.sizeBytes, product: product.name,
                    properties: product.properties))
        }
        return catalogue
    }

    /// Returns the address of a file of the index, with the secrets of the entry.
    private func address(of state: Upstream.List) -> String? {
        if state.place == URLImage.withoutSecrets(images.url) { return images.url }
        let root = SimplestreamsIndex.root(of: images.url)
        let shown = URLImage.withoutSecrets(root)
        guard state.place.hasPrefix(shown) else { return nil }
        return root + state.place.dropFirst(shown.count)
    }

    // MARK: From the server

    /// Reads the index and its files from the server.
    ///
    /// - Parameter fresh: files that have already been read, by their addresses.
    private func read(
        _ fresh: [String: PublishedList.Read]
    ) async throws(TranshipError) -> Catalogue {
        var catalogue = Catalogue(
            missing: Set(source.filters.flatMap { key, globs in globs.map { Wanted(key, $0) } }))
        let index = images.url
        let read = try await file(at: index, fresh: fresh)
        catalogue.files.append(read.validators)
        let whole = try SimplestreamsIndex(read.text, shown: URLImage.withoutSecrets(index))
        guard let paths = try whole.paths() else {
            try add(whole, read, to: &catalogue)
            return catalogue
        }
        if let error = paths.refusal { catalogue.unread.append((nil, error)) }
        var outage: TranshipError?
        var filesRead = 0
        for path in paths.all.prefix(Self.filesMax) {
            let place = SimplestreamsIndex.root(of: index) + path
            do throws(TranshipError) {
                let read = try await file(at: place, fresh: fresh)
                let file = try SimplestreamsIndex(
                    read.text, shown: URLImage.withoutSecrets(place))
                if !file.isOfOtherData { try add(file, read, to: &catalogue) }
                catalogue.files.append(read.validators)
                filesRead += 1
            } catch {
                if error.code == .interrupted { throw error }
                if error.isTransient { outage = outage ?? error }
                catalogue.unread.append((place, error))
                // If the server does not answer, do not request up to a hundred files from it.
                if error.isTransient, error.answer == nil { break }
            }
        }
        if paths.all.count > Self.filesMax {
            let error = TranshipError(
                .refused,
                "\(URLImage.withoutSecrets(index)) names \(paths.all.count) files with products, and at "
                    + "most \(Self.filesMax) are read",
                hint: "name the file that you mean as `simplestreams`, in place of the index")
            catalogue.unread.append((nil, error))
        }
        // Nothing is known about the products in this case.
        if filesRead == 0, let outage { throw outage }
        return catalogue
    }

    /// Adds the products of a file that the entry selects.
    private func add(
        _ file: SimplestreamsIndex, _ read: PublishedList.Read, to catalogue: inout Catalogue
    ) throws(TranshipError) {
        var unmet = catalogue.missing
        defer { catalogue.missing = unmet }
        let products = try file.products(item: source.item) { fields in
            unmet = unmet.filter { one in fields[one.key].map(one.glob.matches) != true }
            return source.filters.allSatisfy { filter in
                fields[filter.key].map { text in filter.value.contains { $0.matches(text) } }
                    ?? false
            }
        }
        catalogue.newest += products.map { product in
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

    private func file(
        at place: String, known: Upstream.List? = nil, fresh: [String: PublishedList.Read] = [:]
    ) async throws(TranshipError) -> PublishedList.Read {
        if let read = fresh[place] { return read }
        var list = images.published(place)
        list.bytesMax = Self.fileBytesMax
        list.key = "simplestreams"
        return try await images.read(list, known: known)
    }
}
