// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel

/// A file of Simplestreams: an index of others (`index:1.0`), or products (`products:1.0`).
///
/// The format is that of <https://canonical-simplestreams.readthedocs-hosted.com/>, as publishers
/// write it.
struct SimplestreamsIndex {
    private let root: JSONValue
    /// Its address, for messages.
    private let shown: String

    /// - Throws: ``TranshipError/Code/sourceUnavailable`` for what is not JSON within bounds.
    init(_ text: [UInt8], shown: String) throws(TranshipError) {
        self.shown = shown
        if let excess = text.withUnsafeBytes({ JSONBounds.excess(of: $0) }) {
            throw Self.refused(shown, excess)
        }
        do {
            root = try JSONDecoder().decode(JSONValue.self, from: Data(text))
        } catch {
            throw Self.refused(shown, "is not JSON")
        }
    }

    /// The newest version of a product.
    struct Product {
        var version: String
        /// Relative to the root.
        var path: String
        var checksum: Checksum? = nil
        /// For the record: `os_distro`, `os_version`, `architecture`.
        var properties: [String: String]
        /// What is wrong with this product alone.
        var refusal: TranshipError?
    }

    private static let architectures = [
        "amd64": "x86_64", "arm64": "aarch64", "i386": "i686", "ppc64el": "ppc64le",
        "armhf": "armv7l",
    ]

    /// The address that paths are relative to: that of the index without `streams/v1/…`.
    static func root(of index: String) -> String {
        let address = index.prefix { $0 != "?" && $0 != "#" }
        if let streams = address.firstRange(of: "/streams/v1/") {
            return String(address[..<streams.lowerBound]) + "/"
        }
        return String(address[...(address.lastIndex(of: "/") ?? address.startIndex)])
    }

    /// The files with products of images; nil if this is one itself.
    ///
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` for another format.
    func paths() throws(TranshipError) -> [String]? {
        let format = root["format"]?.string ?? ""
        if format.hasPrefix("products:") { return nil }
        guard format.hasPrefix("index:"), let entries = root["index"]?.object else {
            throw refused("is not of Simplestreams: its format is \"\(format.prefix(40))\"")
        }
        var paths: [String] = []
        for (_, value) in entries.sorted(by: { $0.key < $1.key }) {
            guard value["datatype"]?.string == "image-downloads",
                value["format"]?.string?.hasPrefix("products:") == true,
                let path = value["path"]?.string
            else { continue }
            paths.append(try checked(path))
        }
        return paths
    }

    /// - Parameters:
    ///   - item: the name or `ftype` of the file that each version has.
    ///   - selects: by the product's own fields.
    func products(
        item: String, selects: ([String: String]) -> Bool
    ) throws(TranshipError) -> [Product] {
        var products: [Product] = []
        for (name, product) in (root["products"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let fields = (product.object ?? [:]).compactMapValues(Self.words)
            guard selects(fields) else { continue }
            var newest: (version: String, item: JSONValue)?
            for (version, value) in product["versions"]?.object ?? [:] {
                let items = value["items"]?.object ?? [:]
                let match =
                    items[item]
                    ?? items.sorted { $0.key < $1.key }
                    .first { $0.value["ftype"]?.string == item }?.value
                guard let match else { continue }
                let order = newest.map { VersionOrder.compare($0.version, version) } ?? -1
                if order < 0 || (order == 0 && newest.map { $0.version < version } == true) {
                    newest = (version, match)
                }
            }
            guard let newest, let path = newest.item["path"]?.string else { continue }
            var properties: [String: String] = [:]
            properties["os_distro"] = fields["os"]
            properties["os_version"] = fields["version"]
            properties["architecture"] = fields["arch"].map { Self.architectures[$0] ?? $0 }
            var found = Product(version: newest.version, path: "", properties: properties)
            do throws(TranshipError) {
                found.path = try checked(path, of: name)
                found.checksum = try checksum(newest.item, of: name)
            } catch {
                found.refusal = error
            }
            products.append(found)
        }
        return products
    }

    private static func words(_ value: JSONValue) -> String? {
        value.string ?? value.bool.map { "\($0)" } ?? value.integer.map { "\($0)" }
    }

    /// The strongest that the item has.
    ///
    /// - Throws: for one that is not a checksum of its algorithm.
    private func checksum(_ item: JSONValue, of product: String) throws(TranshipError) -> Checksum?
    {
        for algorithm in Checksum.Algorithm.allCases.reversed() {
            guard let value = item[algorithm.rawValue], value != .null else { continue }
            guard let digits = value.string, let checksum = try? Checksum(algorithm, digits) else {
                throw TranshipError(
                    .sourceUnavailable,
                    "\(shown) has no valid \(algorithm.rawValue) for product \(product): "
                        + "\(value.string.map { "\"\($0.prefix(80))\"" } ?? "not a text")",
                    hint: "ask its publisher; `products` can leave the product out")
            }
            return checksum
        }
        return nil
    }

    /// - Throws: for a path that leads out of the root.
    private func checked(
        _ path: String, of product: String? = nil
    ) throws(TranshipError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, path.utf8.count <= 4096, !path.contains("\\"),
            !parts.contains(where: { ["", ".", ".."].contains($0) || $0.hasSuffix(":") }),
            path.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else {
            let owner = product.map { " of product \($0)" } ?? ""
            throw refused(
                "names the path \"\(path.prefix(200))\"\(owner), which leads out of it")
        }
        return path
    }

    private func refused(_ words: String) -> TranshipError { Self.refused(shown, words) }

    private static func refused(_ shown: String, _ words: String) -> TranshipError {
        TranshipError(
            .sourceUnavailable, "\(shown) \(words)",
            hint: "name the index of Simplestreams, such as "
                + "https://cloud-images.ubuntu.com/releases/streams/v1/index.sjson")
    }
}
