// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The step of a creation that fills a record without data.
struct ImageCreation: Sendable {
    let service: ImageService
    let options: CreateOptions
    let onProgress: (@Sendable (Int64) -> Void)?
    /// The checksum marks that the record already has.
    let knownMarks: ChecksumMarks

    func fill(_ record: Image, _ data: NewImageData) async throws(TranshipError) -> CreatedImage {
        switch data {
        case .fetched(let method): try await fetch(record, method)
        case .sent(let source) where options.isImport: try await stage(record, source)
        case .sent(let source): try await upload(record, source)
        }
    }

    private var promises: DataPromises {
        var promises = DataPromises(expected: options.expected)
        if options.validates { promises.algorithms.formUnion([.sha512, .md5]) }
        if options.recordsChecksums { promises.algorithms.formUnion([.md5, .sha256]) }
        return promises
    }

    private func upload(
        _ record: Image, _ source: ImageDataSource
    ) async throws(TranshipError) -> CreatedImage {
        var store: String?
        if case .named(let stores) = options.stores {
            guard stores.count == 1 else {
                throw TranshipError(
                    .usage, "an upload goes into one store, not \(stores.count)",
                    hint: "import it instead")
            }
            store = stores.first
        } else if options.stores == .all {
            throw TranshipError(
                .usage, "an upload goes into one store, not all", hint: "import it instead")
        }
        // `finish` compares below, with the record that is read in any case.
        let sent = try await service.upload(
            record.id, from: source, promises, store: store, validates: false,
            onProgress: onProgress)
        var image = try await mark(record.id, sent)
        if image == nil { image = try await service.image(record.id) }
        return try finish(
            image ?? record, sent, sent.checksums, sizeBytes: sent.sizeBytes, record)
    }

    private func stage(
        _ record: Image, _ source: ImageDataSource
    ) async throws(TranshipError) -> CreatedImage {
        let sent = try await service.stage(
            record.id, from: source, promises, onProgress: onProgress)
        // Mark before the import, which locks the properties of the record while it runs.
        _ = try await mark(record.id, sent)
        let image = try await start(record, .glanceDirect)
        return try finish(image, sent, sent.checksums, sizeBytes: sent.sizeBytes, record)
    }

    private func fetch(
        _ record: Image, _ method: ImportRequest.Method
    ) async throws(TranshipError) -> CreatedImage {
        let image = try await start(record, method)
        return try finish(image, nil, options.expected, sizeBytes: nil, record)
    }

    private func start(
        _ record: Image, _ method: ImportRequest.Method
    ) async throws(TranshipError) -> Image {
        let request = ImportRequest(
            method, stores: options.stores, allStoresMustSucceed: options.allStoresMustSucceed)
        if let pace = options.waiting {
            return try await service.importImage(record.id, request, waiting: pace)
        }
        try await service.importImage(record.id, request)
        return try await service.image(record.id)
    }

    /// Records the checksums of the data, unless the record has them already.
    private func mark(_ id: String, _ sent: SentData) async throws(TranshipError) -> Image? {
        let marks = ChecksumMarks(sent.checksums)
        guard options.recordsChecksums, marks != knownMarks else { return nil }
        return try await service.update(
            id,
            marks.checksums.map {
                .add("\(ChecksumMarks.prefixes[0]).\($0.algorithm.rawValue)", .string($0.value))
            })
    }

    private func finish(
        _ image: Image, _ sent: SentData?, _ checksums: [Checksum], sizeBytes: Int64?,
        _ record: Image
    ) throws(TranshipError) -> CreatedImage {
        // A fetched image without a promised checksum has nothing to compare.
        let isCompared =
            image.status == .active
            && (sent == nil ? !checksums.isEmpty : options.validates)
        var proof = CreatedImage.Proof.notCompared
        if isCompared {
            // Only an import plugin changes the format, and with it all bytes.
            let isTransformed =
                image.diskFormat != record.diskFormat
                || image.containerFormat != record.containerFormat
            // glance-download takes over the formats of the source image.
            proof =
                isTransformed && sent != nil
                ? .transformed
                : .match(try DataProof.match(checksums, sizeBytes: sizeBytes, with: image))
        }
        var sent = sent
        if case .match(let checksum) = proof { sent?.proof = checksum }
        return CreatedImage(image: image, isNew: true, sent: sent, proof: proof)
    }
}
