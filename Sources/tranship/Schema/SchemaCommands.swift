// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Show the schemas of the records of a cloud's Image service.",
        subcommands: [SchemaShowCommand.self])
}

struct SchemaShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a JSON schema: the keys, their types and allowed values.",
        discussion: """
              $ tranship schema show image
              $ tranship schema show image --format json | jq .properties.disk_format.enum
              $ tranship schema show metadefs/namespace
            """)

    @Argument(
        help: .value(
            "schema", "image, images, member, members, task, tasks, or metadefs/ and a kind.",
            discussion: """
                The kinds are namespace, resource_type, object, property and tag, and their
                plurals: metadefs/namespaces, metadefs/properties, …
                """))
    var schema: String

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let prefix = "metadefs/"
        let schema =
            schema.hasPrefix(prefix)
            ? try await service.metadefSchema(String(schema.dropFirst(prefix.count)))
            : try await service.schema(schema)
        cloud.format.put(.object(schema.record)) {
            var table = Table(["Key", "Type", "Read Only", "Values", "Description"])
            for (key, value) in schema.properties.sorted(by: { $0.key < $1.key }) {
                table.add([
                    key, value["type"]?.cell ?? "", value["readOnly"]?.cell ?? "",
                    schema.allowedValues(of: key).joined(separator: ", "),
                    value["description"]?.cell ?? "",
                ])
            }
            return table
        }
    }
}
