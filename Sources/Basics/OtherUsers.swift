// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// Whether other users of this machine may change a file or a folder.
package enum OtherUsers {
    /// Completes "the folder PATH …" for one that another user owns or may write to; nil if none may.
    ///
    /// Write access for the primary group of this process passes: many systems have a group for each
    /// user.
    ///
    /// - Parameter trustsRoot: takes what root owns for ours.
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
