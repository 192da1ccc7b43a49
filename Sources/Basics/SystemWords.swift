// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension Error {
    /// The words of the C library if a system call failed, such as `No such file or directory`.
    /// Foundation's own words for such an error are "The operation could not be completed".
    package var systemWords: String {
        let error = self as NSError
        // A `POSIXError`, which no cast takes for an `NSError`.
        let cause =
            (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? error
        guard cause.domain == NSPOSIXErrorDomain, let number = Int32(exactly: cause.code) else {
            return localizedDescription
        }
        return String(cString: strerror(number))
    }
}
