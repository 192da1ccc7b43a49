// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct V1MembersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List an image's members.",
        discussion: """
              $ tranship v1 members list old --cloud legacy
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        let image = try await service.find(image.image)
        var list = RecordList(cloud.format, columns: ["Member ID", "Can Share"])
        for member in try await service.members(of: image.id) {
            let canShare = JSONValue.bool(member.canShare)
            list.add(
                ["member_id": .string(member.memberID), "can_share": canShare],
                [member.memberID, canShare.cell])
        }
        list.end()
    }
}
