// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

/// Which cloud a command talks to, and how it prints what it gets.
struct CloudOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The cloud's entry in clouds.yaml.",
            discussion: "Default: $OS_CLOUD, else the OS_* variables.", valueName: "name"))
    var cloud: String?

    @Option(
        help: ArgumentHelp(
            "The region.", discussion: "Default: the entry's, or $OS_REGION_NAME.",
            valueName: "name"))
    var region: String?

    @Option(
        help: ArgumentHelp(
            "The endpoint to use: public, internal or admin.",
            discussion: "Default: the entry's, else public.", valueName: "interface"))
    var interface: String?

    @Option(
        help: ArgumentHelp(
            "Work in another project, by name or id.", discussion: "Default: the entry's.",
            valueName: "project"))
    var project: String?

    @Option(
        help: ArgumentHelp(
            "table, or json with the keys of the Image API.", valueName: "format"))
    var format: RecordFormat = .table

    /// The Image service of that cloud. Nothing is sent yet.
    func service() throws(TranshipError) -> ImageService {
        ImageService(
            try CloudSession.named(
                cloud, region: region, interface: interface, project: project,
                environment: ProcessInfo.processInfo.environment))
    }
}

extension RecordFormat: ExpressibleByArgument {}
