// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation

/// Files that only this user reads and writes: journals, plans and their locks. They name
/// clouds, images and addresses, and what they say is done.
enum OwnFile {
    /// Opens a file for reading and writing, and makes it if there is none, with mode 0600.
    ///
    /// A neighbour who may write into the folder could put a link to another file of ours there,
    /// or a journal of their own. So links are not followed (`O_NOFOLLOW`), and files of other
    /// users are refused.
    ///
    /// - Returns: a file descriptor, which the caller closes.
    /// - Throws: ``TranshipError/Code/journalFailed``.
    static func open(_ path: String) throws(TranshipError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let number = errno
            throw number == ELOOP
                ? TranshipError(
                    .journalFailed, "\(path) is a symbolic link, which is not followed",
                    hint: "name the file that it leads to with --journal PATH")
                : TranshipError(
                    .journalFailed, "cannot open \(path): \(String(cString: strerror(number)))",
                    hint: "choose another place with --journal PATH")
        }
        var file = stat()
        guard fstat(descriptor, &file) == 0, file.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw TranshipError(
                .journalFailed, "\(path) is not a plain file",
                hint: "choose another place with --journal PATH")
        }
        guard file.st_uid == geteuid() else {
            close(descriptor)
            throw TranshipError(
                .journalFailed,
                "\(path) belongs to another user (uid \(file.st_uid); this is uid \(geteuid()))",
                hint: "run as that user, or change the owner of the journal and the files beside it"
            )
        }
        if file.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
        return descriptor
    }

    /// As ``open(_:)``, for a file that another library opens next.
    static func make(_ path: String) throws(TranshipError) {
        close(try open(path))
    }
}
