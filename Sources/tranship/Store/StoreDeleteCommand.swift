// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct StoreDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an image's data from one of several stores; for admins.",
        discussion: """
              $ tranship store delete slow "Ubuntu 24.04" --cloud alpha-admin

            The last copy is refused: `tranship image delete` deletes an image.
            """)

    @Argument(help: ArgumentHelp("The store, by id.", valueName: "store"))
    var store: String

    @OptionGroup var image: ImageArgument

    @Flag(help: "An image that is not there is fine.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        try await EachImage(
            names: [image.image], service: service, missingIsFine: missingOk
        ).carryOut { [self] image throws(TranshipError) in
            try await service.deleteCopy(image.id, inStore: store, missingIsFine: missingOk)
        }
    }
}
