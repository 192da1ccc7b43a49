// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import Planning

@Suite struct MetadataRulesTests {
    private func apply(
        _ source: SourceImage, sharesKeystone: Bool = false, _ lines: String...
    ) throws -> MetadataRules.Result {
        let target = try targetRules(lines.joined(separator: "\n"))
        return MetadataRules(target: target, sharesKeystone: sharesKeystone, date: "2026-11-21")
            .apply(source, name: source.name)
    }

    private func properties(
        _ given: [String: String], _ lines: String...
    ) throws -> MetadataRules.Result {
        try apply(
            Sample.source("s", properties: given), lines.joined(separator: "\n"))
    }

    // MARK: What every copy keeps

    @Test func `Name, formats, minimums and tags are the source's`() throws {
        var source = Sample.source("s")
        source.minDiskGiB = 4
        source.minRAMMiB = 512
        source.tags = ["b", "a"]
        let record = try apply(source).record
        #expect(record.name == "name of s")
        #expect(record.diskFormat == "raw" && record.containerFormat == "bare")
        #expect(record.minDiskGiB == 4 && record.minRAMMiB == 512)
        #expect(record.tags == ["b", "a"])
        #expect(record.ownerID == nil && record.stores == .standard)
    }

    @Test(arguments: [
        "os_distro", "os_version", "os_hash_note", "hw_disk_bus", "hw_vif_model", "trait:CUSTOM_X",
        "img_hv_type", "img_config_drive", "architecture", "owner_specified.openstack.md5",
        "owner_specified.openstack.sha256", "my:own/key",
    ])
    func `The image's own properties are kept`(key: String) throws {
        let result = try properties([key: "v"])
        #expect(result.refusal == nil)
        #expect(result.record.properties == [key: "v"])
        #expect(result.notes.isEmpty)
    }

    @Test(arguments: [
        "direct_url", "location", "locations", "self", "file", "schema", "stores", "deleted",
        "deleted_at", "base_image_ref", "instance_uuid", "image_location", "image_state",
        "boot_roles", "owner_project_name", "owner_user_name", "owner_id", "user_id",
        "owner_specified.openstack.object", "owner_specified.shade.object",
        "cinder_encryption_key_deletion_policy", "os_glance_import_task",
        "os_glance_failed_import", "os_glance_anything",
    ])
    func `What speaks of the source cloud only is left out, and said`(key: String) throws {
        let result = try properties([key: "v", "os_distro": "debian"])
        #expect(result.record.properties == ["os_distro": "debian"])
        #expect(result.notes.count == 1)
        #expect(result.notes.first?.words.hasPrefix("left out \(key): ") == true)
    }

    @Test func `Our own marker is never copied onward`() throws {
        let result = try properties([Origin.propertyName: "l/v"])
        #expect(result.record.properties.isEmpty)
        #expect(result.notes.isEmpty)
    }

    // MARK: The pipeline's changes

    @Test func `Properties are dropped, renamed and set as the pipeline says`() throws {
        let result = try properties(
            ["old": "1", "gone_a": "2", "gone_b": "3", "kept": "4"],
            "image: { properties: { set: { mirrored: \"yes\" }, drop: [\"gone_*\"], "
                + "rename: { old: new } } }")
        #expect(result.record.properties == ["new": "1", "kept": "4", "mirrored": "yes"])
    }

    @Test func `Tags are added and dropped`() throws {
        var source = Sample.source("s")
        source.tags = ["a", "tmp-1"]
        let record = try apply(source, "image: { tags: { add: [mirrored], drop: [\"tmp-*\"] } }")
            .record
        #expect(record.tags == ["a", "mirrored"])
    }

    @Test func `Visibility, protected and hidden stay as they are or are set`() throws {
        var source = Sample.source("s")
        source.visibility = .community
        source.isProtected = true
        source.isHidden = true
        let kept = try apply(source).record
        #expect(kept.visibility == .community && kept.isProtected && kept.isHidden)
        let set = try apply(
            source, "image: { visibility: public, protected: false, hidden: false }"
        ).record
        #expect(set.visibility == .public && !set.isProtected && !set.isHidden)
    }

