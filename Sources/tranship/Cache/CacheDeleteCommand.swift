// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct CacheDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Take images out of the cache and its queue.",
        discussion: """
              $ tranship cache delete "Ubuntu 24.04" --cloud alpha-admin
            """)

    @OptionGroup var images: ImagesArgument

    @Flag(help: "An image that is not there is fine.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        try await EachImage(names: images.images, service: service, missingIsFine: missingOk)
            .carryOut { image throws(TranshipError) in
                try await service.removeFromCache(image.id)
            }
    }
}
