// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// `latest`: finds the file with the highest version in a folder.
///
/// The names come from the list of checksums, which may be signed, or else from the page that the
/// server shows for the folder.
extension URLImage {
    /// The newest file of a folder.
    struct Newest {
        var version: String
        /// The path relative to the folder; nil if the list is unchanged.
        var name: String?
        /// The list that named it.
        var list: PublishedList.Read?
        /// The checksum of the data in the Simplestreams index.
        var promise: Checksum?
        var sizeBytes: Int64?
        /// The name of the product in the index.
        var product = ""
        /// The product's properties, for the record; those of the pipeline file have priority.
        var properties: [String: String] = [:]
        /// True if another product of the index has the same file.
        var sharesFile = false
        /// The reason that this product of an index cannot be copied. The other products can.
        var refusal: TranshipError?
        /// For a folder: earlier versions that are worth a look, newest first.
        var earlier: [Newest] = []
    }

    private static let pageBytesMax = 8 << 20
    /// The maximum number of names in an error.
    private static let namesMax = 5
    /// The maximum number of versions to look at. Publishers fill one version at a time, and some
    /// begin a second one before the first is complete.
    private static let versionsMax = 5

    /// As ``newest(_:known:)``, for a pool: one mirror may be older than the last look, and another
    /// one may answer next time. The last answer counts.
    func newestOfPool(
        _ pattern: VersionPattern, known: Upstream.Look?
    ) async throws(TranshipError) -> Newest {
        var waitSeconds = Self.waitSeconds
        for _ in 1..<Self.triesMax {
            let found = try await newest(pattern, known: known)
            guard !source.allowsDowngrade, let before = known?.image.version,
                VersionOrder.isEarlier(found.version, before), !Task.isCancelled
            else { return found }
            await reopening.wait(waitSeconds)
            waitSeconds *= 2
        }
        return try await newest(pattern, known: known)
    }

    /// Finds the newest version.
    ///
    /// - Parameter known: the last look, for a list that has not changed.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` if no name matches; the errors of reading
    ///   the list or the folder.
    func newest(
        _ pattern: VersionPattern, known: Upstream.Look?
    ) async throws(TranshipError) -> Newest {
        if let list = source.checksumFile, !list.contains(VersionPattern.mark) {
            let published = published(list)
            let read = try await read(published, known: known?.list)
            if read.isUnchanged, let version = known?.image.version {
                return Newest(version: version, list: read)
            }
            if read.list.isWebPage { throw ChecksumList.webPage(published.shown) }
            let folder = published.path(of: address(inFolder: "x")).dropLast()
            let names = read.list.names.map { name in
                name.hasPrefix(folder) ? String(name.dropFirst(folder.count)) : name
            }
            var newest = try Self.versions(
                pattern, among: names, at: published.shown,
                emptyHint:
                    "run again later: its publisher may be writing it; if it stays so, ask the "
                    + "publisher")[0]
            newest.list = read
            return newest
        }
        let (folder, own, rest) = pattern.parts
        let url = address(inFolder: folder)
        let names = try await names(inFolder: url)
        let versions = try Self.versions(own, among: names, at: Self.withoutSecrets(url)).map {
            one in
            var one = one
            one.name = folder + (one.name ?? "") + VersionPattern.fill(rest, with: one.version)
            return one
        }
        var newest = versions[0]
        newest.earlier = Array(versions.dropFirst())
        return newest
    }

    /// Returns the newest versions, newest first: at least one, and at most ``versionsMax``.
    ///
    /// - Parameter emptyHint: the hint if there is no name at all.
    static func versions(
        _ pattern: VersionPattern, among names: [String], at place: String,
        emptyHint: String = "open the address in a browser; if the server lists no folders, name a "
            + "list with `checksum_file`"
    ) throws(TranshipError) -> [Newest] {
        var found: [Newest] = []
        for name in names {
            guard let version = pattern.version(in: name) else { continue }
            let index =
                found.firstIndex { isLater(version, than: $0.version) } ?? found.endIndex
            guard index < versionsMax else { continue }
            found.insert(Newest(version: version, name: name), at: index)
            found = Array(found.prefix(versionsMax))
        }
        guard !found.isEmpty else { throw nothing(pattern, names, place, emptyHint) }
        return found
    }

    /// True if a version is later than another. Orders two spellings of one version, too, so that
    /// the result is always the same.
    private static func isLater(_ version: String, than other: String) -> Bool {
        let order = VersionOrder.compare(version, other)
        return order > 0 || (order == 0 && version > other)
    }

