// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

/// The functions of openstacksdk's `create_image`, parameter by parameter.
@Suite("Images with their data, at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceCreateImageTests {
    private let bytes = noise(300_001)
    private let brisk = Pace(intervalSeconds: 0.1, deadlineSeconds: 60)

    /// Returns a session with alpha, whose entry has these defaults for images.
    private func service(_ defaults: ImageDefaults) throws -> ImageService {
        var configuration = try Lab.session("alpha").configuration
        configuration.imageDefaults = defaults
        return ImageService(CloudSession(configuration))
    }

    /// Runs a body, and always deletes the image with the name afterwards.
    private func cleaning(
        _ name: String, _ cloud: String = "alpha", _ body: () async throws -> Void
    ) async throws {
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        let service = try Lab.service(cloud)
        for image in try await service.images(ImageQuery(name: .one(name))).all() {
            try await service.delete(image.id, missingIsFine: true)
        }
        try outcome.get()
    }

    @Test(
        "a file becomes an image of its name, in the formats of the cloud's entry, in one call",
        .proves("sdk create_image(name, filename, disk_format, container_format, tags)"))
    func file() async throws {
        let folder = try TemporaryFolder()
        let name = Lab.uniqueName("stem")
        let path = try folder.write(bytes, to: "\(name).raw")
        try await cleaning(name) {
            let service = try service(ImageDefaults(diskFormat: "raw", containerFormat: "ovf"))
            let progress = Guarded<Int64>(0)
            let created = try await service.createImage(
                NewImage(tags: ["a", "ü"]), from: .file(path)
            ) { total in progress.withLock { $0 = total } }
            let image = created.image
            #expect(created.isNew)
            #expect(image.status == .active)
            #expect(image.name == name)
            #expect(image.diskFormat == "raw" && image.containerFormat == "ovf")
            #expect(Set(image.tags) == ["a", "ü"])
            #expect(image.sizeBytes == 300_001)
            #expect(created.proof == .match(try digest(.sha512, of: bytes)))
            #expect(progress.withLock { $0 } == 300_001)
            let marks = [
                "md5": try digest(.md5, of: bytes), "sha256": try digest(.sha256, of: bytes),
            ]
            for (key, checksum) in marks {
                #expect(
                    image.properties["owner_specified.openstack.\(key)"]
                        == .string(checksum.value))
            }
            #expect(
                image.properties["owner_specified.openstack.object"]
                    == .string("images/\(name)"))
        }
    }

    @Test("without a name and without a file there is no image")
    func nameless() async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await Lab.service().createImage(NewImage(), from: .bytes([1]))
        }
        #expect(error?.code == .usage)
        #expect(
            error?.message
                == "the new image has no name, and no file name can be used in its place")
    }

    @Test(
        "the defaults of the library are those of openstacksdk, and of data there is none",
        .proves("4j create(image)"))
    func reserved() async throws {
        let name = Lab.uniqueName("reserved")
        try await cleaning(name) {
            let created = try await Lab.service().createImage(NewImage(name: name))
            #expect(created.image.status == .queued)
            #expect(created.image.diskFormat == "qcow2")
            #expect(created.image.containerFormat == "bare")
            #expect(created.sent == nil && created.proof == .notCompared)
        }
    }

    @Test(
        "values become text, but for the numbers, and what is untyped beats them",
        .proves("sdk create_image(meta, **kwargs)"))
    func values() async throws {
        let name = Lab.uniqueName("values")
        try await cleaning(name) {
            var new = NewImage(
                name: name,
                untyped: ["hw_cpu_cores": "8", "min_ram": 128, "name": "not this one"])
            try new.set([
                "min_disk": "7", "min_ram": 64, "hw_cpu_cores": 4, "hw_boot_menu": true,
                "protected": false, "os_hidden": "true",
            ])
            let image = try await Lab.service().createImage(new).image
            #expect(image.name == name)
            #expect(image.minDiskGiB == 7)
            #expect(image.minRAMMiB == 128)
            #expect(image.properties["hw_cpu_cores"] == "8")
            #expect(image.properties["hw_boot_menu"] == "true")
            #expect(image.isHidden && !image.isProtected)
            try await Lab.service().delete(image.id)
        }
    }

    @Test(
        "a cloud's entry names the property that says not to expect an agent, unless disabled",
        .proves("sdk create_image(disable_vendor_agent)"), arguments: [true, false])
    func vendorAgent(_ disables: Bool) async throws {
        let name = Lab.uniqueName("agent")
        try await cleaning(name) {
            let service = try service(
                ImageDefaults(withoutVendorAgent: ["vm_mode": "hvm", "xenapi_use_agent": "False"]))
            let image = try await service.createImage(
                NewImage(name: name, properties: ["vm_mode": "xen"]), from: nil,
                CreateOptions(disablesVendorAgent: disables)
            ).image
            #expect(image.properties["xenapi_use_agent"] == (disables ? "False" : nil))
            #expect(image.properties["vm_mode"] == (disables ? "hvm" : "xen"))
        }
    }

    @Test(
        "a name that is taken: the same data is that image, other data is refused",
        .proves("sdk create_image(allow_duplicates)", "sdk create_image(data, md5, sha256)"))
    func taken() async throws {
        let name = Lab.uniqueName("taken")
        let new = NewImage(name: name, diskFormat: "raw")
        try await cleaning(name) {
            let service = try Lab.service()
            let first = try await service.createImage(new, from: .bytes(bytes))
            let again = try await service.createImage(new, from: .bytes(bytes))
            #expect(!again.isNew && again.sent == nil)
            #expect(again.image.id == first.image.id)
            for promise in [try digest(.md5, of: bytes), try digest(.sha256, of: bytes)] {
                // A stream cannot be read twice, so its promise counts.
                let promised = try await service.createImage(
                    new, from: .sent(.stream(AsyncStream { $0.finish() })),
                    CreateOptions(expected: [promise]))
                #expect(!promised.isNew)
                #expect(promised.image.id == first.image.id)
            }
            let other = await #expect(throws: TranshipError.self) {
                try await service.createImage(new, from: .bytes([1, 2, 3]))
            }
            #expect(other?.code == .targetConflict)
            #expect(
                other?.message
                    == "image \(first.image.id) is named \"\(name)\" already and holds other data")
            #expect(
                other?.hint
                    == "delete or rename it, choose another name, or allow duplicates (--allow-duplicates)"
            )
            let twin = try await service.createImage(
                new, from: .bytes(bytes), CreateOptions(allowsDuplicates: true))
            #expect(twin.isNew && twin.image.id != first.image.id)
            let ambiguous = await #expect(throws: TranshipError.self) {
                try await service.createImage(new, from: .bytes(bytes))
            }
            #expect(ambiguous?.code == .ambiguous)
        }
    }

    @Test(
        "data that is not what was promised leaves no image, and one that is not compared is as sent",
        .proves("sdk create_image(validate_checksum)"))
    func promised() async throws {
        let name = Lab.uniqueName("promised")
        let new = NewImage(name: name, diskFormat: "raw")
        try await cleaning(name) {
            let service = try Lab.service()
            let (right, wrong) = (try digest(.sha256, of: bytes), try digest(.sha256, of: [1]))
            let error = await #expect(throws: TranshipError.self) {
                try await service.createImage(
                    new, from: .bytes(bytes), CreateOptions(expected: [wrong]))
            }
            #expect(error?.code == .checksumMismatch)
            #expect(
                error?.message == "memory hashes to \(right), but \(wrong) was promised")
            #expect(try await service.findIfPresent(name) == nil)
            let unchecked = try await service.createImage(
                new, from: .bytes(bytes), CreateOptions(validates: false))
            #expect(unchecked.proof == .notCompared)
            #expect(unchecked.image.checksums.first == (try digest(.sha512, of: bytes)))
        }
    }

    @Test(
        "a stream that is shorter or longer than its size is refused",
        .proves("sdk create_image(size)", "sdk upload_image(size)"), arguments: [4, 2, 3])
    func size(_ size: Int64) async throws {
        let name = Lab.uniqueName("size")
        let new = NewImage(name: name, diskFormat: "raw")
        try await cleaning(name) {
            let service = try Lab.service()
            let pieces = AsyncStream<[UInt8]> { pieces in
                pieces.yield([1, 2, 3])
                pieces.finish()
            }
            let source = ImageDataSource.stream(pieces, sizeBytes: size)
            guard size != 3 else {
                let created = try await service.createImage(new, from: .sent(source))
                #expect(created.image.sizeBytes == 3)
                return
            }
            let error = await #expect(throws: TranshipError.self) {
                try await service.createImage(new, from: .sent(source))
            }
            let words =
                size > 3
                ? "the body ended early: 3 of 4 bytes were there to send"
                : "the source has more than the 2 bytes that it declared"
            #expect(error?.message.hasSuffix("/file: \(words)") == true)
            #expect(try await service.findIfPresent(name) == nil)
        }
    }

    @Test(
        "data goes through the staging area into the stores that are named, or all",
        .proves(
            "sdk create_image(use_import, stores, all_stores, all_stores_must_succeed, wait)"),
        arguments: [ImportRequest.Stores.standard, .named(["slow"]), .all])
    func imported(_ stores: ImportRequest.Stores) async throws {
        let name = Lab.uniqueName("imported")
        try await cleaning(name) {
            let created = try await Lab.service().createImage(
                NewImage(name: name, diskFormat: "raw"), from: .bytes(bytes),
                CreateOptions(
                    way: .stagedImport, stores: stores, allStoresMustSucceed: true, waiting: brisk))
            let expected: Set<String> =
                switch stores {
                case .standard: ["fast"]
                case .named(let names): Set(names)
                case .all: ["fast", "slow"]
                }
            #expect(Set(created.image.stores) == expected)
            #expect(created.image.status == .active)
            #expect(created.proof == .match(try digest(.sha512, of: bytes)))
        }
    }

    @Test(
        "the service fetches the data from a URL; who does not wait gets the image as it is",
        .proves("sdk create_image(import_method, uri)"))
    func fetched() async throws {
        let bytes = bytes
        let server = try RawHTTPServer { _ in .status(200, body: bytes) }
        let name = Lab.uniqueName("fetched")
        try await cleaning("\(name)-2") {
            try await cleaning(name) {
                let service = try Lab.service()
                let data = NewImageData.fetched(
                    .webDownload(uri: Secret("\(server.url)/\(name).raw")))
                let created = try await service.createImage(
                    NewImage(diskFormat: "raw"), from: data,
                    CreateOptions(expected: [try digest(.sha512, of: bytes)], waiting: brisk))
                #expect(created.image.name == name)
                #expect(created.image.sizeBytes == 300_001)
                #expect(created.proof == .match(try digest(.sha512, of: bytes)))
                let hasty = try await service.createImage(
                    NewImage(name: "\(name)-2", diskFormat: "raw"), from: data,
                    CreateOptions(waiting: nil))
                #expect(hasty.proof == .notCompared)
                _ = try await service.waitForImage(hasty.image.id, pace: brisk)
            }
        }
    }

    @Test(
        "what does not come in time is late, and leaves no image",
        .proves("sdk create_image(timeout)"))
    func late() async throws {
        let name = Lab.uniqueName("late")
        // The server sends nothing until the test is over.
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.readBody()
                exchange.hang()
            }
        }
        try await cleaning(name) {
            let service = try Lab.service()
            let error = await #expect(throws: TranshipError.self) {
                try await service.createImage(
                    NewImage(name: name, diskFormat: "raw"),
                    from: .fetched(.webDownload(uri: Secret("\(server.url)/x"))),
                    CreateOptions(waiting: Pace(intervalSeconds: 0.1, deadlineSeconds: 0.5)))
            }
            #expect(error?.code == .importTimedOut)
            #expect(try await service.findIfPresent(name) == nil)
        }
    }

    @Test(
        "the service fetches the data of an image in another region",
        .proves(
            "sdk create_image(remote_region, remote_image_id, remote_service_interface)"))
    func region() async throws {
        let name = Lab.uniqueName("region")
        try await Lab.withActiveImage(bytes) { _, original in
            try await cleaning(name, "alpha-two") {
                let two = try Lab.service("alpha-two")
                let created = try await two.createImage(
                    NewImage(name: name, diskFormat: "raw"),
                    from: .fetched(
                        .glanceDownload(
                            region: "RegionOne", imageID: original.id, interface: .public)),
                    CreateOptions(expected: original.checksums, waiting: brisk))
                #expect(created.image.checksums == original.checksums)
                #expect(created.proof == .match(original.checksums[0]))
            }
        }
    }

    @Test(
        "bytes in memory are uploaded to an image with attributes",
        .proves("sdk upload_image(container_format, disk_format, data, **attrs)"))
    func memory() async throws {
        let name = Lab.uniqueName("memory")
        try await cleaning(name) {
            let image = try await Lab.service().createImage(
                NewImage(
                    name: name, diskFormat: "raw", containerFormat: "ovf", visibility: .private,
                    properties: ["os_distro": "debian"]),
                from: .bytes(bytes), CreateOptions(recordsChecksums: false)
            ).image
            #expect(image.status == .active && image.sizeBytes == 300_001)
            #expect(image.diskFormat == "raw" && image.containerFormat == "ovf")
            #expect(image.properties["os_distro"] == "debian")
            #expect(image.properties["owner_specified.openstack.md5"] == nil)
        }
    }

    @Test("openstacksdk knows our images again, and we know its")
    func openstacksdk() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, to: "disk.raw")
        let other = try folder.write([1, 2, 3], to: "other.raw")
        let (ours, theirs) = (Lab.uniqueName("ours"), Lab.uniqueName("theirs"))
        let service = try Lab.service()
        try await cleaning(ours) {
            let created = try await service.createImage(
                NewImage(name: ours, diskFormat: "raw"), from: .file(path))
            let same = try await OpenStackSDK.createImage(cloud: "alpha", name: ours, file: path)
            #expect(same.id == created.image.id)
            #expect(same.bodies == 0)
            // openstacksdk would have noticed a change.
            let changed = try await OpenStackSDK.createImage(
                cloud: "alpha", name: ours, file: other)
            #expect(changed.id != created.image.id)
            #expect(changed.bodies == 1)
        }
        try await cleaning(theirs) {
            let created = try await OpenStackSDK.createImage(
                cloud: "alpha", name: theirs, file: path)
            #expect(created.bodies == 1)
            let same = try await service.createImage(
                NewImage(name: theirs, diskFormat: "raw"), from: .file(path))
            #expect(!same.isNew)
            #expect(same.image.id == created.id)
            let error = await #expect(throws: TranshipError.self) {
                try await service.createImage(
                    NewImage(name: theirs, diskFormat: "raw"), from: .file(other))
            }
            #expect(error?.code == .targetConflict)
        }
    }
}
