// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// Work that the service does by itself, mostly an import
/// (<https://docs.openstack.org/api-ref/image/v2/#tasks>). Lists leave out ``input``, ``result`` and
/// ``message``.
public struct ImageTask: ServiceRecord, Identifiable {
    public let record: [String: JSONValue]

    public init(record: [String: JSONValue]) { self.record = record }

    /// A UUID.
    public var id: String { idText }
    /// `api_image_import` for an import that ``ImageService/importImage(_:_:)`` started.
    public var type: String { record["type"]?.string ?? "" }
    /// How far it is.
    public var status: Status { Status(rawValue: record["status"]?.string ?? "") }
    /// The progress ("Copied 15 MiB"), or the reason of a failure; its first 1,000 characters.
    public var message: String { (record["message"]?.string ?? "").cut(to: 1000) }
    /// The id of the image, if the task is about one.
    public var imageID: String? { record["image_id"]?.string }
    /// The project that started it.
    public var ownerID: String? { record["owner"]?.string }
    /// The user who started it.
    public var userID: String? { record["user_id"]?.string }
    /// The operator finds the task in the service's log by this id.
    public var requestID: String? { record["request_id"]?.string }
    /// The request that started it.
    public var input: JSONValue { record["input"] ?? .null }
    /// The method of the import that it works on; nil if the service does not say it.
    public var importMethod: ImportMethod? {
        input["import_req"]?["method"]?["name"]?.string.map(ImportMethod.init(rawValue:))
    }
    /// The result that it reports; mostly null.
    public var result: JSONValue { record["result"] ?? .null }
    /// When the service forgets the task. UTC.
    public var expiresAt: String? { record["expires_at"]?.string }

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

extension ImageTask {
    static func show(_ id: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/tasks/\(percentEncode(id))")
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
    /// The tasks of an image. Every user who can read the image can read them.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an unknown image, and on clouds older than API
    ///   2.12, which do not have this call.
    public func tasks(ofImage id: String) async throws(TranshipError) -> [ImageTask] {
        try await sendForPage(.init(.get, "\(ImageRequests.path(id))/tasks"), key: "tasks").records
    }

    /// All tasks that match, from all pages. By default it needs an administrator.
    public func tasks(_ query: TaskQuery = .init()) async throws(TranshipError) -> [ImageTask] {
        try await sendForAllPages(query.request, key: "tasks")
    }

    /// One task, with its input and result. By default it needs an administrator.
    public func task(_ id: String) async throws(TranshipError) -> ImageTask {
        try await sendForRecord(ImageTask.show(id))
    }

    /// Starts a task of the old kind (`import`, `export`, `clone`), which the import calls replace.
    /// By default it needs an administrator.
    public func createTask(
        type: String, input: JSONValue
    ) async throws(TranshipError) -> ImageTask {
        try await sendForRecord(
            .init(.post, "/v2/tasks", json: ["type": .string(type), "input": input]))
    }
}
