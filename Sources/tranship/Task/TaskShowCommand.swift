// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct TaskShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one task.",
        discussion: """
              $ tranship task show e59a565d-98bd-4e91-a6a6-f6d2161d7e40 --cloud alpha-admin
            """)

    @OptionGroup var task: TaskArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.service().task(task.task).put(cloud.format)
    }
}
