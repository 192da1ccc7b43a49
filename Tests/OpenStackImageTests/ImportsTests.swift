// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Import info")
struct ImportDecodingTests {
    @Test("methods are listed, and a cloud without imports has none")
    func methods() {
        let info = ImportInfo(record: [
            "import-methods": ["type": "array", "value": ["glance-direct", "web-download"]]
        ])
        #expect(info.methods == [.glanceDirect, .webDownload])
        #expect(ImportInfo(record: [:]).methods.isEmpty)
    }
}

@Suite("Import requests")
struct ImportRequestsTests {
    private func body(_ request: ImportRequest) -> String {
        String(decoding: ImportRequests.start("i", request).body ?? [], as: UTF8.self)
    }

    @Test("each method says what the service needs of it")
    func methods() {
        #expect(body(ImportRequest(.glanceDirect)) == #"{"method":{"name":"glance-direct"}}"#)
        #expect(
            body(
                ImportRequest(
                    .webDownload(uri: Secret("https://h/x?sig=1")), stores: .named(["a", "b"]),
                    allStoresMustSucceed: false)) == """
                    {"all_stores_must_succeed":false,\
                    "method":{"name":"web-download","uri":"https://h/x?sig=1"},"stores":["a","b"]}
                    """)
        #expect(
            body(ImportRequest(.copyImage, stores: .all))
                == #"{"all_stores":true,"method":{"name":"copy-image"}}"#)
        #expect(
            body(
                ImportRequest(
                    .glanceDownload(region: "R", imageID: "j", interface: .internal))) == """
                    {"method":{"glance_image_id":"j","glance_region":"R",\
                    "glance_service_interface":"internal","name":"glance-download"}}
                    """)
    }

    @Test("a URL that may be signed is not printed with its request")
    func secret() {
        let request = ImportRequest(.webDownload(uri: Secret("https://h/x?sig=hidden")))
        var printed = "\(request)"
        dump(request, to: &printed)
        #expect(!printed.contains("hidden"))
    }
}

@Suite("Imports at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceImportsTests {
    @Test("the methods that this cloud allows are listed", .proves("sdk get_import_info"))
    func info() async throws {
        let methods = try await Lab.service().importInfo().methods
        #expect(methods.contains(.glanceDirect))
        #expect(methods.contains(.webDownload))
    }

    @Test(
        "staged data becomes the image's by glance-direct, and its task says success",
        .proves("sdk import_image(image, method, store)", "sdk image_tasks(image)"))
    func glanceDirect() async throws {
        try await Lab.withImage { service, image in
            let bytes = Array(repeating: UInt8(7), count: 70_000)
            try await service.stage(image.id, from: Lab.ring(bytes), sizeBytes: 70_000)
            #expect(try await service.image(image.id).status == .uploading)
            try await service.importImage(
                image.id, ImportRequest(.glanceDirect, stores: .named(["slow"])))
            let active = try await Lab.eventually {
                try await service.image(image.id)
            } until: {
                $0.status == .active
            }
            #expect(active.sizeBytes == 70_000)
            #expect(active.stores == ["slow"])
            let tasks = try await Lab.eventually {
                try await service.tasks(ofImage: image.id)
            } until: {
                $0.allSatisfy(\.status.isFinal)
            }
            #expect(tasks.map(\.type) == ["api_image_import"])
            #expect(tasks.first?.status == .success)
            #expect(tasks.first?.imageID == image.id)
        }
    }

    @Test("an import without staged data is a conflict")
    func nothingStaged() async throws {
        try await Lab.withImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.importImage(image.id, ImportRequest(.glanceDirect))
            }
            #expect(error?.code == .conflict)
        }
    }

    @Test("a URL that the cloud does not allow is refused at once")
    func disallowedURI() async throws {
        try await Lab.withImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.importImage(
                    image.id, ImportRequest(.webDownload(uri: Secret("ftp://example.org/x"))))
            }
            #expect(error?.code == .badRequest)
        }
    }

    @Test("a download that fails shows in the task, while the image is just queued again")
    func failedWebDownload() async throws {
        try await Lab.withImage { service, image in
            try await service.importImage(
                image.id, ImportRequest(.webDownload(uri: Secret("http://127.0.0.1:9/x"))))
            let tasks = try await Lab.eventually {
                try await service.tasks(ofImage: image.id)
            } until: {
                $0.first?.status.isFinal == true
            }
            #expect(tasks.first?.status == .failure)
            #expect(tasks.first?.message.isEmpty == false)
            let back = try await Lab.eventually {
                try await service.image(image.id)
            } until: {
                $0.status == .queued
            }
            #expect(back.properties["os_glance_failed_import"] != nil)
        }
    }

    @Test(
        "an admin copies an image into another store and removes the copy again",
        .proves("sdk import_image(stores)", "sdk delete_image(store)"))
    func copied() async throws {
        try await Lab.withActiveImage { _, image in
            let admin = try Lab.service("alpha-admin")
            try await admin.importImage(
                image.id,
                ImportRequest(.copyImage, stores: .named(["slow"]), allStoresMustSucceed: true))
            let copied = try await Lab.eventually {
                try await admin.image(image.id)
            } until: {
                Set($0.stores) == ["fast", "slow"]
            }
            #expect(copied.status == .active)
            // The task writes the record once more when it ends.
            _ = try await Lab.eventually {
                try await admin.tasks(ofImage: image.id)
            } until: {
                $0.allSatisfy(\.status.isFinal)
            }
            try await admin.deleteCopy(image.id, inStore: "slow")
            #expect(try await admin.image(image.id).stores == ["fast"])
            let absent = "00000000-0000-4000-8000-000000000000"
            try await admin.deleteCopy(absent, inStore: "slow", missingIsFine: true)
            let missing = await #expect(throws: TranshipError.self) {
                try await admin.deleteCopy(absent, inStore: "slow")
            }
            #expect(missing?.code == .notFound)
            let last = await #expect(throws: TranshipError.self) {
                try await admin.deleteCopy(image.id, inStore: "fast")
            }
            #expect(last?.code == .forbidden)
        }
    }

    @Test(
        "the service fetches a URL into all stores, of which each must take it",
        .proves("sdk import_image(uri, all_stores, all_stores_must_succeed)"),
        arguments: [true, false])
    func webDownload(_ allMustSucceed: Bool) async throws {
        let bytes = noise(70_000)
        let server = try RawHTTPServer { _ in .status(200, body: bytes) }
        try await Lab.withImage { service, image in
            let active = try await service.importImage(
                image.id,
                ImportRequest(
                    .webDownload(uri: Secret("\(server.url)/disk.raw")), stores: .all,
                    allStoresMustSucceed: allMustSucceed),
                waiting: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
            #expect(active.sizeBytes == 70_000)
            #expect(Set(active.stores) == ["fast", "slow"])
        }
    }

    @Test(
        "the service fetches an image of another region",
        .proves("sdk import_image(remote_region, remote_image_id, remote_service_interface)"))
    func glanceDownload() async throws {
        try await Lab.withActiveImage { _, original in
            try await Lab.withImage(
                NewImage(diskFormat: "raw", containerFormat: "bare"), "alpha-two"
            ) { two, image in
                let active = try await two.importImage(
                    image.id,
                    ImportRequest(
                        .glanceDownload(
                            region: "RegionOne", imageID: original.id, interface: .public)),
                    waiting: Pace(intervalSeconds: 0.1, deadlineSeconds: 60))
                #expect(active.checksums == original.checksums)
            }
        }
    }
}
