// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct MemberListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List an image's members; a member sees itself only.",
        discussion: """
              $ tranship member list "Ubuntu 24.04"
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        var list = RecordList(cloud.format, columns: Member.columns)
        for member in try await service.members(of: image.id) {
            list.add(member.record, member.cells)
        }
        list.end()
    }
}
