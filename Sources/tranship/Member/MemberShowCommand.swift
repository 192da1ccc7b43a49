// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct MemberShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a project made of an offer.",
        discussion: """
              $ tranship member show "Ubuntu 24.04" 4e4d416ed99644258bcc91d762fa42fa
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        try await service.member(of: image.id, projectID: member.member).put(cloud.format)
    }
}
