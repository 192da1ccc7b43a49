// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// Work that the service does by itself, mostly an import
/// (<https://docs.openstack.org/api-ref/image/v2/#tasks>).
public struct ImageTask: Sendable, Hashable, Identifiable {
    /// A UUID.
    public let id: String
    /// `api_image_import` for an import that ``ImageService/importImage(_:_:)`` started.
    public let type: String
    /// How far it is.
    public let status: Status
    /// The progress ("Copied 15 MiB"), or the reason of a failure.
    public let message: String
    /// The id of the image, if the task is about one.
    public let imageID: String?
    /// The project that started it.
    public let ownerID: String?
    /// The user who started it.
    public let userID: String?
    /// The operator finds the task in the service's log by this id.
    public let requestID: String?
    /// The request that started it.
    public let input: JSONValue
    /// The method of the import that it works on; nil if the service does not say it.
    public var importMethod: ImportMethod? {
        input["import_req"]?["method"]?["name"]?.string.map(ImportMethod.init(rawValue:))
    }
    /// The result that it reports; mostly null.
    public let result: JSONValue
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// When the service forgets the task. UTC.
    public let expiresAt: String?
    /// The record as the service sent it.
    public let record: [String: JSONValue]

    /// The status of a task. Open: a service may use others.
    public struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Not started.
        public static let pending = Self(rawValue: "pending")
        /// Running.
        public static let processing = Self(rawValue: "processing")
        /// Successful.
        public static let success = Self(rawValue: "success")
        /// Failed; the message says why.
        public static let failure = Self(rawValue: "failure")

        /// The status does not change any more.
        public var isFinal: Bool { self == .success || self == .failure }

        public var description: String { rawValue }
    }
}

/// Which tasks a list contains.
public struct TaskQuery: Sendable, Hashable {
    /// `import`, `export`, `clone`. Glance 33 refuses (400) to filter by `api_image_import`, the
    /// type that it lists itself.
    public var type: String?
    /// In this status.
    public var status: ImageTask.Status?
    /// `type`, `status`, `created_at`, `updated_at`, `expires_at`.
    public var sortKey: String?
    /// The service ignores it without ``sortKey``.
    public var isAscending: Bool
    /// Tasks per page, up to the limit of the service.
    public var pageLimit: Int
    /// The list starts after the task with this id.
    public var marker: String?

    /// Nil sets no condition.
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
}

extension ImageService {
    /// The tasks of an image. Every user who can read the image can read them.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an unknown image, and on clouds older than API
    ///   2.12, which do not have this call.
    public func tasks(ofImage id: String) async throws(TranshipError) -> [ImageTask] {
        let request = TaskRequests.ofImage(id)
        return try ImageTask.page(try await sendForJSON(request), asked: request.asked).tasks
    }

    /// All tasks that match, from all pages. By default it takes an admin.
    public func tasks(_ query: TaskQuery = .init()) async throws(TranshipError) -> [ImageTask] {
        var tasks: [ImageTask] = []
        var request = TaskRequests.list(query)
        var followed: Set<String> = []
        while true {
            let page = try ImageTask.page(try await sendForJSON(request), asked: request.asked)
            tasks += page.tasks
            guard let next = page.nextQuery, !page.tasks.isEmpty, followed.insert(next).inserted
            else { return tasks }
            request = ServiceRequest(.get, request.path, rawQuery: next)
        }
    }

    /// One task, with its input and result. By default it takes an admin.
    public func task(_ id: String) async throws(TranshipError) -> ImageTask {
        try ImageTask(json: try await sendForJSON(TaskRequests.show(id)))
    }

    /// Starts a task of the old kind (`import`, `export`, `clone`), which the import calls replace.
    /// By default it takes an admin.
    public func createTask(
        type: String, input: JSONValue
    ) async throws(TranshipError) -> ImageTask {
        try ImageTask(json: try await sendForJSON(TaskRequests.create(type: type, input: input)))
    }
}

/// Requests on `/v2/tasks`, and for the tasks of an image.
enum TaskRequests {
    static func list(_ query: TaskQuery) -> ServiceRequest {
        var items: [ServiceRequest.QueryItem] = [.init("limit", String(query.pageLimit))]
        if let type = query.type { items.append(.init("type", type)) }
        if let status = query.status { items.append(.init("status", status.rawValue)) }
        if let key = query.sortKey {
            items.append(.init("sort_key", key))
            items.append(.init("sort_dir", query.isAscending ? "asc" : "desc"))
        }
        if let marker = query.marker { items.append(.init("marker", marker)) }
        return ServiceRequest(.get, "/v2/tasks", query: items)
    }

    static func ofImage(_ id: String) -> ServiceRequest {
        ServiceRequest(.get, "\(ImageRequests.path(id))/tasks")
    }

    static func show(_ id: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/tasks/\(percentEncode(id))")
    }

    static func create(type: String, input: JSONValue) -> ServiceRequest {
        ServiceRequest(.post, "/v2/tasks", json: ["type": .string(type), "input": input])
    }
}

extension ImageTask {
    /// Only the id is required: lists leave out `input`, `result` and `message`.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let id = record["id"]?.string else {
            throw TranshipError(.invalidAnswer, "a task without an id")
        }
        self.id = id
        self.record = record
        type = record["type"]?.string ?? ""
        status = Status(rawValue: record["status"]?.string ?? "")
        message = record["message"]?.string ?? ""
        imageID = record["image_id"]?.string
        ownerID = record["owner"]?.string
        userID = record["user_id"]?.string
        requestID = record["request_id"]?.string
        input = record["input"] ?? .null
        result = record["result"] ?? .null
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
        expiresAt = record["expires_at"]?.string
    }

    /// The tasks of a page and the query of the next page.
    static func page(
        _ json: JSONValue, asked: String
    ) throws(TranshipError) -> (tasks: [ImageTask], nextQuery: String?) {
        guard let records = json["tasks"]?.array else {
            throw TranshipError(.invalidAnswer, "the answer to \(asked) holds no list of tasks")
        }
        var tasks: [ImageTask] = []
        for record in records { tasks.append(try ImageTask(json: record)) }
        return (tasks, PageLink.query(json["next"]?.string))
    }
}
