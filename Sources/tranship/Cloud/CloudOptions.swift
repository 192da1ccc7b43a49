// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationModel
import OpenStackImage

/// The cloud of a command, and the format of its output.
struct CloudOptions: ParsableArguments {
    @Option(
        name: [.customLong("cloud"), .customLong("os-cloud")],
        help: .value(
            "name", "The entry of the cloud in clouds.yaml.",
            discussion: "Default: $OS_CLOUD, else the OS_* variables."), completion: .cloud)
    var cloud: String?

    @Option(
        name: [.customLong("region"), .customLong("os-region-name")],
        help: .value(
            "name", "The region.",
            discussion: "Default: that of the entry; of the OS_* variables, $OS_REGION_NAME."))
    var region: String?

    @Option(
        name: [.customLong("interface"), .customLong("os-interface")],
        help: .value(
            "interface", "The endpoint to use: public, internal or admin.",
            discussion: "Default: that of the entry, else public."), completion: .interface)
    var interface: String?

    @Option(
        name: [.customLong("project"), .customLong("os-project-name")],
        help: .value(
            "project", "Another project, by name or id.", discussion: "Default: that of the entry.")
    )
    var project: String?

    @Option(
        name: [.customLong("format"), .customShort("f")],
        help: "table, csv or value; or json or yaml with the keys of the Image API.")
    var kind: RecordFormat.Kind = .table

    @Option(
        name: [.customLong("column"), .customShort("c")],
        help: .value("column", "Only this column or key; repeatable."))
    var columns: [String] = []

    var format: RecordFormat { RecordFormat(kind, columns: columns) }

    /// The options that choose the cloud, for a command in a hint.
    var words: [String] {
        [
            ("--cloud", cloud), ("--region", region), ("--interface", interface),
            ("--project", project),
        ]
        .flatMap { name, value in value.map { [name, $0] } ?? [] }
    }

    /// Returns the Image service of that cloud. Sends nothing yet.
    func service() throws(TranshipError) -> ImageService {
        let environment = ProcessInfo.processInfo.environment
        let session = try CloudSession.named(
            cloud, region: region, interface: interface, project: project,
            environment: environment)
        CommandCloud.remember(session.cloudName)
        if region == nil, let other = environment["OS_REGION_NAME"], !other.isEmpty,
            let own = session.configuration.region, own != other
        {
            // `openstack` applies the variable to any cloud.
            Terminal.tell(
                "note: region \(own), as the entry \(session.cloudName) says; OS_REGION_NAME does not "
                    + "change it, and --region does")
        }
        return ImageService(session)
    }
}

extension RecordFormat.Kind: ExpressibleByArgument {}

/// The cloud of a command for one cloud, for its errors: the operator may not have named it.
enum CommandCloud {
    private static let name = Guarded<String?>(nil)

    static func remember(_ cloud: String) { name.withLock { $0 = cloud } }

    /// Returns the error with the name of the cloud in front, if its Image service answered it.
    static func naming(_ error: TranshipError) -> TranshipError {
        guard error.answer?.service == .image, let cloud = name.withLock({ $0 }),
            !error.isNaming(cloud)
        else { return error }
        return error.of(cloud: cloud)
    }
}

extension CloudOptions {
    /// Returns the Image service and the image that the argument names.
    func find(
        _ image: ImageArgument
    ) async throws(TranshipError) -> (service: ImageService, image: Image) {
        let service = try service()
        return (service, try await service.found(image.image))
    }

    /// Does the work for several images, each given by id or name.
    ///
    /// If one fails, the others are still done. The exit code is then the one of a run with failed
    /// images.
    func forEach(
        _ names: [String], missingIsFine: Bool = false,
        _ work: (ImageService, Image) async throws(TranshipError) -> Void
    ) async throws {
        let service = try service()
        var failures = 0
        for name in names {
            do throws(TranshipError) {
                try await work(service, try await service.found(name))
            } catch {
                if missingIsFine, error.code == .notFound { continue }
                guard names.count > 1 else { throw error }
                Terminal.tell(CommandCloud.naming(error), of: name)
                failures += 1
            }
        }
        if failures > 0 { throw EarlyExit(status: .someFailed) }
    }

    /// Prints records that have all been read already.
    func put(_ records: [[String: JSONValue]], _ columns: [RecordList.Column]) throws(TranshipError)
    {
        var list = RecordList(format, columns)
        for record in records { list.add(record) }
        try list.end()
    }
}

extension ImageService {
    /// Finds an image like ``find(_:)``. If no image has the name, the hint is the closest name
    /// among the newest images.
    func found(_ nameOrID: String) async throws(TranshipError) -> Image {
        do throws(TranshipError) {
            return try await find(nameOrID)
        } catch {
            guard error.code == .notFound,
                let nearest = Nearest.to(nameOrID, in: await newestNames())
            else { throw error }
            throw error.hinting("did you mean \"\(nearest)\"?")
        }
    }

    private func newestNames() async -> [String] {
        do {
            for try await page in images(ImageQuery()) { return page.compactMap(\.name) }
        } catch {
            // Without the names, only the hint is lost.
        }
        return []
    }
}
