// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change an image's record.",
        discussion: """
              $ tranship image set "Ubuntu 24.04" --property os_distro=ubuntu --tag prod
              $ tranship image set 5ffa62d7-c08d-4678-a9f4-7c8b267be350 --name golden --protected --public
              $ tranship image set old --patch '[{"op": "remove", "path": "/hw_disk_bus"}]'

            Everything changes or nothing. Tags and properties are added to those that are
            there; `tranship image unset` removes them.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "What to change") var changes: ImageFieldOptions

    @Option(help: ArgumentHelp("A new name.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "A JSON patch (RFC 6902: add, replace, remove), sent as it is after the rest.",
            valueName: "json"))
    var patch: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let explicit = try patch.map { try PatchOperation.list($0) } ?? []
        let original = try await service.find(image.image)
        var changed = changes.applied(to: original)
        if let name { changed.name = name }
        let patch = PatchOperation.changes(from: original, to: changed) + explicit
        try await service.update(original.id, patch).put(cloud.format)
    }
}
