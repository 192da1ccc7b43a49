// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageDeactivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate",
        abstract: "Let only admins read the data of images.",
        discussion: """
              $ tranship image deactivate "Ubuntu 22.04"
            """)

    @OptionGroup var images: ImagesArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        try await EachImage(names: images.images, service: service)
            .carryOut { image throws(TranshipError) in try await service.deactivate(image.id) }
    }
}

struct ImageReactivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactivate",
        abstract: "Let users read the data of deactivated images again.",
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
