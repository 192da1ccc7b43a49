// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct V1MembersAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Share a private image with a project.",
        discussion: """
              $ tranship v1 members add old 4e4d416ed99644258bcc91d762fa42fa --can-share --cloud legacy
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument

    @Flag(help: "It may share the image in turn.")
    var canShare = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        let image = try await service.find(image.image)
        try await service.addMember(image.id, projectID: member.member, canShare: canShare)
    }
}
