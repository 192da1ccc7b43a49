// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import PipelineFiles

/// The rules for each key of an image record on its way to another cloud.
///
/// Pure: takes a source image and a target's rules, and returns a record with notes or a refusal.
/// The reasons are beside each key.
struct MetadataRules {
    let target: TargetRules
    let sharesKeystone: Bool
    /// The value of `{date}`: the day of planning in UTC, such as `2026-01-31`.
    let date: String
    /// The ids of the target's projects, by those of the source's; nil means the owner table of the
    /// target.
    var projects: OwnerMap?

    struct Result {
        var record: PlannedRecord
        var notes: [Note] = []
        var refusal: TranshipError?
    }

    func apply(_ source: SourceImage, name: String?) -> Result {
        var result = Result(
            record: PlannedRecord(
                name: name, diskFormat: source.diskFormat, containerFormat: source.containerFormat))
        if let refusal = Self.refusal(source, dropping: target.image.properties) {
            result.refusal = refusal
            return result
        }
        result.record.minDiskGiB = source.minDiskGiB
        result.record.minRAMMiB = source.minRAMMiB
        result.record.tags = target.image.tags.applied(to: source.tags)
        applyProperties(source, &result)
        applyVisibility(source, &result)
        applyOwner(source, &result)
        result.record.stores = target.stores
        result.record.allStoresMustSucceed = target.allStoresMustSucceed
        result.record.acceptsTransformed = target.acceptTransformed
        return result
    }

    // MARK: Properties

    /// Keys that the service or Nova writes about things that exist only in the source cloud. Has
    /// only exact names, besides the service's own prefix: `os_distro` and `hw_*` belong to the
    /// image.
    static let droppedKeys: [String: String] = [
        "direct_url": "the source's own address of the data",
        "location": "the source's own address of the data",
        "locations": "the source's own address of the data",
        "self": "written by the service", "file": "written by the service",
        "schema": "written by the service", "stores": "written by the service",
        "deleted": "reserved", "deleted_at": "reserved",
        "base_image_ref": "names an image of the source cloud",
        "instance_uuid": "names a server of the source cloud",
        "image_location": "written by the source's compute service",
        "image_state": "written by the source's compute service",
        "boot_roles": "written by the source's compute service",
        "owner_project_name": "written by the source's compute service",
        "owner_user_name": "written by the source's compute service",
        "owner_id": "written by the source's compute service",
        "user_id": "written by the source's compute service",
        "block_device_mapping": "names volumes of the source cloud",
        "bdm_v2": "names volumes of the source cloud",
        "owner_specified.openstack.object": "names the file it was uploaded from",
        "owner_specified.shade.object": "names the file it was uploaded from",
        "cinder_encryption_key_deletion_policy": "refers to a key in the source's key manager",
        "os_encrypt_key_deletion_policy": "refers to a key in the source's key manager",
    ]

    /// The prefix of all further properties that are left out.
    static let droppedPrefix = "os_glance"
    /// Keys that name other images. The copy names the copies of those images.
    static let referenceKeys = ["kernel_id", "ramdisk_id"]
    /// Keys that name the key of encrypted data. An image that has one is refused.
    static let encryptionKeys = ["cinder_encryption_key_id", "os_encrypt_key_id"]
    /// Keys of a signed image, which is refused unless the target's rules drop them.
    static let signatureKeys = ["img_signature", "img_signature_certificate_uuid"]
    /// Keys that mark an image without data as a snapshot of a volume, which is refused.
    static let volumeKeys = ["block_device_mapping", "bdm_v2", "root_device_name"]

    /// Returns the source's properties that a copy has if no rule of a target changes them, without
    /// references.
    static func properties(of source: SourceImage) -> [String: String] {
        source.properties.filter { key, _ in
            droppedKeys[key] == nil && !key.hasPrefix(droppedPrefix) && !referenceKeys.contains(key)
                && key != Origin.propertyName
        }
    }

