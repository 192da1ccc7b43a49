// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import LabSupport
import OpenStackImage
import TestSupport
import Testing

@Suite("Images v1: records")
struct LegacyImagesTests {
    private typealias Fields = LegacyImageFields

    @Test(
        "a reserved image is queued and has what it was given",
        .proves(
            "v1 create(name, disk_format, container_format, owner, is_public, protected, min_ram, min_disk, store, property-*)",
            "v1 head(image_id, x-image-meta-*, x-image-meta-property-*)"),
        arguments: LegacyCloud.all)
    func reserve(_ cloud: LegacyCloud) async throws {
        let name = Lab.uniqueName("reserved")
        let fields = Fields(
            name: name, diskFormat: "qcow2", containerFormat: "bare", ownerID: "project-1",
            isPublic: true, isProtected: true, minDiskGiB: 3, minRAMMiB: 512,
            virtualSizeBytes: 4096, store: "file",
            properties: ["os_distro": "ubuntu", "os.dotted": "1", "empty": ""])
        try await cloud.withImage(fields) { service, created in
            let shown = try await service.image(created.id)
            for image in [created, shown] {
                #expect(image.status == .queued)
                #expect(image.name == name)
                #expect(image.diskFormat == "qcow2")
                #expect(image.containerFormat == "bare")
                #expect(image.ownerID == "project-1")
                #expect(image.isPublic)
                #expect(image.isProtected)
                #expect(!image.isDeleted)
                #expect(image.minDiskGiB == 3)
                #expect(image.minRAMMiB == 512)
                #expect(image.sizeBytes == 0)
                #expect(image.virtualSizeBytes == 4096)
                #expect(image.checksums.isEmpty)
                #expect(image.properties == ["os_distro": "ubuntu", "os.dotted": "1"])
                #expect(image.createdAt?.count == 26)
                #expect(image.updatedAt != nil)
                #expect(image.deletedAt == nil)
            }
            // JSON shows the null, which no header field can show.
            #expect(created.record["properties"]?["empty"] == .null)
        }
    }

    @Test("text beyond ASCII comes back as it went, nothing is decoded", arguments: LegacyCloud.all)
    func text(_ cloud: LegacyCloud) async throws {
        let name = Lab.uniqueName("Grün 画像 a%20b \"q\"")
        let group = UUID().uuidString
        let properties = ["description": "Übung: 100% = größer\tals", "group": group]
        let fields = Fields(
            name: name, diskFormat: "raw", containerFormat: "bare", properties: properties)
        try await cloud.withImage(fields, data: [1]) { service, created in
            let shown = try await service.image(created.id)
            let query = LegacyImageQuery(publicity: .any, properties: ["group": group])
            let listed = try await service.images(query).all()
            #expect(listed.count == 1)
            for image in [created, shown] + listed {
                #expect(image.name == name)
                #expect(image.properties == properties)
            }
        }
    }