    private static func nothing(
        _ pattern: VersionPattern, _ names: [String], _ place: String, _ emptyHint: String
    ) -> TranshipError {
        guard !names.isEmpty else {
            return TranshipError(
                .sourceUnavailable, "\(place) lists no file, so nothing matches \(pattern.text)",
                hint: emptyHint)
        }
        // Names that begin like the pattern come first.
        let likeness = names.map { name in
            (zip(name.utf8, pattern.text.utf8).prefix { $0 == $1 }.count, name)
        }
        let nearest = likeness.enumerated()
            .sorted { ($1.element.0, $0.offset) < ($0.element.0, $1.offset) }
            .prefix(namesMax).map { $0.element.1.cut(to: 255) }
        let more = names.count - nearest.count
        return TranshipError(
            .sourceUnavailable,
            "\(place) has no name that matches \(pattern.text); it has "
                + nearest.joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""),
            hint:
                "correct `latest`: \(VersionPattern.mark) stands for the version, which has a digit "
                + "and no slash, and the rest has to be the same")
    }

    /// Returns the image of the newest version that its publisher has completed: its list of
    /// checksums exists and names it. If a later version is still being filled, the image has a
    /// note about it.
    ///
    /// - Throws: only ``TranshipError/Code/interrupted``.
    func filled(
        _ newest: Newest, known: Upstream.Look?, date: String
    ) async throws(TranshipError) -> ListedImage {
        let first = try await looked(newest, known, date)
        guard let reason = beingFilled(first) else { return first }
        for earlier in newest.earlier {
            var listed = try await looked(earlier, known, date)
            if beingFilled(listed) != nil { continue }
            guard listed.refusal == nil else { return first }
            listed.notes.append(
                .versionBeingFilled(
                    version: newest.version, taken: earlier.version, reason: reason))
            return listed
        }
        return first
    }

    private func looked(
        _ newest: Newest, _ known: Upstream.Look?, _ date: String
    ) async throws(TranshipError) -> ListedImage {
        let url =
            newest.name.map { address(inFolder: $0) } ?? known.map { address(of: $0.image) }
        return try await at(url ?? source.url).look(newest, known: known, date: date)
    }

    /// Returns the reason that a version is not complete yet; nil if it is, or if it has another
    /// problem. A list that contradicts itself or its data, or that is not signed, is another
    /// problem.
    private func beingFilled(_ listed: ListedImage) -> String? {
        guard let refusal = listed.refusal else { return nil }
        let hasOwnFolder = source.latest?.parts.rest.isEmpty == false
        let hasOwnList = source.checksumFile?.contains(VersionPattern.mark) == true
        let isMissing = refusal.code == .notFound && (hasOwnFolder || hasOwnList)
        return isMissing || refusal.saysStillFilled ? refusal.message : nil
    }

    /// Returns the names that the server lists for a folder.
    private func names(inFolder url: String) async throws(TranshipError) -> [String] {
        let shown = Self.withoutSecrets(url)
        var request = HTTPRequest(
            .get, url, headers: headers, responseBytesMax: Self.pageBytesMax,
            followsRedirects: true)
        request.secrets = HTTPRequest.secrets(ofURL: url)
        request.isPatientWhileBytesMove = true
        let response = try await connections.asking(url) { () throws(TranshipError) in
            try await PublishedList.answer(
                to: request, by: client, shown: shown, wait: reopening.wait)
        }
        return FolderListing(response.body, url: response.effectiveURL).names
    }

    /// Returns the list of checksums.
    ///
    /// - Parameter version: the value of `@v` in its address.
    func published(_ place: String, _ version: String? = nil) -> PublishedList {
        func filled(_ place: String) -> String {
            version.map { VersionPattern.fill(place, with: $0) } ?? place
        }
        let signature = source.signature.map {
            SignatureRule(keyring: $0.keyring, place: $0.place.map(filled))
        }
        return PublishedList(
            place: filled(place), signature: signature, client: client, wait: reopening.wait)
    }

    func read(
        _ list: PublishedList, known: Upstream.List?
    ) async throws(TranshipError) -> PublishedList.Read {
        // The list may be a file on this machine.
        guard list.isAddress else { return try await list.read(known: known) }
        return try await connections.asking(list.place) { () throws(TranshipError) in
            try await list.read(headers: headers, origin: endpoint, known: known)
        }
    }

    // MARK: Addresses

    /// Returns the address for a path relative to `url`, with the query of `url`.
    func address(inFolder path: String) -> String {
        let folder = source.url.prefix { $0 != "?" && $0 != "#" }
        let encoded = path.split(separator: "/", omittingEmptySubsequences: false)
            .map { percentEncode(String($0)) }.joined(separator: "/")
        return folder + encoded + source.url[folder.endIndex...].prefix { $0 != "#" }
    }

    /// Returns the address of a planned image.
    func address(of image: SourceImage) -> String {
        guard source.latest != nil || locatesByImage else { return source.url }
        let query = source.url.drop { $0 != "?" }.prefix { $0 != "#" }
        return image.location + query
    }
}
