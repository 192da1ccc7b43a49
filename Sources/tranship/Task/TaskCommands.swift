// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Manage the tasks of a cloud's Image service; for admins.",
        subcommands: [
            TaskListCommand.self, TaskShowCommand.self, TaskCreateCommand.self,
            TaskWaitCommand.self,
        ])
}

struct TaskListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List tasks, newest first, over all pages.",
        discussion: """
              $ tranship task list --cloud alpha-admin --status failure

            `tranship image tasks` lists the tasks of an image, also for other users.
            """,
        aliases: ["ls"])

    @Option(help: "With this type: import, export, clone.")
    var type: String?

    @Option(help: "With this status: pending, processing, success or failure.")
    var status: String?

    @Option(
        help: .value(
            "key[:dir]", "Sort by type, status, created_at, updated_at or expires_at, asc or desc.")
    )
    var sort: SortKeys?

    @Option(help: .value("n", "Stop after this many tasks."))
    var limit: Int?

    @Option(help: .value("n", "Tasks per page, up to the limit of the cloud."))
    var pageSize = 1000

    @Option(help: .value("id", "Start after the task with this id."))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let query = TaskQuery(
            type: type, status: status.map(ImageTask.Status.init(rawValue:)),
            sortKey: sort?.keys.first?.key, ascending: sort?.keys.first?.isAscending ?? false,
            pageLimit: min(pageSize, limit ?? pageSize), marker: marker)
        try cloud.put(
            try await cloud.service().tasks(query).prefix(limit ?? .max).map(\.record),
            [("ID", "id"), ("Type", "type"), ("Status", "status"), ("Owner", "owner")])
    }
}

struct TaskShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one task.",
        discussion: """
              $ tranship task show e59a565d-98bd-4e91-a6a6-f6d2161d7e40 --cloud alpha-admin
            """)

    @Argument(help: "The task, by id.")
    var task: String

    @Flag(help: "Show URLs whole, including any credentials and signatures in them.")
    var showUrls = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.service().task(task).put(cloud.format, showsURLs: showUrls)
    }
}

struct TaskCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Start a task of the old kind, which `image import` replaces.",
        discussion: """
              $ tranship task create --cloud alpha-admin --type import --input '{
                  "import_from": "https://example.org/disk.qcow2",
                  "import_from_format": "qcow2",
                  "image_properties": {"name": "disk", "disk_format": "qcow2",
                    "container_format": "bare"}}'
            """)

    @Option(help: "import, export or clone, as the cloud allows.")
    var type = "import"

    @Option(help: .value("json", "The input of the task, as a JSON object."))
    var input: JSONArgument

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.service().createTask(type: type, input: input.value).put(cloud.format)
    }
}

struct TaskWaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a task succeeds or has another status.",
        discussion: """
              $ tranship task wait e59a565d-98bd-4e91-a6a6-f6d2161d7e40 --deadline 30m
              $ tranship task wait e59a565d-98bd-4e91-a6a6-f6d2161d7e40 --status processing

            A failed task and a passed deadline give different errors.
            """)

    @Argument(help: "The task, by id.")
    var task: String

    @Option(help: "The status to wait for.")
    var status = "success"

    @Option(help: .value("status", "A status that counts as a failure; repeatable."))
    var failure = ["failure"]

    @OptionGroup(title: "Waiting") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let talk = StandingTalk()
        defer { talk.end() }
        try await cloud.service().waitForTask(
            task, until: ImageTask.Status(rawValue: status),
            failures: Set(failure.map(ImageTask.Status.init(rawValue:))), pace: waiting.pace,
            onLook: talk.look
        ).put(cloud.format)
    }
}
