// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete images, records and data.",
        discussion: """
              $ tranship image delete "nightly build" 5ffa62d7-c08d-4678-a9f4-7c8b267be350
              $ tranship image delete --missing-ok old-image

            A protected image needs `tranship image set --unprotected` first. The cloud never
            uses the id of a deleted image again.
            """)

    @OptionGroup var images: ImagesArgument

    @Flag(help: "Accept an image that does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        try await EachImage(names: images.images, service: service, missingIsFine: missingOk)
            .carryOut { image throws(TranshipError) in
                try await service.delete(image.id, missingIsFine: missingOk)
            }
    }
}
