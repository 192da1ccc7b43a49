// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Work that the service does by itself: an import, mostly
/// (<https://docs.openstack.org/api-ref/image/v2/#tasks>).
public struct ImageTask: Sendable, Hashable, Identifiable {
    /// A UUID.
    public let id: String
    /// `api_image_import` for what ``ImageService/importImage(_:_:)`` started.
    public let type: String
    /// How far it is.
    public let status: Status
    /// Progress ("Copied 15 MiB") or the reason of a failure.
    public let message: String
    /// The image that it is about, where it is about one.
    public let imageID: String?
    /// The project that began it.
    public let ownerID: String?
    /// Who began it.
    public let userID: String?
    /// By which the operator finds it in the service's log.
    public let requestID: String?
    /// What it was asked to do.
    public let input: JSONValue
    /// What it says of its end; mostly null.
    public let result: JSONValue
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// After it the service forgets the task.
    public let expiresAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]

    /// Where a task stands. Open, as the service's list may grow.
    public struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Not begun.
        public static let pending = Self(rawValue: "pending")
        /// Under way.
        public static let processing = Self(rawValue: "processing")
        /// Done.
        public static let success = Self(rawValue: "success")
        /// Failed, as the task's message says.
        public static let failure = Self(rawValue: "failure")

        /// It will not change any more.
        public var isFinal: Bool { self == .success || self == .failure }

        public var description: String { rawValue }
    }
}

/// Which tasks a list holds.
public struct TaskQuery: Sendable, Hashable {
    /// `import`, `export`, `clone`; Glance 33 refuses (400) to filter by the
    /// `api_image_import` that it lists itself.
    public var type: String?
    /// In this status.
    public var status: ImageTask.Status?
    /// `type`, `status`, `created_at`, `updated_at`, `expires_at`.
    public var sortKey: String?
    /// Only heard together with ``sortKey``.
    public var isAscending: Bool
    /// How many a page holds; the service gives no more than its own limit.
    public var pageLimit: Int
    /// The id of the task after which the list begins.
    public var marker: String?

    /// What is left out is no condition.
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
