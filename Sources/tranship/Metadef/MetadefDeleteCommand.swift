// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MetadefDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a namespace and its contents, or a part of it; for admins.",
        discussion: """
              $ tranship metadef delete My::Own properties cores
              $ tranship metadef delete My::Own tags --all
              $ tranship metadef delete My::Own
            """)

    @Argument(help: ArgumentHelp("The namespace.", valueName: "namespace"))
    var namespace: String

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Argument(
        help: ArgumentHelp(
            "The object, property, tag or resource type to delete.", valueName: "name"))
    var name: String?

    @Flag(help: "All objects, properties or tags.")
    var all = false

    @Flag(help: "Accept what does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func validate() throws {
        // A forgotten word must not delete a whole namespace.
        guard part == nil ? (name == nil && !all) : (name != nil) != all else {
            throw ValidationError("Name what to delete, or use --all.")
        }
        guard !all || part != .resourceTypes else {
            throw ValidationError("--all is for objects, properties and tags.")
        }
    }

    func run() async throws {
        let service = try cloud.service()
        guard let part else {
            return try await service.deleteMetadefNamespace(namespace, missingIsFine: missingOk)
        }
        guard let name else {
            return try await service.deleteMetadefs(part.kind, of: namespace)
        }
        try await service.deleteMetadef(
            part.kind, of: namespace, named: name, missingIsFine: missingOk)
    }
}
