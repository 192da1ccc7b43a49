// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct ImageStageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage",
        abstract: "Send an image's data to the staging area, to be imported.",
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
