// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct MemberRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Share an image with a project no longer.",
        discussion: """
              $ tranship member remove "Ubuntu 24.04" 4e4d416ed99644258bcc91d762fa42fa
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument

    @Flag(help: "A project that is no member is fine.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        try await service.removeMember(
            image.id, projectID: member.member, missingIsFine: missingOk)
    }
}
