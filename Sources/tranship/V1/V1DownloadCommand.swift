// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

struct V1DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download the data of an image of a legacy cloud, and prove it.",
        discussion: """
              $ tranship v1 download "Ubuntu 14.04" ubuntu-14.04.img --cloud legacy
              $ tranship v1 download old - --cloud legacy | tranship image upload new - --cloud alpha --size 20MiB

            If the service reports an MD5, the data must have it.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: ArgumentHelp("The file, or - for standard output.", valueName: "file"))
    var file: String

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try Terminal.refuseData(to: file)
        let service = try cloud.legacyService()
        let image = try await service.find(image.image)
        let progress = DataProgress(image.name ?? image.id, sizeBytes: image.sizeBytes)
        try await progress.during { [file] in
            if file == "-" {
                try await service.download(
                    image.id, toDescriptor: STDOUT_FILENO, named: "standard output",
                    onProgress: progress.report)
            } else {
                try await service.download(image.id, toFile: file, onProgress: progress.report)
            }
        }
    }
}
