// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

struct ImageDownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download the data of an image to a file or a pipe, and prove it.",
        discussion: """
              $ tranship image download "Ubuntu 24.04" ubuntu-24.04.img
              $ tranship image download golden - | qemu-img info /dev/stdin
              $ tranship image download golden head.bin --range 0-511

            The data must have the checksum that the service reports. Until that is certain, a
            file does not get its name, and a pipe does not get its last bytes.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: ArgumentHelp("The file, or - for standard output.", valueName: "file"))
    var file: String

    @Option(
        help: ArgumentHelp(
            "Only a part, which cannot be proved: 0-511, 512-, or -512 for the end.",
            valueName: "first-last"))
    var range: SpanArgument?

    @Option(
        help: ArgumentHelp(
            "required, none, or possible: accept images for which the cloud reports no checksum.",
            valueName: "proof"))
    var proof: ProofArgument = .required

    @Option(
        help: ArgumentHelp(
            "A store to read from, best first; repeatable.",
            discussion: "For clouds with several stores, since 2026.1.", valueName: "store"))
    var storePreference: [String] = []

    @Option(help: ArgumentHelp("The size of a piece.", valueName: "size"))
    var chunkSize = ByteSize(bytes: 1 << 20)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try Terminal.refuseData(to: file)
        let service = try cloud.service()
        let image = try await service.find(image.image)
        let options = DownloadOptions(
            range: range?.span, preferredStores: storePreference,
            bufferBytes: Int(clamping: chunkSize.bytes), proof: proof.proof)
        let progress = DataProgress(
            image.name ?? image.id, sizeBytes: range == nil ? image.sizeBytes : nil)
        try await progress.during { [self] in
            if file == "-" {
                try await service.download(
                    image.id, toDescriptor: STDOUT_FILENO, named: "standard output", options,
                    onProgress: progress.report)
            } else {
                try await service.download(
                    image.id, toFile: file, options, onProgress: progress.report)
            }
        }
    }
}

enum ProofArgument: String, CaseIterable, ExpressibleByArgument {
    case required, possible, none

    var proof: DownloadOptions.Proof {
        switch self {
        case .required: .required
        case .possible: .wherePossible
        case .none: .none
        }
    }
}

/// `0-511`, `512-`, `-512`.
struct SpanArgument: ExpressibleByArgument {
    let span: ByteSpan

    init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        switch (Int64(ends[0]), Int64(ends[1])) {
        case (let first?, let last?) where 0 <= first && first <= last: span = .bytes(first...last)
        case (let first?, nil) where ends[1].isEmpty: span = .from(first)
        case (nil, let count?) where ends[0].isEmpty: span = .last(count)
        default: return nil
        }
    }
}
