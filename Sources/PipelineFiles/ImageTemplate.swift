// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Who may see an image: the Image service's four words.
///
/// See <https://docs.openstack.org/api-ref/image/v2/>, "visibility".
public enum VisibilityName: String, Sendable, CaseIterable {
    case `private`, shared, community, `public`
}

/// What the record of an image from a URL or a file gets.
public struct ImageTemplate: Sendable, Equatable {
    /// `{stem}` where the file says nothing.
    public let name: NameTemplate
    /// As written, or derived from the extension. Clouds may know more formats
    /// than we do: the plan asks the target's schema.
    public let diskFormat: String
    /// `bare` where the file says nothing.
    public let containerFormat: String
    public let minDiskGiB: Int
    public let minRAMMiB: Int
    public let tags: [String]
    public let properties: [String: String]
    /// nil: private.
    public let visibility: VisibilityName?
    /// nil: false.
    public let isProtected: Bool?
    /// nil: false.
    public let isHidden: Bool?
}

/// The same keys where each may be left out: what an `image` block says.
public struct ImageFields: Sendable, Equatable {
    public var name: NameTemplate?
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDiskGiB: Int?
    public var minRAMMiB: Int?
    public var tags: [String]?
    public var properties: [String: String]?
    public var visibility: VisibilityName?
    public var isProtected: Bool?
    public var isHidden: Bool?
}
