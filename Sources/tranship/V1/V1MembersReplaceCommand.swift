// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct V1MembersReplaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Make these projects the members, and nobody else.",
        discussion: """
              $ tranship v1 members replace old 4e4d416ed99644258bcc91d762fa42fa --cloud legacy
              $ tranship v1 members replace old --cloud legacy
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: ArgumentHelp("The projects, by id.", valueName: "member"))
    var members: [String] = []

    @Flag(help: "They may share the image in turn.")
    var canShare = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        let image = try await service.find(image.image)
        try await service.replaceMembers(
            of: image.id, with: members.map { LegacyMember(memberID: $0, canShare: canShare) })
    }
}
