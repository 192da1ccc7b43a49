// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
internal import Glibc
internal import OpenStackImage

/// An image of an archive, as its files show it.
package struct ArchivedImage: Sendable {
    package var record: ArchiveRecord
    /// False until the image is complete and published: archive sources do not see it before.
    package var isPublished: Bool
    /// The fault of its data; nil if a file of the right size is there, or if the record is of an
    /// image that has no data yet.
    package var dataProblem: String?
    /// False if a folder has the name of the data file, so that no file can replace it.
    package var isMendable = true

    /// True if all data is there, as far as the file's size shows.
    package var isWhole: Bool {
        let status = record.image.status
        return (status == .active || status == .deactivated) && dataProblem == nil
    }
}

/// The entry that an archive has for an id.
package enum ArchivedFind: Sendable {
    case absent
    case image(ArchivedImage)
    /// A record from which nothing can be learned about the image.
    ///
    /// - Parameters:
    ///   - words: the fault of the record.
    ///   - isMendable: true if a run can write another record in its place.
    case damaged(words: String, isMendable: Bool)
}

extension ArchiveFolder {
    /// The maximum number of images that are listed: each takes memory.
    private static let imagesMax = 1_000_000

    /// Returns the ids of the images, in order.
    ///
    /// - Parameter onlyPublished: leaves out images that are not complete or not published.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` or ``TranshipError/Code/targetFailed``,
    ///   depending on the use of the archive.
    package func ids(onlyPublished: Bool) throws(TranshipError) -> [ArchivedID] {
        guard try check(), let folder = try images() else { return [] }
        var found: [ArchivedID] = []
        var isFull = false
        try folder.eachName { name in
            let isPending = name.hasPrefix(".")
            guard name.hasSuffix(".json"), !(isPending && onlyPublished),
                let id = ArchivedID(String(name.dropFirst(isPending ? 1 : 0).dropLast(5)))
            else { return }
            guard found.count < Self.imagesMax else {
                isFull = true
                return
            }
            found.append(id)
        }
        guard !isFull else {
            throw problem(
                "the archive \(path) has more than \(Self.imagesMax) records",
                hint: "split it into several archives")
        }
        found.sort()
        // Publishing writes one record and then removes the other, so an id can be found twice.
        return found.enumerated().filter { $0.offset == 0 || found[$0.offset - 1] != $0.element }
            .map(\.element)
    }

    /// Returns the image with an id; nil if there is none.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` for a record that cannot be right; for one
    ///   that cannot be read, a code that depends on the use of the archive.
    package func image(_ id: ArchivedID) throws(TranshipError) -> ArchivedImage? {
        guard let folder = try images() else { return nil }
        return try image(id, in: folder)
    }

