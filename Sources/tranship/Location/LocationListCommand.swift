// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct LocationListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the places of an image's data; for admins and other services.",
        discussion: """
              $ tranship location list "Ubuntu 24.04" --cloud alpha-admin

            A URL may hold the store's credentials: show them with --show-urls only.
            """)

    @OptionGroup var image: ImageArgument

    @Flag(help: "Show the URLs, with the credentials that they may hold.")
    var showUrls = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        var list = RecordList(cloud.format, columns: ["Store", "URL"])
        for location in try await service.locations(of: image.id) {
            let url = showUrls ? location.url.revealed : "\(location.url)"
            list.add(
                ["url": .string(url), "metadata": .object(location.metadata)],
                [location.store ?? "", url])
        }
        list.end()
    }
}
