// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The keys of one kind of mapping. `pipelines/schema.json` has a definition of the same name with
/// the same keys; a test compares them.
protocol PipelineKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// The name of the mapping for messages, such as "a cloud source".
    static var place: String { get }
    /// The name of the definition in the schema.
    static var definition: String { get }
}

enum PipelineRootKey: String, PipelineKey {
    case version, name, sources, targets, transfer, spool, verify, order, limits
    static let place = "a pipeline"
    static let definition = "pipeline"
}

enum CloudSourceKey: String, PipelineKey {
    case cloud, region, interface, project, images, exclude, limits
    static let place = "a cloud source"
    static let definition = "cloudSource"
}

enum URLSourceKey: String, PipelineKey {
    case url, checksum
    case checksumFile = "checksum_file"
    case image, series, cacert, auth, headers, limits
    static let place = "a url source"
    static let definition = "urlSource"
}

enum FileSourceKey: String, PipelineKey {
    case file, checksum
    case checksumFile = "checksum_file"
    case image, series, limits
    static let place = "a file source"
    static let definition = "fileSource"
}

enum ArchiveSourceKey: String, PipelineKey {
    case archive, image, series, limits
    static let place = "an archive source"
    static let definition = "archiveSource"
}

enum SelectionKey: String, PipelineKey {
    case name, id, owner, visibility, status, tags, properties, size
    case updatedAfter = "updated_after"
    case hidden, snapshots
    static let place = "a selection of images"
    static let definition = "selection"
}

enum SizeKey: String, PipelineKey {
    case min, max
    static let place = "`size`"
    static let definition = "size"
}

enum ImageKey: String, PipelineKey {
    case name
    case diskFormat = "disk_format"
    case containerFormat = "container_format"
    case minDisk = "min_disk"
    case minRAM = "min_ram"
    case tags, properties, visibility, protected, hidden
    static let place = "the `image` of a source"
    static let definition = "image"
}

enum SeriesKey: String, PipelineKey {
    case name, several
    static let place = "`series`"
    static let definition = "series"
}

enum CloudTargetKey: String, PipelineKey {
    case cloud, region, interface, project, method, stores, image
    case onConflict = "on_conflict"
    case keep, previous, expired
    case acceptTransformed = "accept_transformed"
    case allStoresMustSucceed = "all_stores_must_succeed"
    case limits
    static let place = "a cloud target"
    static let definition = "cloudTarget"
}

enum ArchiveTargetKey: String, PipelineKey {
    case archive
    static let place = "an archive target"
    static let definition = "archiveTarget"
}

enum TargetImageKey: String, PipelineKey {
    case name, visibility, protected, hidden
    case keepID = "keep_id"
    case owner, members, properties, tags
    static let place = "the `image` of a target"
    static let definition = "targetImage"
}

enum PropertyRulesKey: String, PipelineKey {
    case set, drop, rename
    static let place = "the `properties` of a target"
    static let definition = "propertyRules"
}

enum TagRulesKey: String, PipelineKey {
    case add, drop
    static let place = "the `tags` of a target"
    static let definition = "tagRules"
}

enum ExpiredKey: String, PipelineKey {
    case action, after
    static let place = "`expired`"
    static let definition = "expired"
}

enum SourceLimitsKey: String, PipelineKey {
    case images
    static let place = "the `limits` of a source"
    static let definition = "sourceLimits"
}

enum TargetLimitsKey: String, PipelineKey {
    case images
    static let place = "the `limits` of a target"
    static let definition = "targetLimits"
}

enum LimitsKey: String, PipelineKey {
    case images, bandwidth, attempts, deletes
    static let place = "`limits`"
    static let definition = "limits"
}

enum SpoolKey: String, PipelineKey {
    case path, max
    static let place = "`spool`"
    static let definition = "spool"
}
