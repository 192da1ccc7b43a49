// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageUploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload the data of an image that has none yet.",
        discussion: """
              $ tranship image upload "Ubuntu 24.04" ubuntu-24.04.img
              $ tranship image upload new disk.raw --checksum sha256:$(sha256sum disk.raw | cut -c1-64)
              $ tranship image download golden - --cloud alpha | tranship image upload new - --cloud beta --size 20MiB

            Compares the checksum that the service reports with the data. If standard input
            is a pipe, only --size or --checksum show whether it broke.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: ArgumentHelp("A file, a URL, or - for standard input.", valueName: "file"))
    var file: DataArgument

    @OptionGroup(title: "The data") var promises: PromiseOptions

    @Option(help: ArgumentHelp("The store for the data.", valueName: "store"))
    var store: String?

    @Flag(help: "Skip the comparison with the checksum of the service.")
    var unverified = false

    @Flag(
        help: ArgumentHelp(
            "Record md5 and sha256 in properties of the image.",
            discussion: """
                As openstacksdk does: its create_image then recognises the data.
                """))
    var recordChecksums = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let source = try file.source(sizeBytes: promises.size?.bytes)
        let service = try cloud.service()
        let image = try await service.find(image.image)
        let progress = DataProgress(image.name ?? image.id, sizeBytes: source.sizeBytes)
        let data = DataPromises(
            expected: promises.expected, computing: recordChecksums ? [.md5, .sha256] : [])
        try await progress.during { [self] in
            let sent = try await service.upload(
                image.id, from: source, data, store: store, validates: !unverified,
                onProgress: progress.report)
            if recordChecksums { try await service.recordChecksums(of: sent, in: image) }
        }
        try await service.image(image.id).put(cloud.format)
    }
}

struct ImageStageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage",
        abstract: "Send the data of an image to the staging area, for an import.",
        discussion: """
              $ tranship image stage new disk.qcow2
              $ tranship image import new --wait
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: ArgumentHelp("A file, a URL, or - for standard input.", valueName: "file"))
    var file: DataArgument

    @OptionGroup(title: "The data") var promises: PromiseOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let source = try file.source(sizeBytes: promises.size?.bytes)
        let service = try cloud.service()
        let image = try await service.find(image.image)
        let progress = DataProgress(image.name ?? image.id, sizeBytes: source.sizeBytes)
        try await progress.during { [self] in
            try await service.stage(
                image.id, from: source, DataPromises(expected: promises.expected),
                onProgress: progress.report)
        }
    }
}
