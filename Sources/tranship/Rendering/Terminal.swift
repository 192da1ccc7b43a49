// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Standard output is data, standard error is talk.
enum Terminal {
    static var talkIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// One line of talk.
    static func tell(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Text as it is, to standard error.
    static func draw(_ text: String) { write(text, to: STDERR_FILENO) }

    /// One line of data.
    static func put(_ text: String, end: String = "\n") { write(text + end, to: STDOUT_FILENO) }

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
                if errno == EINTR { continue }
                return
            }
            offset += count
        }
    }
}
