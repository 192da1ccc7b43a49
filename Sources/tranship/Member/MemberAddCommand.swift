// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct MemberAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Offer a shared image to a project.",
        discussion: """
              $ tranship image set "Ubuntu 24.04" --shared
              $ tranship member add "Ubuntu 24.04" 4e4d416ed99644258bcc91d762fa42fa

            The project may use the image at once; accepting puts it into its list. The
            service takes an id that belongs to no project as well.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        try await service.addMember(image.id, projectID: member.member).put(cloud.format)
    }
}
