// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageImportInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-info",
        abstract: "List the import methods that a cloud allows.",
        discussion: """
              $ tranship image import-info --cloud alpha
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let info = try await cloud.service().importInfo()
        guard cloud.format == .table else {
            return Terminal.put(JSONText.pretty(.object(info.record)))
        }
        for method in info.methods.sorted() { Terminal.put(method) }
    }
}
