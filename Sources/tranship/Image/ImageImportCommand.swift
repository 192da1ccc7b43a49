// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Let the service fetch, take or copy an image's data.",
        discussion: """
              $ tranship image stage new disk.qcow2 && tranship image import new --wait
              $ tranship image import new --method web-download --uri https://example.org/disk.qcow2
              $ tranship image import golden --method copy-image --store slow --wait
              $ tranship image import new --method glance-download --remote-region RegionTwo \\
                  --remote-image 5ffa62d7-c08d-4678-a9f4-7c8b267be350

            `tranship image import-info` lists the methods that a cloud allows.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Where from and where to") var method: ImportOptions

    @Flag(help: "Wait for the end, and fail if the import fails.")
    var wait = false

    @OptionGroup(title: "Waiting") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let request = try method.request()
        let service = try cloud.service()
        let image = try await service.find(image.image)
        if wait {
            let talk = StandingTalk()
            defer { talk.end() }
            try await service.importImage(
                image.id, request, waiting: waiting.pace, onLook: talk.look)
        } else {
            try await service.importImage(image.id, request)
        }
        try await service.image(image.id).put(cloud.format)
    }
}
