// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

/// The data to send: a file, a URL, or `-` for standard input.
struct DataArgument: ExpressibleByArgument {
    let argument: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self.argument = argument
    }

    /// - Throws: ``TranshipError/Code/usage`` for a terminal: an image is not typed.
    func source(sizeBytes: Int64?) throws(TranshipError) -> ImageDataSource {
        if argument == "-" {
            guard isatty(STDIN_FILENO) == 0 else {
                throw TranshipError(
                    .usage, "standard input is a terminal",
                    hint: "pipe the data in, or name a file")
            }
            return .descriptor(STDIN_FILENO, named: "standard input", sizeBytes: sizeBytes)
        }
        guard sizeBytes == nil else {
            throw TranshipError(
                .usage, "--size is for standard input; the size of \(argument) is known")
        }
        let isURL = ["http://", "https://"].contains { argument.lowercased().hasPrefix($0) }
        return isURL ? .url(Secret(argument)) : .file(argument)
    }
}

/// What is known about the data before it is sent.
struct PromiseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A checksum that the data must have; repeatable.",
            discussion: """
                md5, sha1, sha256 or sha512. The end of other data is withheld, so that it
                does not become an image.
                """, valueName: "algorithm:digits"))
    var checksum: [ChecksumArgument] = []

    @Option(
        help: ArgumentHelp(
            "The size of standard input.",
            discussion: "With it, a broken pipe is noticed.", valueName: "bytes"))
    var size: ByteSize?

    var expected: [Checksum] { checksum.map(\.checksum) }
}

/// `sha256:…`
struct ChecksumArgument: ExpressibleByArgument {
    let checksum: Checksum

    init?(argument: String) {
        guard let checksum = try? Checksum(argument) else { return nil }
        self.checksum = checksum
    }
}
