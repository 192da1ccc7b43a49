// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation

/// The folder of the spool. A user who can write to it can replace the data that is sent.
enum SpoolFolder {
    /// Creates the folder with mode 0700 if it is missing.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed``; see ``check(_:)``.
    static func make(_ folder: String) throws(TranshipError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw TranshipError(
                .targetFailed,
                "cannot make the spool's folder \(folder): "
                    + error.systemWords,
                hint: "name another place with `spool` in the pipeline file")
        }
        try check(folder)
    }

    /// Refuses a folder that belongs to another user, is a link, or can be written to by other
    /// users; see ``OtherUsers``. A missing folder passes.
    ///
    /// - Parameter isNeeded: false before the first image is spooled. A plain file in the folder's
    ///   place then passes, because it only hinders images that are spooled.
    /// - Throws: ``TranshipError/Code/targetFailed``.
    static func check(_ folder: String, isNeeded: Bool = true) throws(TranshipError) {
        var status = stat()
        guard lstat(withoutSlash(folder), &status) == 0 else { return }
        if !isNeeded, status.st_mode & S_IFMT == S_IFREG { return }
        let words: String
        if status.st_mode & S_IFMT != S_IFDIR {
            words = "is \(WholeFile.kind(status.st_mode) ?? "a regular file"), not a folder"
        } else if let access = OtherUsers.access(to: status) {
            words = access
        } else {
            return
        }
        throw TranshipError(
            .targetFailed, "the spool's folder \(folder) \(words)",
            hint: "name a folder of this user with `spool` in the pipeline file, which only this "
                + "user may write to (chmod go-w)")
    }

    /// Removes slashes at the end. With one, a link would count as the folder that it leads to.
    private static func withoutSlash(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }
}
