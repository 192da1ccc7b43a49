// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import TranshipKit

struct ImportOIMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-oim",
        abstract: "Write a pipeline file from catalogues of openstack-image-manager.",
        discussion: """
            The sources follow `latest_url` and `latest_checksum_url` if an image has them.
            What has no counterpart is on standard error, with its line.

              $ tranship import-oim etc/images/*.yml --cloud beta --output mirror.yaml
              $ tranship plan mirror.yaml
            """)

    @Argument(
        help: .value("file", "Catalogues, such as etc/images/ubuntu.yml."),
        completion: .pipelineFile)
    var files: [String]

    @Option(
        help: .value("name", "The entry of clouds.yaml that gets the images."), completion: .cloud)
    var cloud = "openstack"

    @Option(help: .value("name", "The name of the pipeline."))
    var name = "images"

    @Flag(help: "Write the versions that the catalogues list, with their checksums.")
    var pinned = false

    @Option(
        name: .shortAndLong, help: .value("file", "A new file. Default: standard output."),
        completion: .pipelineFile)
    var output: String?

    func run() async throws {
        let imported = try ImportedPipeline.fromOIM(
            files: files, name: name, cloud: cloud, isPinned: pinned)
        if let output { try imported.write(to: output) } else { Terminal.putWhole(imported.text) }
        for remark in imported.remarks { Terminal.tell(remark) }
        Terminal.tell(
            "\(counted(imported.sourceCount, "source")), \(counted(imported.remarks.count, "remark"))"
        )
    }
}
