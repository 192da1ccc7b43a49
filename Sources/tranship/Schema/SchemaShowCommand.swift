// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MigrationModel
import OpenStackImage

struct SchemaShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a JSON schema: the keys, their types and allowed values.",
        discussion: """
              $ tranship schema show image
              $ tranship schema show image --format json | jq .properties.disk_format.enum
            """)

    @Argument(
        help: ArgumentHelp(
            "image, images, member, members, task or tasks.", valueName: "schema"))
    var schema: String

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let schema = try await cloud.service().schema(schema)
        guard cloud.format == .table else {
            return Terminal.put(JSONText.pretty(.object(schema.record)))
        }
        var table = Table(["Key", "Type", "Read Only", "Values", "Description"])
        for (key, value) in schema.properties.sorted(by: { $0.key < $1.key }) {
            table.add([
                key, value["type"]?.cell ?? "", value["readOnly"]?.cell ?? "",
                schema.allowedValues(of: key).joined(separator: ", "),
                value["description"]?.cell ?? "",
            ])
        }
        Terminal.put(table.text)
    }
}
