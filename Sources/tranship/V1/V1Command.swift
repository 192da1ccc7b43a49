// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct V1Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "v1",
        abstract: "Manage the images of a legacy cloud with Images API v1, which ended in 2018.",
        subcommands: [
            V1ListCommand.self, V1ShowCommand.self, V1CreateCommand.self, V1UpdateCommand.self,
            V1DeleteCommand.self, V1DownloadCommand.self, V1MembersCommand.self,
            V1SharedCommand.self,
        ])
}

extension CloudOptions {
    /// The Image service of a legacy cloud. Nothing is sent yet.
    func legacyService() throws(TranshipError) -> LegacyImageService {
        LegacyImageService(try service().session)
    }
}

extension LegacyImage {
    func put(_ format: RecordFormat) {
        var fields = record
        fields["properties"] = nil
        Record(
            table: fields, properties: properties.mapValues(JSONValue.string), json: record
        ).put(format)
    }
}

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
        // The list may contain less than the image itself.
        try await service.image(try await service.find(image.image).id).put(cloud.format)
    }
}

struct V1DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an image of a legacy cloud, record and data.",
        discussion: """
              $ tranship v1 delete old --cloud legacy
            """)

    @OptionGroup var image: ImageArgument

    @Flag(help: "Accept an image that does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        do throws(TranshipError) {
            try await service.delete(try await service.find(image.image).id)
        } catch {
            guard missingOk, error.code == .notFound else { throw error }
        }
    }
}
