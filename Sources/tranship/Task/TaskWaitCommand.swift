// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct TaskWaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a task has succeeded, or has another status.",
        discussion: """
              $ tranship task wait e59a565d-98bd-4e91-a6a6-f6d2161d7e40 --deadline 30m --cloud alpha-admin
              $ tranship task wait e59a565d-98bd-4e91-a6a6-f6d2161d7e40 --status processing

            A task that fails and one that does not come in time are different errors.
            """)

    @OptionGroup var task: TaskArgument

    @Option(help: ArgumentHelp("The status to wait for.", valueName: "status"))
    var status = "success"

    @Option(help: ArgumentHelp("A status that is a failure; repeatable.", valueName: "status"))
    var failure = ["failure"]

    @OptionGroup(title: "Waiting") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let talk = StandingTalk()
        defer { talk.end() }
        try await cloud.service().waitForTask(
            task.task, until: ImageTask.Status(rawValue: status),
            failures: Set(failure.map(ImageTask.Status.init(rawValue:))), pace: waiting.pace,
            onLook: talk.look
        ).put(cloud.format)
    }
}
