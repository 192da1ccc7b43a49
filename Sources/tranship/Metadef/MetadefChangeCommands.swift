// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MetadefCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a namespace or a part of one; for admins.",
        discussion: """
              $ tranship metadef create --record '{"namespace": "My::Own"}'
              $ tranship metadef create My::Own properties --record '{
                  "name": "cores", "title": "Cores", "type": "integer", "minimum": 1}'
              $ tranship metadef create My::Own tags --record '{"name": "prod"}'
              $ tranship metadef create My::Own resource-types \\
                  --record '{"name": "OS::Glance::Image"}'

            A record is JSON with the keys of the API. The record of a namespace may contain
            its parts.
            """)

    @Argument(help: "The namespace of the new part.")
    var namespace: String?

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Option(help: .value("json", "The new record, as a JSON object."))
    var record: JSONArgument

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func validate() throws {
        guard namespace == nil || part != nil else {
            throw ValidationError("Name the part: objects, properties, tags, resource-types.")
        }
    }

    func run() async throws {
        let service = try cloud.service()
        let record = record.value.object ?? [:]
        let created: any ServiceRecord
        if let namespace, let part {
            created = try await service.createMetadef(part.kind.init(record: record), in: namespace)
        } else {
            created = try await service.createMetadefNamespace(.init(record: record))
        }
        created.put(cloud.format)
    }
}

struct MetadefUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Replace the record of a namespace or of a part of it; for admins.",
        discussion: """
              $ tranship metadef update My::Own \\
                  --record '{"namespace": "My::Own", "protected": true}'
              $ tranship metadef update My::Own properties cores --record '{
                  "name": "cores", "title": "Cores", "type": "integer", "maximum": 128}'
              $ tranship metadef update My::Own tags prod --record '{"name": "production"}'

            The new record replaces the old one, name included: keys that you leave out are
            cleared.
            """)

    @Argument(help: "The namespace.")
    var namespace: String

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Argument(help: "The object, property or tag to replace.")
    var name: String?

    @Option(help: .value("json", "The new record, as a JSON object."))
    var record: JSONArgument

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func validate() throws {
        guard part == nil || name != nil else {
            throw ValidationError("Name one of the \(part?.rawValue ?? "").")
        }
        guard part != .resourceTypes else {
            throw ValidationError("Delete the resource type and create it again.")
        }
    }

    func run() async throws {
        let service = try cloud.service()
        let record = record.value.object ?? [:]
        let updated: any ServiceRecord
        if let part, let name {
            updated = try await service.updateMetadef(
                of: namespace, named: name, to: part.kind.init(record: record))
        } else {
            updated = try await service.updateMetadefNamespace(namespace, .init(record: record))
        }
        updated.put(cloud.format)
    }
}

struct MetadefDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a namespace and its contents, or a part of it; for admins.",
        discussion: """
              $ tranship metadef delete My::Own properties cores
              $ tranship metadef delete My::Own tags --all
              $ tranship metadef delete My::Own
            """,
        aliases: ["rm"])

    @Argument(help: "The namespace.")
    var namespace: String

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Argument(help: "The object, property, tag or resource type to delete.")
    var name: String?

    @Flag(help: "All objects, properties or tags.")
    var all = false

    @Flag(help: "Accept what does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func validate() throws {
        // If a word is forgotten, the command must not delete a whole namespace.
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
