// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
package import ByteStreams
internal import Glibc

/// A folder with images and their records. Archive targets write it, archive sources read it.
///
/// `docs/pipeline-format.md` describes the files. An image is in the archive if its record
/// `images/ID.json` is there, and that file is written last. Files with a leading dot belong to
/// images that are not complete or not published yet.
///
/// Every function blocks on the disk: call them through ``onThread(failingOnCancel:_:)``.
package struct ArchiveFolder: Sendable {
    /// The file at the top that says what the folder is.
    package static let markerName = "tranship-archive.json"
    /// The version of the format that this program writes, and the newest that it reads.
    package static let formatVersion: Int64 = 1
    /// The maximum size of a record, in bytes.
    package static let recordBytesMax = 1 << 20
    static let imagesName = "images"
    private static let markerKey = "tranship_archive"

    /// An absolute path.
    package let path: String
    /// The use of the folder in the pipeline, as a source or a target. It decides the code of
    /// errors.
    let side: TranshipError.Side
    /// The function that writes, `write(2)`. Tests replace it to simulate a full disk.
    package var write: @Sendable (Int32, UnsafeRawPointer, Int) -> Int = { Glibc.write($0, $1, $2) }

    /// - Parameter path: an absolute path. Two spellings of one path make the same archive.
    package init(_ path: String, as side: TranshipError.Side) {
        self.path = Self.inOneSpelling(path)
        self.side = side
    }

    /// Returns a path without links and dots above the folder, and without a slash at the end. The
    /// result is the same before and after the folder is made.
    private static func inOneSpelling(_ path: String) -> String {
        let name = PathText.lastComponent(path)
        guard ![".", "..", "/"].contains(name) else { return real(path) ?? path }
        guard let parent = real(PathText.folder(of: path)) else { return path }
        return (parent == "/" ? "" : parent) + "/" + name
    }

    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    /// True if both are the same folder, even if a link leads to it.
    package func isSame(as other: ArchiveFolder) -> Bool {
        var (own, others) = (stat(), stat())
        if path == other.path { return true }
        return stat(path, &own) == 0 && stat(other.path, &others) == 0
            && own.st_ino == others.st_ino && own.st_dev == others.st_dev
    }

    /// Runs work that blocks on the disk on a thread, and awaits its result.
    ///
    /// - Parameter ring: the ring that the work reads from or writes to; it fails if the task is
    ///   cancelled.
    package func onThread<Value: Sendable>(
        failingOnCancel ring: ByteRing? = nil,
        _ work: @escaping @Sendable (ArchiveFolder) throws -> Value
    ) async throws(TranshipError) -> Value {
        try await BlockingWork.run(failingOnCancel: ring) { [self] in try work(self) }
    }

    /// Checks that the folder is an archive of a version that this program knows. A target may also
    /// be a folder that is missing or empty.
    ///
    /// - Returns: false if there is no archive yet.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` or ``TranshipError/Code/targetFailed``,
    ///   depending on the use of the archive.
    @discardableResult
    package func check() throws(TranshipError) -> Bool {
        guard let folder = try OpenFolder.ifThere(path, side) else {
            guard side == .target else {
                throw problem(
                    "there is no archive \(path): \(OpenFolder.words(ENOENT))",
                    hint: "set `archive` to a folder that an archive target wrote; a relative "
                        + "path starts at the folder of the pipeline file")
            }
            return false
        }
        if let marker = try folder.read(Self.markerName, bytesMax: Self.recordBytesMax) {
            try check(marker)
            try refuseOthers(folder)
            return true
        }
        guard side == .target else {
            throw problem(
                "\(path) is not an archive: it has no file \(Self.markerName)",
                hint:
                    "set `archive` to a folder that an archive target wrote; for plain image "
                    + "files use `file`")
        }
        // A new disk has the first. A process that dies while it makes the archive leaves the
        // second.
        let harmless = ["lost+found", OpenFolder.newName(of: Self.markerName)]
        var other: String?
        try folder.eachName { name in
            if other == nil, !harmless.contains(name) { other = name }
        }
        if let other {
            // Another image's step may have made the archive since the first look. It writes the
            // marker before everything else.
            if let marker = try folder.read(Self.markerName, bytesMax: Self.recordBytesMax) {
                try check(marker)
                try refuseOthers(folder)
                return true
            }
            throw problem(
                "\(path) is not an archive and not empty: it has \"\(other.cut(to: 100))\"",
                hint:
                    "name an empty or a new folder: an archive target writes only into a folder of "
                    + "its own")
        }
        // We close a folder of our own to other users before we write anything into it, so check
        // only folders of others.
        if folder.status(".")?.st_uid != geteuid() { try refuseOthers(folder) }
        return false
    }

    /// Refuses a target that other users may write to (``OtherUsers``): they could replace its
    /// images.
    private func refuseOthers(_ folder: OpenFolder) throws(TranshipError) {
        guard side == .target else { return }
        for name in [".", Self.imagesName] {
            guard let status = folder.status(name), status.st_mode & S_IFMT == S_IFDIR,
                let access = OtherUsers.access(to: status, trustsRoot: true)
            else { continue }
            throw problem(
                "the folder \(name == "." ? path : "\(path)/\(name)") of the archive \(access)",
                hint: "they could exchange its images: name a folder of this user that only this "
                    + "user may write to (chmod go-w)")
        }
    }

    /// True if the folder exists, even if it is empty.
    package func isFolderThere() throws(TranshipError) -> Bool {
        try OpenFolder.ifThere(path, side) != nil
    }

    /// Refuses a folder whose parent folder is missing: ``make()`` does not make both.
    package func expectParent() throws(TranshipError) {
        let parent = PathText.folder(of: path)
        var status = stat()
        guard stat(parent, &status) != 0, errno == ENOENT else { return }
        throw problem(
            "there is no folder \(parent), in which the archive \(path) is to be made",
            hint: "check the path, and that its disk is mounted; if both are right, make the "
                + "folder: mkdir -p \(parent.shellQuoted)")
    }

    /// Returns the error for an archive that the journal knows and that is missing.
    package func isGone(knownImages: Int) -> TranshipError {
        problem(
            "there is no archive \(path), and the journal knows \(counted(knownImages, "image")) in it",
            hint: "mount its disk; or make the folder, to copy all images again: mkdir \(path)")
    }

    private func check(_ marker: [UInt8]) throws(TranshipError) {
        let place = "\(path)/\(Self.markerName)"
        guard case .object(let object) = ArchiveRecord.json(marker),
            let version = object[Self.markerKey]?.integer, version > 0
        else {
            throw problem(
                "\(place) is not the file of an archive: it has no number \"\(Self.markerKey)\"",
                hint: "restore it from a copy of the archive, or name another folder")
        }
        guard version <= Self.formatVersion else {
            throw problem(
                "a newer version of Tranship wrote the archive \(path): its format is \(version), and "
                    + "this one knows \(Self.formatVersion)",
                hint: "use that version of Tranship")
        }
    }

    /// Makes the archive if it is missing, but not its parent folder: with a mistyped path or a
    /// disk that is not mounted, the data would go to a wrong place.
    func make() throws(TranshipError) {
        guard try !check() else { return try makeImages() }
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw OpenFolder.failure("cannot make the folder", path, side)
        }
        let marker: JSONValue = .object([
            Self.markerKey: .integer(Self.formatVersion),
            "about":
                "images and their records, written by Tranship; docs/pipeline-format.md describes them",
        ])
        let folder = try OpenFolder(path, side)
        // Some disks store no modes. So the next line looks at the mode that the folder has now.
        if folder.status(".")?.st_uid == geteuid() { _ = fchmod(folder.descriptor, 0o700) }
        try refuseOthers(folder)
        try folder.replace(Self.markerName, with: try ArchiveRecord.bytes(marker), write: write)
        try makeImages()
    }

    private func makeImages() throws(TranshipError) {
        let folder = try OpenFolder(path, side)
        guard mkdirat(folder.descriptor, Self.imagesName, 0o700) == 0 else {
            if errno == EEXIST { return }
            throw OpenFolder.failure("cannot make the folder", "\(path)/\(Self.imagesName)", side)
        }
        try folder.sync()
    }

    /// Opens the folder of the images; nil if the archive has none yet.
    func images() throws(TranshipError) -> OpenFolder? {
        guard let folder = try OpenFolder.ifThere(path, side) else { return nil }
        return try folder.folder(Self.imagesName)
    }

    func problem(_ message: String, hint: String? = nil) -> TranshipError {
        TranshipError(OpenFolder.code(side), message, hint: hint, side: side)
    }
}
