// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct LocationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "location",
        abstract: "Manage the locations of image data in the stores.",
        subcommands: [LocationListCommand.self, LocationAddCommand.self])
}

struct LocationListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the locations of the data of an image; for admins and other services.",
        discussion: """
              $ tranship location list "Ubuntu 24.04" --cloud alpha-admin

            A URL may contain credentials of the store, so only --show-urls shows it.
            """,
        aliases: ["ls"])

    @OptionGroup var image: ImageArgument

    @Flag(help: "Show the URLs, including any credentials in them.")
    var showUrls = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        var list = RecordList(
            cloud.format, [("Store", "metadata"), ("URL", "url")], showsURLs: showUrls)
        for location in try await service.locations(of: image.id) {
            let url = showUrls ? location.url.revealed : "\(location.url)"
            list.add(
                ["url": .string(url), "metadata": .object(location.metadata)],
                cells: ["metadata": .string(location.store ?? "")])
        }
        try list.end()
    }
}

struct LocationAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Make the data at a URL the data of a queued image, without moving it.",
        discussion: """
              $ tranship location add new https://example.org/disk.raw --wait

            For users of clouds with a store of type http, since API 2.17. The service reads
            the data to hash it. Data without the right --checksum does not become an image.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: "The URL of the data.")
    var url: String

    @Option(
        help: .value(
            "algorithm:digits", "The checksum that the data must have: md5, sha1, sha256 or sha512."
        ), transform: ChecksumArgument.parse)
    var checksum: ChecksumArgument?

    @Flag(help: "Wait until the image is active, and fail if it does not become active.")
    var wait = false

    @OptionGroup(title: "Waiting") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        try await service.addLocation(image.id, url: Secret(url), promising: checksum?.checksum)
        if wait { try await service.waitForImport(of: image.id, pace: waiting.pace) }
        try await service.image(image.id).put(cloud.format)
    }
}
