// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import OpenStackImage

/// Creates, fills, reads and deletes one image on a cloud:
///
///     swift run --package-path Examples ImageTour CLOUD FILE
///
/// The guide, docs/library.md, quotes parts of this file.
@main
struct ImageTour {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("usage: ImageTour CLOUD FILE")
            exit(2)
        }
        do {
            try await tour(cloud: arguments[1], file: arguments[2])
        } catch {
            print(explained(error))
            exit(1)
        }
    }

    static func tour(cloud: String, file: String) async throws(TranshipError) {
        let service = try connect(to: cloud)
        try await describe(service)
        let image = try await create(service, file)
        do throws(TranshipError) {
            try await change(service, image)
            try await read(service, image, into: "\(file).copy")
            try await list(service)
        } catch {
            try await service.delete(image.id, missingIsFine: true)
            throw error
        }
        try await service.delete(image.id)
        print("deleted \(image.id)")
    }

    static func connect(to cloud: String) throws(TranshipError) -> ImageService {
        // As the openstack client finds it: clouds.yaml, secure.yaml, OS_*.
        let session = try CloudSession.named(
            cloud, environment: ProcessInfo.processInfo.environment)
        return ImageService(session)
    }

    static func describe(_ service: ImageService) async throws(TranshipError) {
        let newest = try await service.versions().first
        print("version:", newest?.id ?? "none")
        let methods = try await service.importInfo().methods
        print("imports by:", methods.map(\.rawValue).sorted().joined(separator: ", "))
        for store in try await service.stores() {
            print("store:", store.id, store.isDefault ? "(default)" : "")
        }
    }

    static func create(
        _ service: ImageService, _ file: String
    ) async throws(TranshipError) -> Image {
        var new = NewImage(diskFormat: "raw", containerFormat: "bare", tags: ["tour"])
        new.properties["os_distro"] = "debian"
        let created = try await service.createImage(new, from: .file(file)) { bytes in
            print("sent:", bytes)
        }
        print("created:", created.image.name ?? "", created.isNew ? "anew" : "earlier")
        if case .match(let checksum) = created.proof {
            // What was read here is what the service reports.
            print("proved:", checksum.algorithm)
        }
        return created.image
    }

    static func change(_ service: ImageService, _ image: Image) async throws(TranshipError) {
        var changed = image
        changed.minDiskGiB = 1
        changed.properties["os_version"] = "12"
        changed.properties["os_distro"] = nil
        // One JSON patch with these three changes, and with nothing else.
        let updated = try await service.update(from: image, to: changed)
        print("changed:", updated.properties["os_version"]?.string ?? "")
    }

    static func read(
        _ service: ImageService, _ image: Image, into copy: String
    ) async throws(TranshipError) {
        let file = try await service.download(image.id, toFile: copy)
        print("downloaded:", file.sizeBytes)

        var count = 0
        for try await piece in service.data(of: image.id) {
            count += piece.count
        }
        print("read:", count)

        let start = DownloadOptions(range: .bytes(0...511))
        let sector = try await service.download(image.id, start) { bytes in
            print("first bytes:", bytes.count)
        }
        print("proved in part:", sector.proof != nil)
    }

    static func list(_ service: ImageService) async throws(TranshipError) {
        let query = ImageQuery(
            status: [.active, .queued], tags: ["tour"], sort: [.init("name")])
        for try await image in service.images(query).flattened {
            print("listed:", image.name ?? image.id, image.status)
        }
    }

    static func explained(_ error: TranshipError) -> String {
        switch error.code {
        case .notFound, .ambiguous: "not that one: \(error.message)"
        case .authenticationFailed: "not let in: \(error.message)"
        case .checksumMismatch, .verificationMismatch: "broken on its way: \(error.message)"
        case _ where error.isTransient: "try again later: \(error.message)"
        default: "\(error.message)\(error.hint.map { " (\($0))" } ?? "")"
        }
    }
}
