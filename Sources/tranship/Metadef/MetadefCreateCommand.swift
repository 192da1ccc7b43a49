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
              $ tranship metadef create --record '{"namespace": "My::Own", "visibility": "public"}'
              $ tranship metadef create My::Own properties --record '{
                  "name": "cores", "title": "Cores", "type": "integer", "minimum": 1}'
              $ tranship metadef create My::Own tags --record '{"name": "prod"}'
              $ tranship metadef create My::Own resource-types --record '{"name": "OS::Glance::Image"}'

            A record is JSON with the keys of the API. The record of a namespace may contain
            its parts.
            """)

    @Argument(help: ArgumentHelp("The namespace of the new part.", valueName: "namespace"))
    var namespace: String?

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Option(help: ArgumentHelp("The new record, as a JSON object.", valueName: "json"))
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
        Record(created.record).put(cloud.format)
    }
}
