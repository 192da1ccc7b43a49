// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The keys of one kind of mapping. `pipelines/schema.json` has a definition with the same keys.
/// Its name is that of the type, without `Key`; a test compares the two.
protocol PipelineKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// The name of the mapping for messages, such as "a cloud source".
    static var place: String { get }
}

enum PipelineRootKey: String, PipelineKey {
    case version, name, sources, targets, projects, transfer, spool, verify, order, limits
    case hooks, journal
    case allowEmpty = "allow_empty"
    static let place = "a pipeline"
}

/// The keys that name a cloud, in a source or a target.
protocol CloudKey: PipelineKey {
    static var cloud: Self { get }
    static var region: Self { get }
    static var interface: Self { get }
    static var project: Self { get }
}

enum CloudSourceKey: String, CloudKey {
    case cloud, region, interface, project, images, exclude, variant, limits
    case preferStores = "prefer_stores"
    static let place = "a cloud source"
}

enum URLSourceKey: String, PipelineKey {
    case url, latest
    case allowDowngrade = "allow_downgrade"
    case staleAfter = "stale_after"
    case checksum
    case checksumFile = "checksum_file"
    case signedBy = "signed_by"
    case signature, image, decompress, convert, series, cacert, auth, headers, inspect, limits
    case proofProperties = "proof_properties"
    static let place = "a url source"
}

enum SimplestreamsSourceKey: String, PipelineKey {
    case simplestreams, products, item
    case signedBy = "signed_by"
    case signature
    case allowDowngrade = "allow_downgrade"
    case staleAfter = "stale_after"
    case image, decompress, convert, series, cacert, auth, headers, inspect, limits
    case proofProperties = "proof_properties"
    static let place = "a simplestreams source"
}

enum FileSourceKey: String, PipelineKey {
    case file, latest
    case allowDowngrade = "allow_downgrade"
    case staleAfter = "stale_after"
    case checksum
    case checksumFile = "checksum_file"
    case signedBy = "signed_by"
    case signature, image, decompress, convert, series, inspect, limits
    case proofProperties = "proof_properties"
    static let place = "a file source"
}

enum ArchiveSourceKey: String, PipelineKey {
    case archive, images, exclude, variant, image, series, limits
    static let place = "an archive source"
}

enum SelectionKey: String, PipelineKey {
    case name, id, owner, visibility, status, tags, properties, size
    case updatedAfter = "updated_after"
    case hidden, snapshots
    static let place = "a selection of images"
}

enum SizeKey: String, PipelineKey {
    case min, max
    static let place = "`size`"
}

enum ImageKey: String, PipelineKey {
    case name
    case diskFormat = "disk_format"
    case containerFormat = "container_format"
    case minDisk = "min_disk"
    case minRAM = "min_ram"
    case tags, properties, visibility, protected, hidden
    static let place = "the `image` of a source"
}

enum SeriesKey: String, PipelineKey {
    case name, several
    static let place = "`series`"
}

enum CloudTargetKey: String, CloudKey {
    case cloud, region, interface, project, method, stores, image
    case onConflict = "on_conflict"
    case keep, previous, expired
    case acceptTransformed = "accept_transformed"
    case allStoresMustSucceed = "all_stores_must_succeed"
    case limits
    static let place = "a cloud target"
}

enum ArchiveTargetKey: String, PipelineKey {
    case archive, image
    case onConflict = "on_conflict"
    case keep, previous, expired, limits
    static let place = "an archive target"
}

enum TargetImageKey: String, PipelineKey {
    case name, visibility, protected, hidden
    case keepID = "keep_id"
    case owner, members, properties, tags
    static let place = "the `image` of a target"
}

enum PropertyRulesKey: String, PipelineKey {
    case set, drop, rename
    static let place = "the `properties` of a target"
}

enum TagRulesKey: String, PipelineKey {
    case add, drop
    static let place = "the `tags` of a target"
}

enum ExpiredKey: String, PipelineKey {
    case action, after
    static let place = "`expired`"
}

enum SourceLimitsKey: String, PipelineKey {
    case images
    static let place = "the `limits` of a source"
}

enum TargetLimitsKey: String, PipelineKey {
    case images
    static let place = "the `limits` of a target"
}

enum LimitsKey: String, PipelineKey {
    case images, bandwidth, attempts, deletes
    case decompressedSize = "decompressed_size"
    case decompressedRatio = "decompressed_ratio"
    static let place = "`limits`"
}

enum BandwidthWindowKey: String, PipelineKey {
    case from, to, rate
    static let place = "a window of `bandwidth`"
}

enum HooksKey: String, PipelineKey {
    case onSuccess = "on_success"
    case onFailure = "on_failure"
    static let place = "`hooks`"
}

enum JournalKey: String, PipelineKey {
    case keep
    static let place = "`journal`"
}

enum SpoolKey: String, PipelineKey {
    case path, max
    static let place = "`spool`"
}

/// The keys of a pipeline file, regardless of their places.
package enum PipelineKeys {
    /// All keys. ``all`` lacks those that are also common words, such as `min`.
    static let everywhere: Set<String> = {
        func names<Key: PipelineKey>(_: Key.Type) -> [String] { Key.allCases.map(\.rawValue) }
        let inner =
            names(SizeKey.self) + names(PropertyRulesKey.self) + names(TagRulesKey.self)
            + names(ExpiredKey.self) + names(BandwidthWindowKey.self) + names(HooksKey.self)
        return all.union(inner + names(JournalKey.self) + names(SpoolKey.self))
    }()

    /// The keys that a message may name without saying where they belong.
    package static let all: Set<String> = {
        func names<Key: PipelineKey>(_: Key.Type) -> [String] { Key.allCases.map(\.rawValue) }
        let outer =
            names(PipelineRootKey.self) + names(CloudSourceKey.self) + names(URLSourceKey.self)
            + names(SimplestreamsSourceKey.self) + names(FileSourceKey.self)
            + names(ArchiveSourceKey.self) + names(CloudTargetKey.self)
            + names(ArchiveTargetKey.self) + names(LimitsKey.self)
        return Set(
            outer + names(SelectionKey.self) + names(ImageKey.self) + names(SeriesKey.self)
                + names(TargetImageKey.self))
    }()
}