    private func applyProperties(_ source: SourceImage, _ result: inout Result) {
        var properties = source.properties
        for (key, reason) in Self.droppedKeys where properties[key] != nil {
            properties[key] = nil
            result.notes.append(.propertyLeftOut(key: key, reason: reason))
        }
        for key in properties.keys where key.hasPrefix(Self.droppedPrefix) {
            properties[key] = nil
            result.notes.append(.propertyLeftOut(key: key, reason: "reserved by the service"))
        }
        // The marker is never copied onward: it marks a copy only at its own cloud.
        properties[Origin.propertyName] = nil
        properties = target.image.properties.applied(to: properties)
        for key in Self.referenceKeys {
            guard let id = properties[key], source.imageID != nil, source.properties[key] == id
            else { continue }
            properties[key] = nil
            if id.isEmpty {
                result.notes.append(.propertyLeftOut(key: key, reason: "it names no image"))
            } else {
                result.record.references[key] = SourceImage.cloudKey(id)
            }
        }
        result.notes.sort { $0.words < $1.words }
        result.record.properties = properties
    }

    // MARK: What is applied last

    private func applyVisibility(_ source: SourceImage, _ result: inout Result) {
        let rules = target.image
        switch rules.visibility {
        case .keep: result.record.visibility = source.visibility ?? .private
        case .set(let visibility): result.record.visibility = visibility
        }
        result.record.isProtected = rules.protected.value(keeping: source.isProtected)
        result.record.isDeactivated = source.status == .deactivated
        result.record.isHidden = rules.hidden.value(keeping: source.isHidden)
        switch rules.members ?? (sharesKeystone ? .keep : .map) {
        case .keep: result.record.members = .keep
        case .drop: result.record.members = .drop
        case .map:
            let projects = projects ?? rules.owner
            var table = projects?.projects ?? [:]
            if let rest = projects?.rest { table["*"] = rest }
            result.record.members = .map(table)
        }
    }

    private func applyOwner(_ source: SourceImage, _ result: inout Result) {
        // Images of URLs and files never have an owner.
        guard let owners = target.image.owner, source.ownerID != nil || source.imageID != nil
        else { return }
        guard let mapped = owners.target(of: source.ownerID) else {
            let owner = source.ownerID.map { "its owner \($0) is not in" }
            result.refusal = TranshipError(
                .refused,
                (owner ?? "it has no owner at the source, and there is no \"*\" in") + " the "
                    + (projects == nil ? "target's owner table" : "pipeline's table of projects"),
                hint: projects == nil
                    ? "add the project, or \"*\" for the rest, to `image.owner` of the target"
                    : "add the project, or \"*\" for the rest, to `projects` of the pipeline file")
            return
        }
        result.record.ownerID = mapped
    }

    // MARK: What cannot be copied faithfully

    static func refusal(
        _ source: SourceImage, dropping rules: PropertyRules
    ) -> TranshipError? {
        func isKept(_ key: String) -> Bool {
            source.properties[key]?.isEmpty == false && !rules.drop.contains { $0.matches(key) }
        }
        if source.imageID != nil, source.sizeBytes ?? 0 == 0,
            volumeKeys.contains(where: {
                source.properties[$0]?.isEmpty == false
            })
        {
            return TranshipError(
                .refused, "the image is a volume snapshot: the data is in the volume",
                hint: "create an image from the volume (openstack image create --volume) "
                    + "and copy that")
        }
        if let status = source.status, status != .active, status != .deactivated {
            return TranshipError(
                .refused, "the image is \(status) at the source and has no complete data",
                hint: "leave the image out with `status: [active]`, or \(status.stepToData)")
        }
        if encryptionKeys.contains(where: { source.properties[$0]?.isEmpty == false }) {
            return TranshipError(
                .refused, "the image is encrypted, and the key is in the source's key manager",
                hint: "create an unencrypted volume at the source, and an image from it")
        }
        if signatureKeys.contains(where: isKept) {
            return TranshipError(
                .refused,
                "the image is signed with a certificate of the source's key manager, "
                    + "which the target cannot read",
                hint: "drop the signature with properties: { drop: [\"img_signature*\"] }")
        }
        guard let disk = source.diskFormat, let container = source.containerFormat,
            !disk.isEmpty, !container.isEmpty
        else {
            return TranshipError(
                .refused, "the image has no disk_format or container_format",
                hint: "set both at the source: openstack image set --disk-format …")
        }
        return nil
    }
}
