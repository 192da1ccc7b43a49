// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// How the service gets the data of an image, and which stores get it.
struct ImportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "glance-direct, web-download, copy-image or glance-download.", valueName: "method"))
    var method: ImportMethodArgument = .glanceDirect

    @Option(help: ArgumentHelp("web-download: the URL of the data.", valueName: "url"))
    var uri: String?

    @Option(
        help: ArgumentHelp("glance-download: the region that has the image.", valueName: "region"))
    var remoteRegion: String?

    @Option(help: ArgumentHelp("glance-download: the id of the image there.", valueName: "id"))
    var remoteImage: String?

    @Option(
        help: ArgumentHelp(
            "glance-download: public, internal or admin.", valueName: "interface"))
    var remoteServiceInterface: String?

    @Option(help: ArgumentHelp("A store for the data; repeatable.", valueName: "store"))
    var store: [String] = []

    @Flag(help: "All stores.")
    var allStores = false

    @Flag(exclusivity: .exclusive)
    var failing: StoreFailure?

    /// - Throws: ``TranshipError/Code/usage`` if the options contradict each other.
    func request() throws(TranshipError) -> ImportRequest {
        let stores: ImportRequest.Stores =
            allStores ? .all : store.isEmpty ? .standard : .named(store)
        guard !allStores || store.isEmpty else {
            throw TranshipError(.usage, "--all-stores and --store exclude each other")
        }
        return ImportRequest(
            try source(), stores: stores,
            allStoresMustSucceed: failing.map { $0 == .disallowFailure })
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

enum StoreFailure: String, EnumerableFlag {
    case allowFailure, disallowFailure

    static func help(for value: Self) -> ArgumentHelp? {
        value == .allowFailure
            ? "Succeed if at least one store succeeds." : "Fail if any store fails."
    }
}
