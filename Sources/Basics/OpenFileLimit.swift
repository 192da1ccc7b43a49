// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The number of files and sockets that this process may have open at once (`RLIMIT_NOFILE`).
package enum OpenFileLimit {
    /// The need of one image in flight: two connections with curl's own descriptors, and files.
    package static let filesPerImage = 10
    /// The need of everything else: the journal, small requests, standard streams.
    package static let otherFiles = 128

    /// Below this limit not even one image can be copied.
    package static let filesMin = 48

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Raises the limit of this process as far as its user may.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }

    /// The limit of this process.
    package static var files: Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// Checks that a run can work under this limit.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if not even one image can be copied.
    package static func expectEnough(files: Int = Self.files) throws(TranshipError) {
        guard files < filesMin else { return }
        throw TranshipError(
            .usage,
            "this process may have \(files) files and sockets open at once, and a run needs at "
                + "least \(filesMin)",
            hint: "raise the limit (`ulimit -n`): a run needs about \(otherFiles), and "
                + "\(filesPerImage) more for each image in flight")
    }

    /// Returns the number of open files that a run needs with this many images in flight.
    package static func files(forImages images: Int) -> Int {
        otherFiles + images * filesPerImage
    }

    /// Returns the number of images that may be in flight under this limit; at least one.
    package static func imagesMax(files: Int = Self.files) -> Int {
        max(1, (files - otherFiles) / filesPerImage)
    }

    /// True if no file can be opened now, because this process or the machine has too many open.
    package static var isReached: Bool {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return false
        }
        return isShortage(errno)
    }

    /// True for the `errno` values that mean too many open files.
    package static func isShortage(_ number: Int32) -> Bool { number == EMFILE || number == ENFILE }
}
