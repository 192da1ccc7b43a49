// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct V1ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one image of a legacy cloud.",
        discussion: """
              $ tranship v1 show "Ubuntu 14.04" --cloud legacy
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        // The list may tell less of it than its own address.
        try await service.image(try await service.find(image.image).id).put(cloud.format)
    }
}
