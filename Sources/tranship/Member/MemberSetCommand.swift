// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MemberSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Accept or reject an image that another project shares.",
        discussion: """
              $ tranship member set 5ffa62d7-c08d-4678-a9f4-7c8b267be350 --accept

            For the member itself or an admin, not for the owner.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(
        help: ArgumentHelp("The project, by id. Default: our own.", valueName: "member"))
    var member: String?

    @Flag(exclusivity: .exclusive)
    var answer: Answer

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    enum Answer: EnumerableFlag {
        case accept, reject, pending

        static func help(for value: Self) -> ArgumentHelp? {
            switch value {
            case .accept: "Put it into the member's list."
            case .reject: "Leave it out of the list."
            case .pending: "As if nothing had been answered."
            }
        }

        var status: Member.Status {
            switch self {
            case .accept: .accepted
            case .reject: .rejected
            case .pending: .pending
            }
        }
    }

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        let own = try await service.session.authenticate().projectID
        guard let member = member ?? own else {
            throw TranshipError(
                .usage, "this cloud uses no Keystone, so it is not known which project we are",
                hint: "name the member")
        }
        try await service.setMemberStatus(image.id, projectID: member, answer.status)
            .put(cloud.format)
    }
}
