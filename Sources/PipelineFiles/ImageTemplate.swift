// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The fields of the record for an image from a URL or a file.
public struct ImageTemplate: Sendable, Equatable {
    /// The name; `{stem}` by default.
    public var name: NameTemplate
    /// The disk format as written in the pipeline file, or as the file extension implies it; nil if
    /// only the data shows it. Clouds may accept more formats than we know, so the plan checks it
    /// against the target's schema.
    public let diskFormat: String?
    /// The container format; `bare` by default.
    public let containerFormat: String
    public let minDiskGiB: Int
    public let minRAMMiB: Int
    public let tags: [String]
    public let properties: [String: String]
    /// The visibility; nil means private.
    public let visibility: ImageVisibility?
    /// True if the image is protected; nil means false.
    public let isProtected: Bool?
    /// True if the image is hidden; nil means false.
    public let isHidden: Bool?
}

/// The `image` block of a pipeline file, in which every key is optional.
public struct ImageFields: Sendable, Equatable {
    public var name: NameTemplate?
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDiskGiB: Int?
    public var minRAMMiB: Int?
    public var tags: [String]?
    public var properties: [String: String]?
    public var visibility: ImageVisibility?
    public var isProtected: Bool?
    public var isHidden: Bool?
}
