// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An image record of the Image service.
///
/// Change the `var`s and give both versions to ``PatchOperation/changes(from:to:)``
/// for the patch between them. ``record`` is what the service sent, whole, so
/// that nothing it knows and we do not is lost.
public struct Image: Sendable, Hashable, Identifiable {
    /// A UUID, never used again on this cloud.
    public let id: String
    /// At most 255 characters, not unique, and null on some images.
    public var name: String?
    /// How far it is; `active` has data to give.
    public let status: ImageStatus
    /// Which projects see it.
    public var visibility: ImageVisibility
    /// True refuses deletion, to its owner as well.
    public var isProtected: Bool
    /// Left out of lists that do not ask for hidden ones.
    public var isHidden: Bool
    /// MD5 of the data; null on newer or empty images.
    public let checksum: String?
    /// The algorithm of ``hashValue``, chosen by the cloud's operator.
    public let hashAlgorithm: String?
    /// Hexadecimal digits, by ``hashAlgorithm``; null while there is no data.
    public let hashValue: String?
    /// The project that owns it; changing it takes an admin.
    public var ownerID: String?
    /// Of the data as stored; nil or 0 while there is none.
    public let sizeBytes: Int64?
    /// Of the disk that the data describes.
    public let virtualSizeBytes: Int64?
    /// What wraps the data: `bare`, `ova`, `docker`, …; must be set before
    /// data.
    public var containerFormat: String?
    /// The data's format: `qcow2`, `raw`, `vmdk`, …; must be set before data.
    public var diskFormat: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// A set: the service keeps no order.
    public var tags: [String]
    /// The least memory that a server needs to boot from it, in MiB.
    public var minRAMMiB: Int
    /// The least disk that a server needs to boot from it, in GiB.
    public var minDiskGiB: Int
    /// The stores that hold the data; empty on clouds with one store.
    public let stores: [String]
    /// Every key that is no base key, `os_glance_*` included. Values are
    /// strings; a few (`kernel_id`, `ramdisk_id`) may be null.
    public var properties: [String: JSONValue]
    /// The answer as it came.
    public let record: [String: JSONValue]

    /// The checksums that the service reports, the operator's algorithm first,
    /// then MD5. Values that are none are passed over.
    public var checksums: [Checksum] {
        var found: [Checksum] = []
        if let hashAlgorithm, let hashValue,
            let algorithm = Checksum.Algorithm(rawValue: hashAlgorithm.lowercased()),
            let checksum = try? Checksum(algorithm, hashValue)
        {
            found.append(checksum)
        }
        if let checksum, let md5 = try? Checksum(.md5, checksum), !found.contains(md5) {
            found.append(md5)
        }
        return found
    }
}

extension Image {
    /// The keys that the service itself defines
    /// (<https://docs.openstack.org/api-ref/image/v2/#show-image>). All others
    /// are ``properties``.
    public static let baseKeys: Set<String> = [
        "id", "name", "status", "visibility", "protected", "os_hidden", "checksum",
        "os_hash_algo", "os_hash_value", "owner", "size", "virtual_size", "container_format",
        "disk_format", "created_at", "updated_at", "tags", "min_ram", "min_disk", "self", "file",
        "schema", "direct_url", "locations", "stores",
    ]
}
