// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// Where the data of a new image comes from, and where it goes.
struct NewDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file, a URL that this machine reads, or - for standard input.", valueName: "file"))
    var file: DataArgument?

    @Option(help: ArgumentHelp("A URL that the service fetches (web-download).", valueName: "url"))
    var uri: String?

    @OptionGroup var promises: PromiseOptions

    @Flag(name: .customLong("import"), help: "Stage the data and import it.")
    var isImport = false

    @Option(help: ArgumentHelp("A store for the data; repeatable.", valueName: "store"))
    var store: [String] = []

    @Flag(help: "All stores.")
    var allStores = false

    @Flag(exclusivity: .exclusive)
    var failing: StoreFailure?

    @Flag(help: "Skip the comparison with the checksum of the service.")
    var unverified = false

    @Flag(help: "Do not wait until the import ends.")
    var noWait = false

    /// Nil for a record without data.
    func newData() throws(TranshipError) -> NewImageData? {
        switch (file, uri) {
        case (nil, nil): return nil
        case (let file?, nil): return .sent(try file.source(sizeBytes: promises.size?.bytes))
        case (nil, let uri?): return .fetched(.webDownload(uri: Secret(uri)))
        default: throw TranshipError(.usage, "--file and --uri exclude each other")
        }
    }

    func options() throws(TranshipError) -> CreateOptions {
        guard !allStores || store.isEmpty else {
            throw TranshipError(.usage, "--all-stores and --store exclude each other")
        }
        return CreateOptions(
            expected: promises.expected, way: isImport ? .stagedImport : .automatic,
            stores: allStores ? .all : store.isEmpty ? .standard : .named(store),
            allStoresMustSucceed: failing.map { $0 == .disallowFailure }, validates: !unverified)
    }
}
