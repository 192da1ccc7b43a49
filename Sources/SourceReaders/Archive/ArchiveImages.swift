// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import ImageArchives
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// A kind of source: the published images of an archive.
///
/// They are like images of a cloud: they have ids and records, and refer to each other as kernel
/// and ramdisk. The SHA-512 in the record is the promise.
struct ArchiveImages: ImageSource {
    let source: ArchiveSource
    let sourceIndex: Int
    let archive: ArchiveFolder

    init(source: ArchiveSource, sourceIndex: Int) {
        self.source = source
        self.sourceIndex = sourceIndex
        archive = ArchiveFolder(source.path, as: .source)
    }

    var endpoint: String { "archive \(archive.path)" }
    var limitImages: Int? { source.limitsImages }
    var isOnThisMachine: Bool { true }
    /// A copy has to be identical, like a copy of a cloud's image.
    var inspection: Inspection { .remarks }

    func promiser(of image: SourceImage) -> Promiser? {
        Promiser(
            "the record of image \(image.imageID ?? image.location) in the archive \(archive.path)",
            remedy: "its data file is damaged: restore it from a copy of the archive, or copy the "
                + "image into the archive again")
    }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(.dataIsLocal)
    }

    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        do {
            try await archive.onThread { _ = try $0.check() }
        } catch {
            throw error.whileDoing("\(source.position)")
        }
        let date = listing.date
        try await CatalogueListing(listing: listing, catalogue: self).list {
            (images) throws(TranshipError) in
            try await page(images.map { described($0, date: date) })
        }
    }

    /// Returns the image with the fields and the series of the pipeline's entry.
    private func described(_ given: ListedImage, date: String) -> ListedImage {
        var listed = given
        let name = listed.image.displayName
        listed.stem = name
        if let fields = source.image {
            do throws(TranshipError) {
                try listed.image.replace(fields, date: date)
            } catch {
                listed.refusal = listed.refusal ?? error
            }
        }
        guard let series = source.series else { return listed }
        // The lineage must not change with the day or the version.
        let constant = PlaceholderValues(
            name: name, stem: name, date: "{date}", version: "{version}", checksum: "{checksum}")
        listed.image.lineage = SeriesLineage.words((try? series.render(constant)) ?? name)
        // Kernels and ramdisks are listed a second time for the images that refer to them.
        guard listed.namedAs.isEmpty else { return listed }
        listed.image.vary(source.variant)
        listed.series = SeriesClaim(
            position: "\(source.position)", allowsSeveral: source.seriesHasSeveral)
        return listed
    }

    // MARK: Reading

    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        // The point came from another kind of source: the pipeline file was edited since.
        guard point == nil else {
            throw TranshipError(
                .rangeNotSatisfiable, "an image of an archive is always read from its beginning")
        }
        let (id, facts) = try await found(transfer)
        try await archive.onThread(failingOnCancel: ring) { archive in
            try archive.read(id, into: ring, sizeBytes: facts.sizeBytes ?? 0) {
                tell(.opened(facts))
            }
        }
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        try await found(transfer).facts
    }

    func sharing(of image: SourceImage) async throws(TranshipError) -> SourceFacts {
        guard image.visibility == .shared, let id = image.imageID.flatMap(ArchivedID.init),
            let found = try await archive.onThread({ try $0.image(id) })
        else { return SourceFacts(sizeBytes: nil) }
        return Self.facts(found)
    }

    /// Reads the record, which must still match the plan.
    private func found(
        _ transfer: Transfer
    ) async throws(TranshipError) -> (id: ArchivedID, facts: SourceFacts) {
        let text = try CloudImages.imageID(transfer)
        guard let id = ArchivedID(text),
            let found = try await archive.onThread({ try $0.image(id) }),
            found.isPublished
        else {
            throw TranshipError(
                .sourceUnavailable, "image \(text) is gone from the archive \(archive.path)",
                hint: "run again, which makes a new plan")
        }
        let image = found.record.image
        try CloudImages.expectUnchanged(
            transfer, status: image.status, checksums: image.checksums, sizeBytes: image.sizeBytes)
        return (id, Self.facts(found))
    }

    private static func facts(_ found: ArchivedImage) -> SourceFacts {
        let members = found.record.memberAnswers.filter { $0.status != "rejected" }
        var facts = SourceFacts(
            sizeBytes: found.record.image.sizeBytes, members: members.map(\.id))
        for (id, status) in found.record.memberAnswers {
            if let status, status != "pending" { facts.memberAnswers[id] = status }
        }
        return facts
    }
}

