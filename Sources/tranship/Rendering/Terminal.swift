// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Synchronization

/// Standard output is data, standard error is talk.
enum Terminal {
    static var talkIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// An image on a terminal is never meant.
    ///
    /// - Parameter file: where to; `-` is standard output.
    static func refuseData(to file: String) throws(TranshipError) {
        guard file == "-", outputIsTerminal else { return }
        throw TranshipError(
            .usage, "standard output is a terminal", hint: "name a file, or use a pipe")
    }

    /// One line of talk.
    static func tell(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Text as it is, to standard error.
    static func draw(_ text: String) { write(text, to: STDERR_FILENO) }

    /// One line of data.
    static func put(_ text: String, end: String = "\n") { write(text + end, to: STDOUT_FILENO) }

    /// Why data could not be written, first of all; nobody who reads any more
    /// (`… | head`) is no failure.
    static var outputFailure: TranshipError? {
        let number = failureNumber.withLock { $0 }
        guard number != 0, number != EPIPE else { return nil }
        return TranshipError(
            .targetFailed, "cannot write standard output: \(String(cString: strerror(number)))")
    }

    /// False once nobody reads standard output any more or it has failed: what
    /// would follow is not worth asking a cloud for.
    static var takesOutput: Bool {
        guard failureNumber.withLock({ $0 }) == 0 else { return false }
        // A pipe without a reader shows before anything is written to it, as
        // by a table, which is written at its end.
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&output, 1, 0) <= 0 || output.revents & Int16(POLLERR) == 0
    }

    private static let failureNumber = Mutex<Int32>(0)

    /// Columns of the terminal; 80 where it does not tell.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// In one call, so that lines of several threads do not mix.
    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                let number = errno
                if number == EINTR { continue }
                if descriptor == STDOUT_FILENO {
                    failureNumber.withLock { $0 = $0 == 0 ? number : $0 }
                }
                return
            }
            offset += count
        }
    }
}
