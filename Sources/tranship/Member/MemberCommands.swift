// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MemberCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member",
        abstract: "Manage the projects with which an image is shared.",
        subcommands: [
            MemberListCommand.self, MemberShowCommand.self, MemberAddCommand.self,
            MemberSetCommand.self, MemberRemoveCommand.self,
        ])
}

/// A project, by id: the Image service does not know the names of projects.
struct MemberArgument: ParsableArguments {
    @Argument(help: "The project, by id.")
    var member: String

    /// True if it looks like an id. Keystone's have 32 hexadecimal digits; other services add
    /// hyphens or have longer ids.
    var looksLikeID: Bool {
        let digits = member.filter { $0 != "-" }
        return digits.count >= 32 && digits.allSatisfy(\.isHexDigit)
    }
}

struct MemberListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the members of an image; a member sees only itself.",
        discussion: """
              $ tranship member list "Ubuntu 24.04"
            """,
        aliases: ["ls"])

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        try cloud.put(
            try await service.members(of: image.id).map(\.record),
            [("Image ID", "image_id"), ("Member ID", "member_id"), ("Status", "status")])
    }
}

struct MemberShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the answer of a project to an offer.",
        discussion: """
              $ tranship member show "Ubuntu 24.04" 4e4d416ed99644258bcc91d762fa42fa
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        try await service.member(of: image.id, projectID: member.member).put(cloud.format)
    }
}

struct MemberAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Offer a shared image to a project.",
        discussion: """
              $ tranship image set "Ubuntu 24.04" --shared
              $ tranship member add "Ubuntu 24.04" 4e4d416ed99644258bcc91d762fa42fa

            The project may use the image at once; accepting puts it into its list. The
            service does not check that the project exists.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        if !member.looksLikeID {
            Terminal.tell(
                "warning: \(member.member) does not look like the id of a project, and the Image "
                    + "service does not check it: `openstack project show -f value -c id "
                    + "\(member.member.shellQuoted)` prints an id")
        }
        try await service.addMember(image.id, projectID: member.member).put(cloud.format)
    }
}

struct MemberSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Accept or reject an image that another project shares.",
        discussion: """
              $ tranship member set 5ffa62d7-c08d-4678-a9f4-7c8b267be350 --accept

            For the member itself or an admin, not for the owner.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: "The project, by id. Default: the project of the command.")
    var member: String?

    @Flag(exclusivity: .exclusive)
    var answer: Answer

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    enum Answer: EnumerableFlag {
        case accept, reject, pending

        static func help(for value: Self) -> ArgumentHelp? {
            switch value {
            case .accept: "Put the image into the list of the member."
            case .reject: "Leave the image out of the list."
            case .pending: "Take the answer back."
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
        let (service, image) = try await cloud.find(image)
        let own = try await service.session.authenticate().projectID
        guard let member = member ?? own else {
            throw TranshipError(
                .usage, "this cloud does not use Keystone, so the own project is unknown",
                hint: "name the member")
        }
        try await service.setMemberStatus(image.id, projectID: member, answer.status)
            .put(cloud.format)
    }
}

struct MemberRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stop sharing an image with a project.",
        discussion: """
              $ tranship member remove "Ubuntu 24.04" 4e4d416ed99644258bcc91d762fa42fa
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument

    @Flag(help: "Accept a project that is not a member.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        try await service.removeMember(
            image.id, projectID: member.member, missingIsFine: missingOk)
    }
}
