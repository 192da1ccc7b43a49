// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct V1DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an image of a legacy cloud, record and data.",
        discussion: """
              $ tranship v1 delete old --cloud legacy
            """)

    @OptionGroup var image: ImageArgument

    @Flag(help: "An image that is not there is fine.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        do throws(TranshipError) {
            try await service.delete(try await service.find(image.image).id)
        } catch {
            guard missingOk, error.code == .notFound else { throw error }
        }
    }
}
