// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension Error {
    /// The C library's words for a failed system call, such as `No such file or directory`; for any
    /// other error, its own description. Foundation would only say "The operation could not be
    /// completed" of a failed call.
    package var systemWords: String {
        let error = self as NSError
        // The underlying error may be a `POSIXError`, which `as? NSError` does not accept.
        let cause =
            (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? error
        guard cause.domain == NSPOSIXErrorDomain, let number = Int32(exactly: cause.code) else {
            return localizedDescription
        }
        return String(cString: strerror(number))
    }
}
