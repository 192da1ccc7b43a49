// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An image record of the Image service.
///
/// To change it, change the `var`s and pass both versions to ``PatchOperation/changes(from:to:)``.
/// ``record`` is the complete record of the service, so that keys unknown to this library are kept.
public struct Image: ServiceRecord, Identifiable {
    /// The id, a UUID. The cloud never uses it again.
    public let id: String
    /// The name: at most 255 characters; not unique; null on some images.
    public var name: String?
    /// The status. Only `active` and `deactivated` images have data.
    public let status: ImageStatus
    /// The projects that see the image.
    public var visibility: ImageVisibility
    /// True if the service refuses to delete the image, even for the owner.
    public var isProtected: Bool
    /// True if the image is only in lists that ask for hidden images.
    public var isHidden: Bool
    /// MD5 of the data; null on some newer images and without data.
    public let checksum: String?
    /// The algorithm of ``hashValue``. The operator of the cloud chooses it.
    public let hashAlgorithm: String?
    /// The hash in hexadecimal digits; null without data.
    public let hashValue: String?
    /// The id of the project that owns the image. Changing it needs an administrator.
    public var ownerID: String?
    /// The size of the stored data; nil or 0 without data.
    public let sizeBytes: Int64?
    /// The size of the disk that the data describes.
    public let virtualSizeBytes: Int64?
    /// The format around the data: `bare`, `ova`, `docker`, …; required before data.
    public var containerFormat: String?
    /// The format of the data: `qcow2`, `raw`, `vmdk`, …; required before data.
    public var diskFormat: String?
    /// The tags, in no particular order.
    public var tags: [String]
    /// The minimum memory that a server needs to boot the image, in MiB.
    public var minRAMMiB: Int
    /// The minimum disk that a server needs to boot the image, in GiB.
    public var minDiskGiB: Int
    /// The stores that hold the data; empty on clouds with one store.
    public let stores: [String]
    /// The values of all keys that are not base keys, including `os_glance_*`. The values are
    /// strings; a few (`kernel_id`, `ramdisk_id`) may be null.
    public var properties: [String: JSONValue]
    public let record: [String: JSONValue]

    /// The checksums that the service reports: the one in the operator's algorithm, then MD5. Skips
    /// invalid values.
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
    /// The keys of checksums whose value is not valid in its algorithm. Skips algorithms that this
    /// library does not know.
    package var malformedChecksumKeys: [String] {
        let algorithm = Checksum.Algorithm(rawValue: hashAlgorithm?.lowercased() ?? "sha512")
        let values: [(key: String, value: String?, algorithm: Checksum.Algorithm?)] = [
            ("os_hash_value", hashValue, algorithm), ("checksum", checksum, .md5),
        ]
        return values.compactMap { key, value, algorithm in
            guard let value, !value.isEmpty, let algorithm,
                (try? Checksum(algorithm, value)) == nil
            else { return nil }
            return key
        }
    }
}

extension Image {
    /// The keys that the service defines
    /// (<https://docs.openstack.org/api-ref/image/v2/#show-image>). All others are ``properties``.
    public static let baseKeys: Set<String> = [
        "id", "name", "status", "visibility", "protected", "os_hidden", "checksum",
        "os_hash_algo", "os_hash_value", "owner", "size", "virtual_size", "container_format",
        "disk_format", "created_at", "updated_at", "tags", "min_ram", "min_disk", "self", "file",
        "schema", "direct_url", "locations", "stores",
    ]
}

extension Image {
    /// The ``properties`` as text. The service stores only text; other values come from its
    /// plugins. Leaves out null, which looks like a missing value, and ``structuredProperties``.
    package var propertyTexts: [String: String] {
        properties.compactMapValues { value in
            switch value {
            case .string(let text): text
            case .bool(let flag): flag ? "True" : "False"
            case .integer(let number): "\(number)"
            case .number: String(decoding: value.body, as: UTF8.self)
            case .array, .object, .null: nil
            }
        }
    }

    /// The keys of ``properties`` that have a list or an object, in alphabetical order. No request
    /// can set such a value.
    package var structuredProperties: [String] {
        properties.filter { $0.value.array != nil || $0.value.object != nil }.keys.sorted()
    }
}

extension Image {
    public static let valueTypes: KeyValuePairs<String, ValueType> = [
        "name": .text, "status": .text, "visibility": .text, "protected": .flag,
        "os_hidden": .flag, "owner": .text, "checksum": .text, "os_hash_algo": .text,
        "os_hash_value": .text, "size": .number, "virtual_size": .number,
        "container_format": .text, "disk_format": .text, "tags": .texts, "min_ram": .number,
        "min_disk": .number, "stores": .text, "created_at": .text, "updated_at": .text,
    ]

    public init(record: [String: JSONValue]) {
        // Lists have records whose values are of another type, too.
        func text(_ key: String) -> String? { ValueType.text(record[key]) }
        self.record = record
        id = text("id") ?? ""
        name = text("name")
        status = text("status").map(ImageStatus.init(rawValue:)) ?? .unknown
        visibility = text("visibility").map(ImageVisibility.init(rawValue:)) ?? .private
        isProtected = ValueType.flag(record["protected"])
        isHidden = ValueType.flag(record["os_hidden"])
        checksum = text("checksum")
        hashAlgorithm = text("os_hash_algo")
        hashValue = text("os_hash_value")
        ownerID = text("owner")
        sizeBytes = OutsideNumber.read(record["size"])
        virtualSizeBytes = OutsideNumber.read(record["virtual_size"])
        containerFormat = text("container_format")
        diskFormat = text("disk_format")
        tags = ValueType.texts(record["tags"])
        minRAMMiB = Int(OutsideNumber.read(record["min_ram"]) ?? 0)
        minDiskGiB = Int(OutsideNumber.read(record["min_disk"]) ?? 0)
        stores = (record["stores"]?.string ?? "").split(separator: ",").map(String.init)
        properties = record.filter { !Self.baseKeys.contains($0.key) }
    }
}
