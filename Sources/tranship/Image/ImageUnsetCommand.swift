// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageUnsetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset",
        abstract: "Remove an image's properties and tags.",
        discussion: """
              $ tranship image unset "Ubuntu 24.04" --property hw_disk_bus --tag prod

            Everything is removed or nothing.
            """)

    @OptionGroup var image: ImageArgument

    @Option(help: ArgumentHelp("A property to remove; repeatable.", valueName: "key"))
    var property: [String] = []

    @Option(help: ArgumentHelp("A tag to remove; repeatable.", valueName: "tag"))
    var tag: [String] = []

    @Flag(help: "A property or tag that is not there is fine.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let original = try await service.find(image.image)
        let missing =
            property.filter { original.properties[$0] == nil }.map { "property \"\($0)\"" }
            + tag.filter { !original.tags.contains($0) }.map { "tag \"\($0)\"" }
        guard missing.isEmpty || missingOk else {
            throw TranshipError(
                .notFound, "image \(original.id) has no \(missing.joined(separator: ", no "))",
                hint: "--missing-ok removes the others")
        }
        var changed = original
        for key in property { changed.properties[key] = nil }
        changed.tags.removeAll(where: tag.contains)
        try await service.update(from: original, to: changed).put(cloud.format)
    }
}
