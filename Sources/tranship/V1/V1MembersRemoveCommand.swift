// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct V1MembersRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Share a private image with a project no longer.",
        discussion: """
              $ tranship v1 members remove old 4e4d416ed99644258bcc91d762fa42fa --cloud legacy
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument

    @Flag(help: "A project that is no member is fine.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        let image = try await service.find(image.image)
        try await service.removeMember(
            image.id, projectID: member.member, missingIsFine: missingOk)
    }
}
