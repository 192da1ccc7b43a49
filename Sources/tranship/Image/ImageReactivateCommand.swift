// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageReactivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactivate",
        abstract: "Give deactivated images' data out again.",
        discussion: """
              $ tranship image reactivate "Ubuntu 22.04"
            """)

    @OptionGroup var images: ImagesArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        try await EachImage(names: images.images, service: service)
            .carryOut { image throws(TranshipError) in try await service.reactivate(image.id) }
    }
}
