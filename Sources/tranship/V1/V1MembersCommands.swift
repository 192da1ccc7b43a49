// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct V1MembersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Manage the projects with which a private image of a legacy cloud is shared.",
        subcommands: [
            V1MembersListCommand.self, V1MembersAddCommand.self, V1MembersRemoveCommand.self,
            V1MembersReplaceCommand.self,
        ])
}

struct V1MembersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the members of an image.",
        discussion: """
              $ tranship v1 members list old --cloud legacy
            """,
        aliases: ["ls"])

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.findLegacy(image)
        let members = try await service.members(of: image.id)
        try cloud.put(
            members.map { ["member_id": .string($0.memberID), "can_share": .bool($0.canShare)] },
            [("Member ID", "member_id"), ("Can Share", "can_share")])
    }
}

struct V1MembersAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Share a private image with a project.",
        discussion: """
              $ tranship v1 members add old 4e4d416ed99644258bcc91d762fa42fa --can-share
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument

    @Flag(help: "Let it share the image with other projects.")
    var canShare = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.findLegacy(image)
        try await service.addMember(image.id, projectID: member.member, canShare: canShare)
    }
}

struct V1MembersRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stop sharing a private image with a project.",
        discussion: """
              $ tranship v1 members remove old 4e4d416ed99644258bcc91d762fa42fa
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var member: MemberArgument

    @Flag(help: "Accept a project that is not a member.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.findLegacy(image)
        try await service.removeMember(
            image.id, projectID: member.member, missingIsFine: missingOk)
    }
}

struct V1MembersReplaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Replace all members of an image by these projects.",
        discussion: """
              $ tranship v1 members replace old 4e4d416ed99644258bcc91d762fa42fa
              $ tranship v1 members replace old --cloud legacy
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: .value("member", "The projects, by id."))
    var members: [String] = []

    @Flag(help: "Let them share the image with other projects.")
    var canShare = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.findLegacy(image)
        try await service.replaceMembers(
            of: image.id, with: members.map { LegacyMember(memberID: $0, canShare: canShare) })
    }
}

struct V1SharedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shared",
        abstract: "List the images that are shared with a project.",
        discussion: """
              $ tranship v1 shared 4e4d416ed99644258bcc91d762fa42fa --cloud legacy
            """)

    @OptionGroup var member: MemberArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let images = try await cloud.legacyService().sharedImages(with: member.member)
        try cloud.put(
            images.map { ["image_id": .string($0.imageID), "can_share": .bool($0.canShare)] },
            [("Image ID", "image_id"), ("Can Share", "can_share")])
    }
}
