// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The words of the command line as the system passes them.
enum ArgumentBytes {
    static var all: [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { word in
                var bytes: [UInt8] = []
                var place = word
                while place.pointee != 0 {
                    bytes.append(UInt8(bitPattern: place.pointee))
                    place += 1
                }
                return bytes
            }
        }
    }

    /// Refuses words that are not UTF-8. Swift replaces what is not: a file or a folder would get
    /// another name.
    ///
    /// - Parameter arguments: without the name of the command.
    /// - Throws: ``TranshipError/Code/usage`` with the first such word.
    static func refuse(_ arguments: some Collection<[UInt8]>) throws(TranshipError) {
        // A shell that completes a word gets no message.
        if arguments.first.map({ $0 == Array("---completion".utf8) }) == true { return }
        for bytes in arguments where String(validating: bytes, as: UTF8.self) == nil {
            throw TranshipError(
                .usage, "\"\(String(decoding: bytes, as: UTF8.self))\" is not UTF-8",
                hint: "write it in UTF-8; if it is the name of a file, rename the file first")
        }
    }
}
