// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MetadefUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Replace the record of a namespace or of a part of it; for admins.",
        discussion: """
              $ tranship metadef update My::Own --record '{"namespace": "My::Own", "protected": true}'
              $ tranship metadef update My::Own properties cores --record '{
                  "name": "cores", "title": "Cores", "type": "integer", "maximum": 128}'
              $ tranship metadef update My::Own tags prod --record '{"name": "production"}'

            The new record replaces the old one, name included: keys that you leave out are
            cleared.
            """)

    @Argument(help: ArgumentHelp("The namespace.", valueName: "namespace"))
    var namespace: String

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Argument(help: ArgumentHelp("The object, property or tag to replace.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The new record, as a JSON object.", valueName: "json"))
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
        let updated = try await update(try cloud.service(), record.value)
        Record(updated).put(cloud.format)
    }

    private func update(
        _ service: ImageService, _ value: JSONValue
    ) async throws(TranshipError) -> [String: JSONValue] {
        guard let part, let name else {
            return try await service.updateMetadefNamespace(
                namespace, try NewMetadefNamespace(record: value)
            ).record
        }
        switch part {
        case .objects:
            return try await service.updateMetadefObject(
                of: namespace, named: name, try NewMetadefObject(record: value)
            ).record
        case .properties:
            return try await service.updateMetadefProperty(
                of: namespace, named: name, try MetadefProperty(record: value)
            ).record
        case .tags, .resourceTypes:
            guard let newName = value["name"]?.string else {
                throw TranshipError(.usage, "the record of a tag needs \"name\"")
            }
            return try await service.renameMetadefTag(of: namespace, named: name, to: newName)
                .record
        }
    }
}
