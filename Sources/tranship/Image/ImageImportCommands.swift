// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Let the service fetch or copy the data of an image.",
        discussion: """
              $ tranship image stage new disk.qcow2 && tranship image import new --wait
              $ tranship image import new --method web-download --uri https://example.org/disk.qcow2
              $ tranship image import golden --method copy-image --store slow --wait
              $ tranship image import new --method glance-download --remote-region RegionTwo \\
                  --remote-image 5ffa62d7-c08d-4678-a9f4-7c8b267be350

            `tranship image import-info` lists the methods that a cloud allows.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Source and stores") var method: ImportOptions

    @Flag(help: "Wait until the import ends, and fail if it fails.")
    var wait = false

    @OptionGroup(title: "Waiting") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let request = try method.request()
        let service = try cloud.service()
        let image = try await service.find(image.image)
        if wait {
            let talk = StandingTalk()
            defer { talk.end() }
            try await service.importImage(
                image.id, request, waiting: waiting.pace, onLook: talk.look)
        } else {
            try await service.importImage(image.id, request)
        }
        try await service.image(image.id).put(cloud.format)
    }
}

struct ImageImportInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-info",
        abstract: "List the import methods that a cloud allows.",
        discussion: """
              $ tranship image import-info --cloud alpha
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let info = try await cloud.service().importInfo()
        guard cloud.format == .table else {
            return Terminal.put(JSONText.pretty(.object(info.record)))
        }
        for method in info.methods.map(\.rawValue).sorted() { Terminal.put(method) }
    }
}
