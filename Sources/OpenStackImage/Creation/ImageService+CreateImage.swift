// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

extension ImageService {
    /// Creates an image and sees to its data, in one call: the library's
    /// counterpart of openstacksdk's `create_image`.
    ///
    /// - The name is the file's without its last extension if none is given;
    ///   disk and container format are those of the cloud's entry.
    /// - An image of that name whose data is the same is returned as it is, one
    ///   whose data differs is an error, unless duplicates are allowed.
    /// - The data is hashed on its way, held to `options.expected`, and
    ///   compared with what the service reports of it.
    /// - On failure, cancellation included, what was created here is deleted.
    ///
    /// Without data it is ``create(_:)`` with these defaults.
    ///
    /// - Parameter onProgress: called with the bytes that were read so far.
    /// - Throws: ``TranshipError/Code/targetConflict`` and
    ///   ``TranshipError/Code/ambiguous`` for a name that is taken,
    ///   ``TranshipError/Code/usage``, and what creating, sending, importing
    ///   and comparing throw.
    @discardableResult
    public func createImage(
        _ image: NewImage, from data: NewImageData? = nil, _ options: CreateOptions = .init(),
        onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> CreatedImage {
        var image = image
        try complete(&image, data, options)
        var known = options.expected
        if !options.allowsDuplicates, let name = image.name,
            let existing = try await findIfPresent(name)
        {
            if known.isEmpty, let source = data?.repeatableSource {
                known = try await source.checksums([.md5, .sha256])
            }
            return try Self.recognise(existing, name, known)
        }
        if options.recordsChecksums, data != nil, let name = image.name {
            let marks = ChecksumMarks(known).properties(name: name)
            image.properties.merge(marks) { $1 }
        }
        try await checkImport(data, options)
        let created = try await create(image)
        guard let data else {
            return CreatedImage(image: created, isNew: true, sent: nil, proof: .notCompared)
        }
        var creation = ImageCreation(service: self, options: options, onProgress: onProgress)
        creation.knownMarks = ChecksumMarks(known)
        do throws(TranshipError) {
            return try await creation.fill(created, data)
        } catch {
            guard options.deletesBroken else { throw error }
            throw await discard(created, after: error)
        }
    }

    /// Records in an image what was sent to it, as ``createImage(_:from:_:onProgress:)``
    /// does by itself: the properties `owner_specified.openstack.md5`, `.sha256`
    /// and `.object`, by which openstacksdk and this library know data again
    /// that they uploaded before.
    ///
    /// - Parameter sent: of an upload that computed md5 and sha256; what it did
    ///   not compute is recorded as unknown.
    /// - Throws: as ``update(_:_:)``.
    @discardableResult
    public func recordChecksums(
        of sent: SentData, in image: Image
    ) async throws(TranshipError) -> Image {
        let marks = ChecksumMarks(sent.checksums).properties(name: image.name ?? image.id)
        return try await update(
            image.id, marks.sorted { $0.key < $1.key }.map { .add($0.key, $0.value) })
    }

    private func complete(
        _ image: inout NewImage, _ data: NewImageData?, _ options: CreateOptions
    ) throws(TranshipError) {
        let defaults = session.configuration.imageDefaults
        image.name = image.name ?? image.untyped["name"]?.string ?? data?.stem
        guard image.name?.isEmpty == false else {
            throw TranshipError(
                .usage, "the new image has no name, and its data comes from no file that has one")
        }
        image.diskFormat = image.diskFormat ?? defaults.diskFormat
        image.containerFormat = image.containerFormat ?? defaults.containerFormat
        if options.disablesVendorAgent {
            image.properties.merge(defaults.withoutVendorAgent.mapValues(JSONValue.string)) { $1 }
        }
        // Not even a record of untyped members may have another name than the
        // one that is looked for.
        image.untyped["name"] = nil
    }

    /// An image of the name that is wanted.
    private static func recognise(
        _ existing: Image, _ name: String, _ wanted: [Checksum]
    ) throws(TranshipError) -> CreatedImage {
        let hasData = [.active, .deactivated].contains(existing.status)
        if hasData, existing.holds(wanted) {
            return CreatedImage(image: existing, isNew: false, sent: nil, proof: .notCompared)
        }
        let why =
            !hasData
            ? "is \(existing.status)"
            : wanted.isEmpty ? "may hold other data" : "holds other data"
        throw TranshipError(
            .targetConflict, "image \(existing.id) is named \"\(name)\" already and \(why)",
            hint: "delete or rename it, choose another name, or allow duplicates")
    }

    /// Whether this cloud imports, asked before anything is created.
    private func checkImport(
        _ data: NewImageData?, _ options: CreateOptions
    ) async throws(TranshipError) {
        let method: String
        switch data {
        case .fetched(let fetched): method = fetched.name
        case .sent where options.isImport: method = ImportRequest.Method.glanceDirect.name
        default: return
        }
        guard ["glance-direct", "web-download", "glance-download"].contains(method) else {
            throw TranshipError(.usage, "\(method) is no way to fill a new image")
        }
        let methods = try await importInfo().methods
        guard methods.contains(method) else {
            throw TranshipError(
                .refused, "cloud \"\(session.cloudName)\" does not import by \(method)",
                hint: methods.isEmpty
                    ? "upload the data" : "it has \(methods.joined(separator: ", "))")
        }
    }

    /// Deletes what is broken, also when this task was cancelled.
    private func discard(_ image: Image, after error: TranshipError) async -> TranshipError {
        let service = self
        let refusal = await Task { () -> TranshipError? in
            do throws(TranshipError) {
                try await service.delete(image.id, missingIsFine: true)
                return nil
            } catch {
                return error
            }
        }.value
        guard let refusal else { return error }
        return error.hinting(
            "image \(image.id) is broken and could not be deleted (\(refusal.message))"
                + (error.hint.map { "; \($0)" } ?? ""))
    }
}

extension CreateOptions {
    /// Data that is sent goes through the staging area.
    var isImport: Bool {
        switch way {
        case .upload: return false
        case .stagedImport: return true
        case .automatic:
            switch stores {
            case .standard: return allStoresMustSucceed != nil
            case .named(let stores): return stores.count > 1
            case .all: return true
            }
        }
    }
}

extension NewImageData {
    /// What the image is called unless it is given a name.
    public var stem: String? {
        switch self {
        case .sent(let source): source.stem
        case .fetched(.webDownload(let uri)): FileStem.of(shownURL(uri.revealed))
        case .fetched: nil
        }
    }

    /// Where that is known before the data is read.
    public var sizeBytes: Int64? {
        if case .sent(let source) = self { source.sizeBytes } else { nil }
    }

    var repeatableSource: ImageDataSource? {
        if case .sent(let source) = self, source.isRepeatable { source } else { nil }
    }
}
