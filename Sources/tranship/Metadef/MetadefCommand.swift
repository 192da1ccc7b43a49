// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MetadefCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadef",
        abstract: "Metadata definitions: what properties of images, flavors and volumes mean.",
        subcommands: [
            MetadefListCommand.self, MetadefShowCommand.self, MetadefCreateCommand.self,
            MetadefUpdateCommand.self, MetadefDeleteCommand.self, MetadefTypesCommand.self,
        ])
}

/// A part of a namespace.
enum MetadefPart: String, CaseIterable, ExpressibleByArgument {
    case objects, properties, tags
    case resourceTypes = "resource-types"

    static let help = ArgumentHelp("A part of it.", valueName: "part")
}
