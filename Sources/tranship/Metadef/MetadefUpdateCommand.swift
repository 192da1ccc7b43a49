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
        let service = try cloud.service()
        let record = record.value.object ?? [:]
        let updated: any ServiceRecord
        if let part, let name {
            updated = try await service.updateMetadef(
                of: namespace, named: name, to: part.kind.init(record: record))
        } else {
            updated = try await service.updateMetadefNamespace(namespace, .init(record: record))
        }
        Record(updated.record).put(cloud.format)
    }
}