    @Test func `Members stay within a Keystone and are mapped or dropped across two`() throws {
        let source = Sample.source("s")
        #expect(try apply(source, sharesKeystone: true).record.members == .keep)
        #expect(try apply(source).record.members == .map([:]))
        #expect(
            try apply(source, "image: { owner: { project-1: q1, \"*\": rest } }").record.members
                == .map(["project-1": "q1", "*": "rest"]))
        #expect(try apply(source, "image: { members: drop }").record.members == .drop)
        #expect(try apply(source, "image: { members: keep }").record.members == .keep)
    }

    @Test func `An owner is mapped by the table, and one that is not in it refused`() throws {
        let source = Sample.source("s")
        let mapped = try apply(source, "image: { owner: { project-1: q1 } }")
        #expect(mapped.record.ownerID == "q1")
        let unmapped = try apply(source, "image: { owner: { project-2: q2 } }")
        #expect(unmapped.refusal?.code == .refused)
        #expect(unmapped.refusal?.message.contains("project-1") == true)
        let rest = try apply(source, "image: { owner: { project-2: q2, \"*\": r } }")
        #expect(rest.record.ownerID == "r")
    }

    @Test func `An image without an owner is one of the others of the table`() throws {
        var source = Sample.source("s")
        source.ownerID = nil
        let refused = try apply(source, "image: { owner: { project-1: q1 } }")
        #expect(refused.refusal?.message.contains("it has no owner at the source") == true)
        let rest = try apply(source, "image: { owner: { project-1: q1, \"*\": r } }")
        #expect(rest.refusal == nil && rest.record.ownerID == "r")
        // Images of URLs and files never have an owner.
        source.imageID = nil
        let published = try apply(source, "image: { owner: { project-1: q1, \"*\": r } }")
        #expect(published.refusal == nil && published.record.ownerID == nil)
    }

    // MARK: Kernels and ramdisks

    @Test func `A kernel is named by its source image until it has an id at the target`() throws {
        let result = try properties(["kernel_id": "k", "ramdisk_id": "r", "os_distro": "d"])
        #expect(
            result.record.references == ["kernel_id": "image:k", "ramdisk_id": "image:r"])
        #expect(result.record.properties == ["os_distro": "d"])
    }

    @Test func `A kernel that the pipeline drops or sets is not a reference`() throws {
        let dropped = try properties(
            ["kernel_id": "k"], "image: { properties: { drop: [kernel_id] } }")
        #expect(dropped.record.references.isEmpty && dropped.record.properties.isEmpty)
        let set = try properties(
            ["kernel_id": "k"], "image: { properties: { set: { kernel_id: other } } }")
        #expect(set.record.references.isEmpty)
        #expect(set.record.properties == ["kernel_id": "other"])
        let empty = try properties(["kernel_id": ""])
        #expect(empty.record.references.isEmpty && empty.record.properties.isEmpty)
        #expect(empty.notes.map(\.words) == ["left out kernel_id: it names no image"])
    }

    // MARK: What is refused

    @Test(arguments: ["block_device_mapping", "bdm_v2", "root_device_name"])
    func `A snapshot of a volume has no data to copy`(key: String) throws {
        var source = Sample.source("s", sizeBytes: 0, properties: [key: "[{}]"])
        #expect(try apply(source).refusal?.message.contains("a volume snapshot") == true)
        source.sizeBytes = nil
        #expect(try apply(source).refusal != nil)
        // Snapshots of local disks have some of these keys too, and they have data.
        source.sizeBytes = 10
        #expect(try apply(source).refusal == nil)
    }

    @Test(arguments: [ImageStatus.queued, .saving, .importing, .killed, .pendingDelete])
    func `An image without complete data is refused`(status: ImageStatus) throws {
        var source = Sample.source("s")
        source.status = status
        #expect(try apply(source).refusal?.message.contains("the image is \(status)") == true)
    }

    @Test(arguments: [.active, .deactivated, nil] as [ImageStatus?])
    func `An image with data is not`(status: ImageStatus?) throws {
        var source = Sample.source("s")
        source.status = status
        #expect(try apply(source).refusal == nil)
    }

    @Test func `An encrypted image is refused, because its key stays behind`() throws {
        let result = try properties(["cinder_encryption_key_id": "k"])
        #expect(result.refusal?.message.contains("key manager") == true)
    }

    @Test(arguments: ["img_signature", "img_signature_certificate_uuid"])
    func `A signed image is refused unless its signature is dropped`(key: String) throws {
        let signed = [key: "x", "img_signature_hash_method": "SHA-256"]
        let refusal = try properties(signed).refusal
        #expect(refusal?.hint?.contains("img_signature*") == true)
        let dropped = try properties(
            signed, "image: { properties: { drop: [\"img_signature*\"] } }")
        #expect(dropped.refusal == nil)
        #expect(dropped.record.properties.isEmpty)
    }

    @Test func `An image without formats is refused, since the service takes no data for it`()
        throws
    {
        for path in [\SourceImage.diskFormat, \SourceImage.containerFormat] {
            for value in [nil, ""] as [String?] {
                var source = Sample.source("s")
                source[keyPath: path] = value
                #expect(try apply(source).refusal?.message.contains("format") == true)
            }
        }
    }

    @Test func `Every refusal says what to do about it`() throws {
        var queued = Sample.source("s")
        queued.status = .queued
        var formless = Sample.source("s")
        formless.diskFormat = nil
        let sources = [
            queued, formless, Sample.source("s", properties: ["cinder_encryption_key_id": "k"]),
            Sample.source("s", properties: ["img_signature": "k"]),
            Sample.source("s", sizeBytes: 0, properties: ["bdm_v2": "True"]),
        ]
        for source in sources { #expect(try apply(source).refusal?.hint != nil) }
    }
}
