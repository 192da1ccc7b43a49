// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

extension ImageService {
    /// Creates an image with its data in one call, like `create_image` of openstacksdk.
    ///
    /// - Without a name, the image gets the name of the file without its last extension. The
    ///   default formats are those in the entry of the cloud.
    /// - If an image with this name has the same data, that image is returned. If its data differs,
    ///   this is an error, unless duplicates are allowed.
    /// - The data is hashed on its way, must have the checksums `options.expected`, and is compared
    ///   with the checksums that the service reports.
    /// - After a failure or a cancellation, the image created here is deleted.
    ///
    /// Without data it works as ``create(_:)``, with these defaults.
    ///
    /// - Parameter onProgress: called with the bytes read so far.
    /// - Throws: ``TranshipError/Code/targetConflict`` and ``TranshipError/Code/ambiguous`` for a
    ///   name that is taken, ``TranshipError/Code/usage``, and the errors of creating, sending,
    ///   importing and comparing.
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
        let creation = ImageCreation(
            service: self, options: options, onProgress: onProgress,
            knownMarks: ChecksumMarks(known))
        do throws(TranshipError) {
            return try await creation.fill(created, data)
        } catch {
            guard options.deletesBroken else { throw error }
            throw await discard(created, after: error)
        }
    }

    /// Records the checksums of the data that was sent to an image, as
    /// ``createImage(_:from:_:onProgress:)`` does automatically: in the properties
    /// `owner_specified.openstack.md5`, `.sha256` and `.object`. By these, openstacksdk and this
    /// library recognise data that they uploaded before.
    ///
    /// - Parameter sent: the result of an upload that computed md5 and sha256. A checksum that it
    ///   did not compute is recorded as unknown.
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
                .usage, "the new image has no name, and no file name can be used in its place")
        }
        image.diskFormat = image.diskFormat ?? defaults.diskFormat
        image.containerFormat = image.containerFormat ?? defaults.containerFormat
        if options.disablesVendorAgent {
            image.properties.merge(defaults.withoutVendorAgent.mapValues(JSONValue.string)) { $1 }
        }
        // An untyped name must not differ from the name that is looked up.
        image.untyped["name"] = nil
    }

    /// Returns an existing image with the wanted name if it has the wanted data; throws otherwise.
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
            hint:
                "delete or rename it, choose another name, or allow duplicates (--allow-duplicates)"
        )
    }

    /// Throws if this cloud does not allow the import. Call it before anything is created.
    private func checkImport(
        _ data: NewImageData?, _ options: CreateOptions
    ) async throws(TranshipError) {
        let method: ImportMethod
        switch data {
        case .fetched(let fetched): method = fetched.name
        case .sent where options.isImport: method = .glanceDirect
        default: return
        }
        guard method != .copyImage else {
            throw TranshipError(
                .usage, "\(method) copies the data of an image that has some already")
        }
        let methods = try await importInfo().methods
        guard methods.contains(method) else {
            throw TranshipError(
                .refused, "cloud \"\(session.cloudName)\" does not import by \(method)",
                hint: methods.isEmpty
                    ? "upload the data"
                    : "it offers \(methods.map(\.rawValue).joined(separator: ", "))")
        }
    }

    /// Deletes a broken image, even after a cancellation. Returns the error with a hint.
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
        guard let refusal else {
            guard error.isOfWrongFormat else { return error }
            return error.hinting(
                "the data does not have the disk format \(image.diskFormat ?? ""): name the right "
                    + "one; the broken image is deleted already")
        }
        return error.hinting(
            "image \(image.id) is broken and could not be deleted (\(refusal.message))"
                + (error.hint.map { "; \($0)" } ?? ""))
    }
}

extension CreateOptions {
    /// True if the data goes through the staging area.
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
    /// The name for an image from this data, unless you choose one.
    public var stem: String? {
        switch self {
        case .sent(let source): source.stem
        case .fetched(.webDownload(let uri)): FileStem.of(shownURL(uri.revealed))
        case .fetched: nil
        }
    }

    /// The size of the data; nil if it is unknown before the data is read.
    public var sizeBytes: Int64? {
        if case .sent(let source) = self { source.sizeBytes } else { nil }
    }

    var repeatableSource: ImageDataSource? {
        if case .sent(let source) = self, source.isRepeatable { source } else { nil }
    }
}
