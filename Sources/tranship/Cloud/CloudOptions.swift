// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

/// The cloud of a command, and the format of its output.
struct CloudOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The entry of the cloud in clouds.yaml.",
            discussion: "Default: $OS_CLOUD, else the OS_* variables.", valueName: "name"))
    var cloud: String?

    @Option(
        help: ArgumentHelp(
            "The region.", discussion: "Default: that of the entry, or $OS_REGION_NAME.",
            valueName: "name"))
    var region: String?

    @Option(
        help: ArgumentHelp(
            "The endpoint to use: public, internal or admin.",
            discussion: "Default: that of the entry, else public.", valueName: "interface"))
    var interface: String?

    @Option(
        help: ArgumentHelp(
            "Another project, by name or id.", discussion: "Default: that of the entry.",
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
