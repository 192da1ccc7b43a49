// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct V1SharedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shared",
        abstract: "List the images that are shared with a project.",
        discussion: """
              $ tranship v1 shared 4e4d416ed99644258bcc91d762fa42fa --cloud legacy
            """)

    @OptionGroup var member: MemberArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        var list = RecordList(cloud.format, columns: ["Image ID", "Can Share"])
        for image in try await service.sharedImages(with: member.member) {
            let canShare = JSONValue.bool(image.canShare)
            list.add(
                ["image_id": .string(image.imageID), "can_share": canShare],
                [image.imageID, canShare.cell])
        }
        list.end()
    }
}
