// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Foundation

/// Files that only this user reads and writes: journals, plans and their locks. They name clouds,
/// images and addresses, and Tranship acts on their contents.
package enum OwnFile {
    /// Writes a whole file with mode 0600, in place of an earlier one. If this fails, the earlier
    /// file stays.
    ///
    /// Does not follow a link, and replaces only plain files.
    ///
    /// - Throws: ``TranshipError/Code/usage``: the caller names the file.
    package static func replace(_ path: String, with data: Data) throws(TranshipError) {
        func refusal(_ words: String) -> TranshipError {
            TranshipError(.usage, "cannot write \(path): \(words)", hint: "name another file")
        }
        var file = stat()
        if lstat(path, &file) == 0 {
            guard file.st_mode & S_IFMT != S_IFLNK else {
                throw refusal("it is a symbolic link, which is not followed")
            }
            guard file.st_mode & S_IFMT == S_IFREG else { throw refusal("it is not a plain file") }
        }
        // The new file is in the same folder, so that the last step is one rename.
        let new = "\(path).\(UUID().uuidString)"
        let descriptor = Glibc.open(
            new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw refusal(String(cString: strerror(errno))) }
        do {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try handle.write(contentsOf: data)
            try handle.synchronize()
            guard rename(new, path) == 0 else { throw refusal(String(cString: strerror(errno))) }
        } catch {
            unlink(new)
            throw error as? TranshipError ?? refusal(error.systemWords)
        }
    }

    /// Opens a file for reading and writing, after making it with mode 0600 if it is missing.
    ///
    /// Another user who may write into the folder could put a link to another file of ours there,
    /// or a journal of their own. So links are not followed (`O_NOFOLLOW`), and files of other
    /// users are refused.
    ///
    /// - Returns: a file descriptor, which the caller closes.
    /// - Throws: ``TranshipError/Code/journalFailed``.
    static func open(_ path: String) throws(TranshipError) -> Int32 {
        let (descriptor, mode) = try checked(path, O_RDWR | O_CREAT)
        if mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
        return descriptor
    }

    /// Refuses a file named in a journal if another user may have written it: a pipeline file runs
    /// commands.
    ///
    /// - Throws: ``TranshipError/Code/usage``.
    package static func checkNamedFile(_ path: String) throws(TranshipError) {
        var file = stat()
        guard stat(path, &file) == 0,
            let access = OtherUsers.access(to: file, trustsRoot: true)
        else { return }
        throw TranshipError(
            .usage, "the journal names the pipeline file \(path), which \(access)",
            hint: "look at it; if it is right, change its mode (chmod go-w) or owner, or name it: "
                + "`tranship run FILE` goes on")
    }

    /// Throws if ``open(_:)`` would refuse the file. Makes and changes nothing.
    static func check(_ path: String) throws(TranshipError) {
        close(try checked(path, O_RDONLY).descriptor)
    }

    /// Refuses a place for a database if another user could put files beside it. SQLite reads the
    /// pages of `-wal` and `-journal` files as those of the database, and does not check which user
    /// wrote them (<https://www.sqlite.org/wal.html>,
    /// <https://www.sqlite.org/lockingv3.html#hot_journals>).
    ///
    /// - Throws: ``TranshipError/Code/journalFailed`` for a folder that a user other than root and
    ///   this one owns or may write to, and for such a file that ``check(_:)`` refuses.
    static func checkPlace(of path: String) throws(TranshipError) {
        let parent = PathText.folder(of: path)
        let folder = parent.isEmpty ? "." : parent
        var status = stat()
        if stat(folder, &status) == 0,
            let access = OtherUsers.access(to: status, trustsRoot: true)
        {
            throw TranshipError(
                .journalFailed, "\(path) is not safe: its folder \(folder) \(access)",
                hint: "name a place in a folder that only this user may write to with "
                    + "--journal PATH, or change the folder's mode (chmod go-w) or owner")
        }
        for ending in ["-wal", "-shm", "-journal"] {
            var file = stat()
            guard lstat(path + ending, &file) == 0 else { continue }
            close(try checked(path + ending, O_RDONLY).descriptor)
        }
    }

    private static func checked(
        _ path: String, _ flags: Int32
    ) throws(TranshipError) -> (descriptor: Int32, mode: mode_t) {
        // A named pipe without a writer would block for ever.
        let descriptor = Glibc.open(
            path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            let number = errno
            var file = stat()
            if number != ELOOP, lstat(path, &file) == 0, let kind = WholeFile.kind(file.st_mode) {
                throw special(path, kind)
            }
            throw number == ELOOP
                ? TranshipError(
                    .journalFailed, "\(path) is a symbolic link, which is not followed",
                    hint: "name the file that it leads to with --journal PATH")
                : TranshipError(
                    .journalFailed, "cannot open \(path): \(String(cString: strerror(number)))",
                    hint: number == EROFS
                        ? "mount its file system for writing, or choose another place with "
                            + "--journal PATH" : "choose another place with --journal PATH")
        }
        var file = stat()
        guard fstat(descriptor, &file) == 0, file.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw special(path, WholeFile.kind(file.st_mode) ?? "gone")
        }
        guard file.st_uid == geteuid() else {
            close(descriptor)
            throw TranshipError(
                .journalFailed,
                "\(path) belongs to another user (uid \(file.st_uid); this is uid \(geteuid()))",
                hint: "run as that user, or change the owner of the journal and the files beside it"
            )
        }
        // SQLite also warns of databases with two names: "How To Corrupt An SQLite Database File",
        // section 2.5.
        guard flags == O_RDONLY || file.st_nlink <= 1 else {
            close(descriptor)
            throw TranshipError(
                .journalFailed,
                "\(path) is also a file of another name (\(file.st_nlink) hard links), which would "
                    + "be written to as well",
                hint: "copy it to a name of its own, or choose another place with --journal PATH")
        }
        return (descriptor, file.st_mode)
    }

    /// True if the file system of a file, or of its folder, is mounted read-only. SQLite needs to
    /// write beside a journal even to read it.
    static func isOnReadOnlyDisk(_ path: String) -> Bool {
        var disk = statvfs()
        return statvfs(PathText.folder(of: path), &disk) == 0
            && disk.f_flag & UInt(clamping: ST_RDONLY) != 0
    }

    private static func special(_ path: String, _ kind: String) -> TranshipError {
        TranshipError(
            .journalFailed, "\(path) is \(kind), not a regular file",
            hint: "name a journal, or a place for one, with --journal PATH")
    }

    /// Makes a file as ``open(_:)`` does and closes it, for another library to open.
    static func make(_ path: String) throws(TranshipError) {
        close(try open(path))
    }
}
