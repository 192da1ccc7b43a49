// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change the record of an image.",
        discussion: """
              $ tranship image set "Ubuntu 24.04" --property os_distro=ubuntu --tag prod
              $ tranship image set nightly-17 --name golden --protected --public
              $ tranship image set old --patch '[{"op": "remove", "path": "/hw_disk_bus"}]'

            Everything changes or nothing. Tags and properties are added to those that are
            there; `tranship image unset` removes them.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Changes") var changes: ImageFieldOptions

    @Option(help: "A new name.")
    var name: String?

    @Option(
        help: .value(
            "json",
            "A JSON patch (RFC 6902: add, replace, remove), applied after the other changes."))
    var patch: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let explicit = try patch.map { try PatchOperation.list($0) } ?? []
        try await changes.refuseUnknownFormats(at: service)
        let original = try await service.found(image.image)
        var changed = changes.applied(to: original)
        if let name { changed.name = name }
        let patch = PatchOperation.changes(from: original, to: changed) + explicit
        try await service.update(original.id, patch).put(cloud.format)
    }
}

struct ImageUnsetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset",
        abstract: "Remove properties and tags of an image.",
        discussion: """
              $ tranship image unset "Ubuntu 24.04" --property hw_disk_bus --tag prod

            Everything is removed or nothing.
            """)

    @OptionGroup var image: ImageArgument

    @Option(help: .value("key", "A property to remove; repeatable."))
    var property: [String] = []

    @Option(help: "A tag to remove; repeatable.")
    var tag: [String] = []

    @Flag(help: "Accept properties and tags that do not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, original) = try await cloud.find(image)
        let missing =
            property.filter { original.properties[$0] == nil }.map { "property \"\($0)\"" }
            + tag.filter { !original.tags.contains($0) }.map { "tag \"\($0)\"" }
        guard missing.isEmpty || missingOk else {
            throw TranshipError(
                .notFound, "image \(original.id) has no \(missing.joined(separator: ", no "))",
                hint: "with --missing-ok the command removes the others")
        }
        var changed = original
        for key in property { changed.properties[key] = nil }
        changed.tags.removeAll(where: tag.contains)
        try await service.update(from: original, to: changed).put(cloud.format)
    }
}

struct ImageDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete images, records and data.",
        discussion: """
              $ tranship image delete "nightly build" 5ffa62d7-c08d-4678-a9f4-7c8b267be350
              $ tranship image delete --missing-ok old-image

            A protected image needs `tranship image set --unprotected` first. The cloud
            never uses the id of a deleted image again. `tranship rm` is short for this
            command.
            """,
        aliases: ["rm"])

    @OptionGroup var images: ImagesArgument

    @Flag(help: "Accept an image that does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.forEach(images.images, missingIsFine: missingOk) {
            service, image throws(TranshipError) in
            try await service.delete(image.id, missingIsFine: missingOk)
        }
    }
}

struct ImageDeactivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate",
        abstract: "Let only administrators read the data of images.",
        discussion: """
              $ tranship image deactivate "Ubuntu 22.04"
            """)

    @OptionGroup var images: ImagesArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.forEach(images.images) { service, image throws(TranshipError) in
            try await service.deactivate(image.id)
        }
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
        try await cloud.forEach(images.images) { service, image throws(TranshipError) in
            try await service.reactivate(image.id)
        }
    }
}
