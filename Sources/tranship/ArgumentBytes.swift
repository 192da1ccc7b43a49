// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// The words of the command line as bytes, as the system passes them.
enum ArgumentBytes {
    static var all: [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { word in
                [UInt8](UnsafeRawBufferPointer(start: word, count: strlen(word)))
            }
        }
    }

    /// Refuses words that are not UTF-8. Swift would replace their invalid bytes, so a file or
    /// folder would get another name.
    ///
    /// - Parameter arguments: the words without the name of the command.
    /// - Throws: ``TranshipError/Code/usage`` with the first such word.
    static func refuse(_ arguments: some Collection<[UInt8]>) throws(TranshipError) {
        // For a completion, the shell must not get a message.
        if arguments.first.map({ $0 == Array("---completion".utf8) }) == true { return }
        for bytes in arguments where String(validating: bytes, as: UTF8.self) == nil {
            throw TranshipError(
                .usage, "\"\(String(decoding: bytes, as: UTF8.self))\" is not UTF-8",
                hint: "write it in UTF-8; if it is the name of a file, rename the file first")
        }
    }
}
