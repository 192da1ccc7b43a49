// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "What a cloud's Image service does by itself; for admins.",
        subcommands: [
            TaskListCommand.self, TaskShowCommand.self, TaskCreateCommand.self,
            TaskWaitCommand.self,
        ])
}

/// A task.
struct TaskArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The task, by id.", valueName: "task"))
    var task: String
}

extension ImageTask {
    func put(_ format: RecordFormat) { Record(record).put(format) }
}
