// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Manage the stores in which a cloud keeps image data.",
        subcommands: [StoreListCommand.self, StoreDeleteCommand.self])
}

struct StoreListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the stores; a cloud with one unnamed store lists none.",
        discussion: """
              $ tranship store list
              $ tranship store list --detail --cloud alpha-admin
            """,
        aliases: ["ls"])

    @Flag(help: "Show types and settings too; for admins.")
    var detail = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let stores = detail ? try await service.storesDetail() : try await service.stores()
        let more = detail ? [("Type", "type"), ("Properties", "properties")] : []
        var list = RecordList(
            cloud.format,
            [("ID", "id"), ("Description", "description"), ("Default", "default")] + more)
        for store in stores {
            list.add(
                store.record,
                cells: [
                    "default": store.isDefault ? .bool(true) : .null,
                    "properties": .object(store.properties),
                ])
        }
        try list.end()
    }
}

struct StoreDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete the data of an image from one of several stores; for admins.",
        discussion: """
              $ tranship store delete slow "Ubuntu 24.04" --cloud alpha-admin

            The service refuses to delete the last copy: use `tranship image delete`.
            """,
        aliases: ["rm"])

    @Argument(help: "The store, by id.")
    var store: String

    @OptionGroup var image: ImageArgument

    @Flag(help: "Accept an image that does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.forEach([image.image], missingIsFine: missingOk) {
            [self] service, image throws(TranshipError) in
            try await service.deleteCopy(image.id, inStore: store, missingIsFine: missingOk)
        }
    }
}
