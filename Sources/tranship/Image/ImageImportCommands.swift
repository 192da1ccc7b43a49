// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Let the service fetch or copy the data of an image.",
        discussion: """
              $ tranship image stage new disk.qcow2 && tranship image import new --wait
              $ tranship image import new --method web-download \\
                  --uri https://example.org/disk.qcow2
              $ tranship image import golden --method copy-image --store slow --wait
              $ tranship image import new --method glance-download \\
                  --remote-region RegionTwo \\
                  --remote-image 5ffa62d7-c08d-4678-a9f4-7c8b267be350

            `tranship image import-info` lists the methods that a cloud allows.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Source and stores") var method: ImportOptions

    @Flag(help: "Wait until the import ends, and fail if it fails.")
    var wait = false

    @OptionGroup(title: "Waiting") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let request = try method.request()
        let (service, image) = try await cloud.find(image)
        if wait {
            let talk = StandingTalk()
            defer { talk.end() }
            try await service.importImage(
                image.id, request, waiting: waiting.pace, onLook: talk.look)
        } else {
            try await service.importImage(image.id, request)
        }
        try await service.image(image.id).put(cloud.format)
    }
}

struct ImageImportInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-info",
        abstract: "List the import methods that a cloud allows.",
        discussion: """
              $ tranship image import-info --cloud alpha
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let info = try await cloud.service().importInfo()
        guard cloud.kind == .table else { return Record(info.record).put(cloud.format) }
        for method in info.methods.map(\.rawValue).sorted() { Terminal.put(method) }
    }
}

/// The method by which the service gets the data of an image, and the stores for it.
struct ImportOptions: ParsableArguments {
    @Option(help: "glance-direct, web-download, copy-image or glance-download.")
    var method: ImportMethodArgument = .glanceDirect

    @Option(help: .value("url", "web-download: the URL of the data."))
    var uri: String?

    @Option(help: .value("region", "glance-download: the region that has the image."))
    var remoteRegion: String?

    @Option(help: .value("id", "glance-download: the id of the image there."))
    var remoteImage: String?

    @Option(help: .value("interface", "glance-download: public, internal or admin."))
    var remoteServiceInterface: String?

    @OptionGroup var stores: StoresOptions

    /// - Throws: ``TranshipError/Code/usage`` if the options contradict each other.
    func request() throws(TranshipError) -> ImportRequest {
        let chosen = try stores.choice()
        return ImportRequest(
            try source(), stores: chosen, allStoresMustSucceed: stores.allMustSucceed)
    }

    private func source() throws(TranshipError) -> ImportRequest.Method {
        func need(_ value: String?, _ option: String) throws(TranshipError) -> String {
            if let value { return value }
            throw TranshipError(.usage, "\(method.rawValue) needs \(option)")
        }
        switch method {
        case .glanceDirect: return .glanceDirect
        case .copyImage: return .copyImage
        case .webDownload: return .webDownload(uri: Secret(try need(uri, "--uri")))
        case .glanceDownload:
            return .glanceDownload(
                region: try need(remoteRegion, "--remote-region"),
                imageID: try need(remoteImage, "--remote-image"),
                interface: remoteServiceInterface.map(EndpointInterface.init(rawValue:)))
        }
    }
}

enum ImportMethodArgument: String, CaseIterable, ExpressibleByArgument {
    case glanceDirect = "glance-direct"
    case webDownload = "web-download"
    case copyImage = "copy-image"
    case glanceDownload = "glance-download"
}

/// The stores that get the data.
struct StoresOptions: ParsableArguments {
    @Option(help: "A store for the data; repeatable.")
    var store: [String] = []

    @Flag(help: "All stores.")
    var allStores = false

    @Flag(exclusivity: .exclusive)
    var failing: StoreFailure?

    /// True if all stores must succeed; nil leaves the choice to the service.
    var allMustSucceed: Bool? { failing.map { $0 == .disallowFailure } }

    /// - Throws: ``TranshipError/Code/usage`` if the options contradict each other.
    func choice() throws(TranshipError) -> ImportRequest.Stores {
        guard !allStores || store.isEmpty else {
            throw TranshipError(.usage, "--all-stores and --store exclude each other")
        }
        return allStores ? .all : store.isEmpty ? .standard : .named(store)
    }
}

enum StoreFailure: String, EnumerableFlag {
    case allowFailure, disallowFailure

    static func help(for value: Self) -> ArgumentHelp? {
        value == .allowFailure
            ? "Succeed if at least one store succeeds." : "Fail if any store fails."
    }
}
