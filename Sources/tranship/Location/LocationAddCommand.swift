// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct LocationAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Make data at a URL the data of a queued image, without moving it.",
        discussion: """
              $ tranship location add new https://example.org/disk.raw --wait

            For users of clouds with a store of type http, since API 2.17. The service
            reads the data to hash it; data that does not hash to --checksum becomes no
            image.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: ArgumentHelp("Where the data is.", valueName: "url"))
    var url: String

    @Option(
        help: ArgumentHelp(
            "What the data must hash to: md5, sha1, sha256 or sha512.",
            valueName: "algorithm:digits"))
    var checksum: ChecksumArgument?

    @Flag(help: "Wait until the image is active, and fail if it does not become so.")
    var wait = false

    @OptionGroup(title: "Waiting") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        try await service.addLocation(image.id, url: Secret(url), promising: checksum?.checksum)
        if wait { try await service.waitForImport(of: image.id, pace: waiting.pace) }
        try await service.image(image.id).put(cloud.format)
    }
}