extension ArchiveImages: ImageCatalogue {
    private static let pageImages = 500

    var conditions: CatalogueConditions {
        CatalogueConditions(
            selection: source.selection, exclude: source.exclude,
            variant: source.variant, kind: .archive,
            name: archive.path, place: "\(source.position)")
    }

    func projectID() async throws(TranshipError) -> String? { nil }

    func image(_ text: String) async throws(TranshipError) -> ListedImage {
        guard let id = ArchivedID(text),
            let listed = try await archive.onThread({ archive in try self.listed(id, in: archive) })
        else { throw TranshipError(.notFound, "the archive \(archive.path) has no image \(text)") }
        return listed
    }

    func eachPage(
        project: String?, selects: (SourceImage) -> Bool,
        _ body: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var rest = try await archive.onThread { try $0.ids(onlyPublished: true) }[...]
        while !rest.isEmpty {
            let ids = rest.prefix(Self.pageImages)
            let page = try await archive.onThread { archive in
                try ids.compactMap { try self.listed($0, in: archive) }
            }
            try await body(page)
            rest = rest.dropFirst(Self.pageImages)
        }
    }

    /// Returns an image for the listing; nil if it is not in the archive or not yet published. An
    /// invalid record becomes a refusal, so that the other images can go on.
    private func listed(
        _ id: ArchivedID, in archive: ArchiveFolder
    ) throws(TranshipError) -> ListedImage? {
        let found: ArchivedImage
        do {
            guard let image = try archive.image(id), image.isPublished else { return nil }
            found = image
        } catch {
            let key = SourceImage.cloudKey(id.text)
            return ListedImage(
                SourceImage(
                    key: key, sourceIndex: sourceIndex, location: id.text, imageID: id.text,
                    lineage: key, fingerprint: "missing", status: .active), refusal: error)
        }
        let image = found.record.image
        var refusal = found.dataProblem.map {
            TranshipError(
                .sourceUnavailable, $0,
                hint: "restore it from a copy of the archive, or remove its "
                    + "record", side: .source)
        }
        if image.checksums.first?.algorithm != .sha512, found.isWhole {
            refusal = TranshipError(
                .unverifiable, "the record of image \(id.text) has no SHA-512 of the data",
                hint: "restore it from a copy of the archive", side: .source)
        }
        return ListedImage(
            SourceImage(image, sourceIndex: sourceIndex), refusal: refusal)
    }
}

extension SourceImage {
    /// Replaces the fields that the pipeline's entry sets.
    ///
    /// - Parameter date: the value of `{date}` in a name.
    /// - Throws: ``TranshipError/Code/invalidPipeline`` if a placeholder of the name has no value.
    fileprivate mutating func replace(
        _ fields: ImageFields, date: String
    ) throws(TranshipError) {
        if let template = fields.name {
            name = try template.render(
                PlaceholderValues(
                    name: displayName, stem: displayName, date: date,
                    version: properties["os_version"], checksum: promise?.value))
        }
        diskFormat = fields.diskFormat ?? diskFormat
        containerFormat = fields.containerFormat ?? containerFormat
        minDiskGiB = fields.minDiskGiB ?? minDiskGiB
        minRAMMiB = fields.minRAMMiB ?? minRAMMiB
        tags = fields.tags ?? tags
        properties = fields.properties ?? properties
        visibility = fields.visibility ?? visibility
        isProtected = fields.isProtected ?? isProtected
        isHidden = fields.isHidden ?? isHidden
    }
}