    /// The service's database keeps at most three bytes of UTF-8 for a character.
    @Test("an emoji is more than the service can keep", arguments: LegacyCloud.all)
    func beyondTheBasicPlane(_ cloud: LegacyCloud) async throws {
        let service = try cloud.service()
        for fields in [Fields(name: "🙂"), Fields(properties: ["note": "🙂"])] {
            let error = await #expect(throws: TranshipError.self) {
                _ = try await service.create(fields)
            }
            #expect(error?.code == .badRequest)
            #expect(error?.answer?.message.contains("4 byte unicode") == true)
        }
    }

    @Test("names of properties are folded by the service", arguments: LegacyCloud.all)
    func foldedNames(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage(Fields(properties: ["Os-Distro": "x"])) { service, created in
            #expect(created.properties == ["os_distro": "x"])
            let shown = try await service.image(created.id)
            #expect(shown.properties == ["os_distro": "x"])
        }
    }

    @Test(
        "an id of one's own is kept, and never given twice", .proves("v1 create(id)"),
        arguments: LegacyCloud.all)
    func ownID(_ cloud: LegacyCloud) async throws {
        let id = UUID().uuidString.lowercased()
        try await cloud.withImage(Fields(id: id)) { service, created in
            #expect(created.id == id)
            let twice = await #expect(throws: TranshipError.self) {
                _ = try await service.create(Fields(id: id))
            }
            #expect(twice?.code == .conflict)
            #expect(twice?.answer?.message == "An image with identifier \(id) already exists")
            try await service.delete(id)
            let burned = await #expect(throws: TranshipError.self) {
                _ = try await service.create(Fields(id: id))
            }
            #expect(burned?.code == .conflict)
        }
    }

    @Test(
        "what the service does not take is a bad request, in its words",
        arguments: LegacyCloud.all,
        [
            (Fields(id: "no-uuid"), "Invalid image id format"),
            (Fields(name: String(repeating: "n", count: 256)), "Image name too long: 256"),
            (Fields(diskFormat: "zip"), "Invalid disk format 'zip' for image."),
            (Fields(containerFormat: "zip"), "Invalid container format 'zip' for image."),
            (Fields(minRAMMiB: -1), "Cannot be a negative value."),
            (Fields(store: "nowhere"), "Required store nowhere is invalid"),
        ])
    private func badRequests(_ cloud: LegacyCloud, _ bad: (Fields, String)) async throws {
        let service = try cloud.service()
        let error = await #expect(throws: TranshipError.self) {
            _ = try await service.create(bad.0)
        }
        #expect(error?.code == .badRequest)
        #expect(error?.answer?.message.contains(bad.1) == true, "\(String(describing: error))")
    }

    @Test("an Amazon format stands for both", arguments: LegacyCloud.all)
    func amazon(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage(Fields(diskFormat: "aki")) { _, created in
            #expect(created.diskFormat == "aki")
            #expect(created.containerFormat == "aki")
        }
    }

    @Test(
        "a change leaves alone what it does not name",
        .proves("v1 update(image_id, x-image-meta-*, x-image-meta-property-*)"),
        arguments: LegacyCloud.all)
    func update(_ cloud: LegacyCloud) async throws {
        var fields = LegacyCloud.raw
        fields.properties = ["a": "1", "b": "2"]
        try await cloud.withImage(fields) { service, created in
            let changed = try await service.update(
                created.id,
                Fields(
                    name: "änderung", ownerID: "project-2", isPublic: true, minDiskGiB: 9,
                    minRAMMiB: 7, properties: ["b": "3", "c": "4"]))
            #expect(changed.name == "änderung")
            #expect(changed.ownerID == "project-2")
            #expect(changed.isPublic)
            #expect(changed.minDiskGiB == 9)
            #expect(changed.minRAMMiB == 7)
            #expect(changed.diskFormat == "raw")
            #expect(changed.properties == ["a": "1", "b": "3", "c": "4"])
            #expect(try await service.image(created.id).properties == changed.properties)
            #expect(changed.updatedAt ?? "" > created.updatedAt ?? "")
            let unnamed = try await service.update(created.id, Fields(name: ""))
            #expect(unnamed.name == nil)
        }
    }

    @Test(
        "purging removes every property that is not named", .proves("v1 update(purge_props)"),
        arguments: LegacyCloud.all)
    func purge(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage(Fields(properties: ["a": "1", "b": "2"])) { service, created in
            let changed = try await service.update(
                created.id, Fields(properties: ["c": "3"]), purgingProperties: true)
            #expect(changed.properties == ["c": "3"])
        }
    }

    @Test("a status cannot be set, and a deleted image not changed", arguments: LegacyCloud.all)
    func forbiddenChanges(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage { service, created in
            let other = await #expect(throws: TranshipError.self) {
                _ = try await service.update(
                    created.id, Fields(id: UUID().uuidString.lowercased()))
            }
            #expect(other?.code == .forbidden)
            try await service.delete(created.id)
            let error = await #expect(throws: TranshipError.self) {
                _ = try await service.update(created.id, Fields(name: "x"))
            }
            #expect(error?.code == .forbidden)
            #expect(error?.answer?.message == "Forbidden to update deleted image.")
        }
    }

    @Test(
        "a protected image is not deleted; an unprotected one is, once",
        .proves("v1 delete(image_id)"), arguments: LegacyCloud.all)
    func delete(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage(Fields(isProtected: true)) { service, created in
            let protected = await #expect(throws: TranshipError.self) {
                try await service.delete(created.id)
            }
            #expect(protected?.code == .forbidden)
            #expect(protected?.answer?.message == "Image is protected")
        }
        try await cloud.withImage { service, created in
            try await service.delete(created.id)
            // An administrator still sees the image.
            let deleted = try await service.image(created.id)
            #expect(deleted.isDeleted)
            #expect(deleted.status == .deleted)
            #expect(deleted.deletedAt != nil)
            let again = await #expect(throws: TranshipError.self) {
                try await service.delete(created.id)
            }
            #expect(again?.code == .notFound)
            try await service.delete(created.id, missingIsFine: true)
        }
    }

    @Test("an image that is not there is not found, however asked for", arguments: LegacyCloud.all)
    func missing(_ cloud: LegacyCloud) async throws {
        let service = try cloud.service()
        let id = UUID().uuidString.lowercased()
        let asks: [() async throws -> Void] = [
            { _ = try await service.image(id) },
            { _ = try await service.bytes(id) },
            { _ = try await service.update(id, Fields(name: "x")) },
            { try await service.delete(id) },
            { _ = try await service.members(of: id) },
        ]
        for ask in asks {
            let error = await #expect(throws: TranshipError.self) { try await ask() }
            #expect(error?.code == .notFound)
        }
    }

    @Test("an answer without the fields of v1 is not taken for an image")
    func proxied() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let service = LegacyImageService(
            CloudSession(
                CloudConfiguration(
                    name: "x", authentication: .none, imageEndpointOverride: server.url)))
        let error = await #expect(throws: TranshipError.self) { _ = try await service.image("1") }
        #expect(error?.code == .invalidAnswer)
    }
}
