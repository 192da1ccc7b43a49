// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct CacheQueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Have images fetched into the cache.",
        discussion: """
              $ tranship cache queue "Ubuntu 24.04" --cloud alpha-admin
            """)

    @OptionGroup var images: ImagesArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        try await EachImage(names: images.images, service: service)
            .carryOut { image throws(TranshipError) in try await service.cacheImage(image.id) }
    }
}
