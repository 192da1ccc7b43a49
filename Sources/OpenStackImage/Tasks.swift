// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// Work that the service does on its own, mostly an import
/// (<https://docs.openstack.org/api-ref/image/v2/#tasks>). Lists leave out ``input``, ``result``
/// and ``message``.
public struct ImageTask: ServiceRecord, Identifiable {
    public let record: [String: JSONValue]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The id, a UUID.
    public var id: String { idText }
    /// `api_image_import` for an import that ``ImageService/importImage(_:_:)`` started.
    public var type: String { record["type"]?.string ?? "" }
    /// The status.
    public var status: Status { Status(rawValue: record["status"]?.string ?? "") }
    /// The progress ("Copied 15 MiB"), or the reason for a failure; its first 1,000 characters.
    public var message: String { (record["message"]?.string ?? "").cut(to: 1000) }
    /// The id of the image, if the task is about one.
    public var imageID: String? { record["image_id"]?.string }
    /// The id of the project that started the task.
    public var ownerID: String? { record["owner"]?.string }
    /// The id of the user who started the task.
    public var userID: String? { record["user_id"]?.string }
    /// The id by which the operator finds the task in the service's log.
    public var requestID: String? { record["request_id"]?.string }
    /// The request that started the task.
    public var input: JSONValue { record["input"] ?? .null }
    /// The method of the import that the task works on; nil if the service does not report it.
    public var importMethod: ImportMethod? {
        input["import_req"]?["method"]?["name"]?.string.map(ImportMethod.init(rawValue:))
    }
    /// The result that the task reports; mostly null.
    public var result: JSONValue { record["result"] ?? .null }
    /// The time at which the service forgets the task. UTC.
    public var expiresAt: String? { record["expires_at"]?.string }

    /// The status of a task. Open: a service may use others.
    public struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The task has not started.
        public static let pending = Self(rawValue: "pending")
        /// The task is running.
        public static let processing = Self(rawValue: "processing")
        /// The task has succeeded.
        public static let success = Self(rawValue: "success")
        /// The task has failed; the message gives the reason.
        public static let failure = Self(rawValue: "failure")

        /// True if the status does not change any more.
        public var isFinal: Bool { self == .success || self == .failure }

        public var description: String { rawValue }
    }
}

extension ImageTask {
    static func show(_ id: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/tasks/\(percentEncode(id))")
    }
}

/// The conditions for the tasks in a list.
public struct TaskQuery: Sendable, Hashable {
    /// The type: `import`, `export`, `clone`. Glance 33 refuses (400) to filter by
    /// `api_image_import`, a type that its own lists contain.
    public var type: String?
    /// The status.
    public var status: ImageTask.Status?
    /// The key to sort by: `type`, `status`, `created_at`, `updated_at`, `expires_at`.
    public var sortKey: String?
    /// True for ascending order. The service ignores it without ``sortKey``.
    public var isAscending: Bool
    /// The number of tasks per page, up to the limit of the service.
    public var pageLimit: Int
    /// The id of the task after which the list starts.
    public var marker: String?

    /// Creates a query. Nil sets no condition.
    public init(
        type: String? = nil, status: ImageTask.Status? = nil, sortKey: String? = nil,
        ascending: Bool = false, pageLimit: Int = 1000, marker: String? = nil
    ) {
        self.type = type
        self.status = status
        self.sortKey = sortKey
        isAscending = ascending
        self.pageLimit = pageLimit
        self.marker = marker
    }

    var request: ServiceRequest {
        ServiceRequest(
            .get, "/v2/tasks",
            query: .init([
                "limit": String(pageLimit), "type": type, "status": status?.rawValue,
                "sort_key": sortKey, "sort_dir": sortKey.map { _ in isAscending ? "asc" : "desc" },
                "marker": marker,
            ]))
    }
}

extension ImageService {
    /// Returns the tasks of an image. Every user who can read the image can read them.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an unknown image, and on clouds older than API
    ///   2.12, which do not have this call.
    public func tasks(ofImage id: String) async throws(TranshipError) -> [ImageTask] {
        try await sendForPage(.init(.get, "\(ImageRequests.path(id))/tasks"), key: "tasks").records
    }

    /// Returns all tasks that match, from all pages. By default this needs an administrator.
    public func tasks(_ query: TaskQuery = .init()) async throws(TranshipError) -> [ImageTask] {
        try await sendForAllPages(query.request, key: "tasks")
    }

    /// Returns one task, with its input and result. By default this needs an administrator.
    public func task(_ id: String) async throws(TranshipError) -> ImageTask {
        try await sendForRecord(ImageTask.show(id))
    }

    /// Starts a task of the old kind (`import`, `export`, `clone`), which the import calls replace.
    /// By default this needs an administrator.
    public func createTask(
        type: String, input: JSONValue
    ) async throws(TranshipError) -> ImageTask {
        try await sendForRecord(
            .init(.post, "/v2/tasks", json: ["type": .string(type), "input": input]))
    }
}
