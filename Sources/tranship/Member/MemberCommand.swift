// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct MemberCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member",
        abstract: "The projects with which an image is shared.",
        subcommands: [
            MemberListCommand.self, MemberShowCommand.self, MemberAddCommand.self,
            MemberSetCommand.self, MemberRemoveCommand.self,
        ])
}

/// A project, by id: the Image service knows no names.
struct MemberArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The project, by id.", valueName: "member"))
    var member: String
}

extension Member {
    static let columns = ["Image ID", "Member ID", "Status"]

    var cells: [String] { [imageID, memberID, status.rawValue] }

    func put(_ format: RecordFormat) { Record(record).put(format) }
}
