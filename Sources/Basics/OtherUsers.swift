// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// The check that no other user of this machine may change a file or a folder.
package enum OtherUsers {
    /// Returns the end of the sentence "the folder PATH …" if another user owns the folder or file,
    /// or may write to it; nil otherwise.
    ///
    /// Write access for the primary group of this process is allowed: many systems have a group for
    /// each user.
    ///
    /// - Parameter trustsRoot: true to allow files that root owns.
    package static func access(to file: stat, trustsRoot: Bool = false) -> String? {
        if file.st_uid != geteuid(), !(trustsRoot && file.st_uid == 0) {
            return "belongs to another user (uid \(file.st_uid); this is uid \(geteuid()))"
        }
        guard
            file.st_mode & S_IWOTH != 0
                || (file.st_mode & S_IWGRP != 0 && file.st_gid != getegid())
        else { return nil }
        return "can be written to by other users (mode \(String(file.st_mode & 0o7777, radix: 8)))"
    }
}