    /// Returns the archive's entry for an id, also if its record is damaged or cannot be read.
    ///
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` or ``TranshipError/Code/targetFailed``,
    ///   depending on the use of the archive, if the folder cannot be opened.
    package func find(_ id: ArchivedID) throws(TranshipError) -> ArchivedFind {
        guard let folder = try images() else { return .absent }
        do throws(TranshipError) {
            return try image(id, in: folder).map(ArchivedFind.image) ?? .absent
        } catch {
            let kind = [id.record, id.pending].lazy.compactMap { folder.status($0) }.first.map {
                $0.st_mode & S_IFMT
            }
            let isDamage = error.code == .invalidAnswer || error.cause is NotOurFile
            let message = error.message.replacing("the record ", with: "", maxReplacements: 1)
            let words = isDamage ? "its record \(message)" : "its record cannot be read: \(message)"
            return .damaged(
                words: words,
                isMendable: isDamage && kind != S_IFDIR)
        }
    }

    func image(
        _ id: ArchivedID, in folder: OpenFolder
    ) throws(TranshipError) -> ArchivedImage? {
        for (name, isPublished) in [(id.record, true), (id.pending, false)] {
            guard let bytes = try folder.read(name, bytesMax: Self.recordBytesMax) else { continue }
            let place = "\(folder.path)/\(name)"
            let record = try ArchiveRecord(bytes, id: id, place: place)
            let status = record.image.status
            guard !isPublished || status == .active || status == .deactivated else {
                throw ArchiveRecord.problem(place, "is of an image that is \(status)")
            }
            var image = ArchivedImage(
                record: record, isPublished: isPublished,
                dataProblem: Self.dataProblem(id, record, in: folder))
            image.isMendable = folder.status(id.data).map { $0.st_mode & S_IFMT } != S_IFDIR
            return image
        }
        return nil
    }

    private static func dataProblem(
        _ id: ArchivedID, _ record: ArchiveRecord, in folder: OpenFolder
    ) -> String? {
        let image = record.image
        guard image.status == .active || image.status == .deactivated else { return nil }
        let place = "\(folder.path)/\(id.data)"
        guard let status = folder.status(id.data) else { return "its data \(place) is missing" }
        if let kind = WholeFile.kind(status.st_mode) {
            return "its data \(place) is \(kind), not a plain file"
        }
        guard let size = image.sizeBytes else { return "its record has no number `size`" }
        guard size == Int64(status.st_size) else {
            return "its data \(place) has \(status.st_size) bytes, and its record says \(size)"
        }
        return nil
    }

    // MARK: Writing

    /// Writes the record of an image that has no data yet or is not published yet.
    package func prepare(_ id: ArchivedID, _ record: ArchiveRecord) throws(TranshipError) {
        try make()
        let folder = try writable()
        try folder.replace(id.pending, with: try bytes(record, id), write: write)
    }

    /// Writes such a record in place of a damaged one. Archive sources do not see the image until
    /// it is published again.
    package func prepareAgain(
        _ id: ArchivedID, _ record: ArchiveRecord
    ) throws(TranshipError) {
        try prepare(id, record)
        let folder = try writable()
        try folder.remove(id.record)
        try folder.sync()
    }

    /// Writes the final record, which puts the image into the archive. Call this when everything is
    /// proved.
    package func publish(_ id: ArchivedID, _ record: ArchiveRecord) throws(TranshipError) {
        let folder = try writable()
        try folder.replace(id.record, with: try bytes(record, id), write: write)
        try folder.remove(id.pending)
        try folder.sync()
    }

    /// Removes the pending record of an image that is published: a process that dies between the
    /// two steps of publishing leaves both records.
    package func removePending(_ id: ArchivedID) throws(TranshipError) {
        try writable().remove(id.pending)
    }

    /// Removes an image with all its files. If the process dies during this, an image that is not
    /// complete is left.
    ///
    /// - Throws: ``TranshipError/Code/targetConflict`` while another process writes the image.
    package func remove(_ id: ArchivedID) throws(TranshipError) {
        let folder = try writable()
        guard let lock = try folder.lock(id.part) else { throw beingWritten(id) }
        defer { withExtendedLifetime(lock) {} }
        // Only rename and remove, do not write: the disk may be full.
        if folder.status(id.record) != nil {
            try folder.rename(id.record, to: id.pending)
            try folder.sync()
        }
        for name in [
            id.data, OpenFolder.newName(of: id.record), OpenFolder.newName(of: id.pending),
        ] {
            try folder.remove(name)
        }
        try folder.remove(id.part)
        try folder.remove(id.pending)
        try folder.sync()
    }

    func writable() throws(TranshipError) -> OpenFolder {
        guard let folder = try images() else {
            throw problem(
                "the archive \(path) has gone, or its folder \(Self.imagesName)",
                hint: "check that its disk is mounted")
        }
        return folder
    }

    private func bytes(
        _ record: ArchiveRecord, _ id: ArchivedID
    ) throws(TranshipError) -> [UInt8] {
        let bytes = try record.bytes
        guard bytes.count <= Self.recordBytesMax else {
            throw TranshipError(
                .refused,
                "the record of image \(id.text) has \(bytes.count) bytes, and an archive takes at most "
                    + "\(Self.recordBytesMax)",
                hint: "drop some of its properties with `properties: { drop: [...] }`")
        }
        return bytes
    }

    func beingWritten(_ id: ArchivedID) -> TranshipError {
        TranshipError(
            .targetConflict, "another process is writing image \(id.text) of the archive \(path)",
            hint: "wait until the other run is over", isTransient: true, side: side)
    }

    /// True while another process writes the image's data. The lock that shows this ends with that
    /// process.
    package func isBeingWritten(_ id: ArchivedID) throws(TranshipError) -> Bool {
        try images()?.isLocked(id.part) ?? false
    }
}
