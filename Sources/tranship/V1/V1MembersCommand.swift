// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct V1MembersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "The projects with which a private image of a legacy cloud is shared.",
        subcommands: [
            V1MembersListCommand.self, V1MembersAddCommand.self, V1MembersRemoveCommand.self,
            V1MembersReplaceCommand.self,
        ])
}
