// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct ImageFindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Print the id of the one image with a name.",
        discussion: """
              $ id=$(tranship image find "Ubuntu 24.04") || exit

            Several images of that name are an error that lists their ids.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let image = try await cloud.service().find(image.image)
        switch cloud.format {
        case .table: Terminal.put(image.id)
        case .json: image.put(.json)
        }
    }
}
