// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct TaskListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List tasks, newest first, over all pages.",
        discussion: """
              $ tranship task list --cloud alpha-admin --status failure

            `tranship image tasks` lists an image's own, without being an admin.
            """)

    @Option(help: ArgumentHelp("Of this type: import, export, clone.", valueName: "type"))
    var type: String?

    @Option(
        help: ArgumentHelp(
            "In this status: pending, processing, success or failure.", valueName: "status"))
    var status: String?

    @Option(
        help: ArgumentHelp(
            "Sort by type, status, created_at, updated_at or expires_at, asc or desc.",
            valueName: "key[:dir]"))
    var sort: SortKeys?

    @Option(
        help: ArgumentHelp("Tasks a page; the cloud's own limit holds as well.", valueName: "n"))
    var limit = 1000

    @Option(help: ArgumentHelp("Begin after the task of this id.", valueName: "id"))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let query = TaskQuery(
            type: type, status: status.map(ImageTask.Status.init(rawValue:)),
            sortKey: sort?.keys.first?.key, ascending: sort?.keys.first?.isAscending ?? false,
            pageLimit: limit, marker: marker)
        var list = RecordList(cloud.format, columns: ["ID", "Type", "Status", "Owner"])
        for task in try await cloud.service().tasks(query) {
            list.add(
                task.record, [task.id, task.type, task.status.rawValue, task.ownerID ?? ""])
        }
        list.end()
    }
}
