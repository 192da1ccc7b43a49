// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel

/// A file of Simplestreams: an index of other files (`index:1.0`), or products (`products:1.0`).
///
/// The format is described at <https://canonical-simplestreams.readthedocs-hosted.com/>; this reads
/// it as publishers write it.
struct SimplestreamsIndex {
    private let root: JSONValue
    /// The file's address, for messages.
    private let shown: String

    /// - Throws: ``TranshipError/Code/sourceUnavailable`` if the text is not JSON within bounds.
    init(_ text: [UInt8], shown: String) throws(TranshipError) {
        self.shown = shown
        if let excess = text.withUnsafeBytes({ JSONBounds.excess(of: $0) }) {
            throw Self.refused(shown, excess)
        }
        do {
            root = try JSONDecoder().decode(JSONValue.self, from: Data(text))
        } catch {
            throw Self.notJSON(text, shown)
        }
    }

    /// The newest version of a product.
    struct Product {
        /// The product's name, for people and for image names.
        var name: String
        var version: String
        /// The path relative to the root.
        var path: String
        var checksum: Checksum? = nil
        /// The size of the data at the path, from the item; nil if the item does not state it.
        var sizeBytes: Int64?
        /// Properties for the record: `os_distro`, `os_version`, `architecture`.
        var properties: [String: String]
        /// An error that affects only this product.
        var refusal: TranshipError?
    }

    private static let architectures = [
        "amd64": "x86_64", "arm64": "aarch64", "i386": "i686", "ppc64el": "ppc64le",
        "armhf": "armv7l",
    ]

    /// Returns the address to which paths are relative: the address of the index without
    /// `streams/v1/…`.
    static func root(of index: String) -> String {
        let address = index.prefix { $0 != "?" && $0 != "#" }
        if let streams = address.firstRange(of: "/streams/v1/") {
            return String(address[..<streams.lowerBound]) + "/"
        }
        return String(address[...(address.lastIndex(of: "/") ?? address.startIndex)])
    }

    /// Returns the files with products of images, and the reason if one of them cannot be read. Nil
    /// if this file itself has products.
    ///
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` for another format.
    func paths() throws(TranshipError) -> (all: [String], refusal: TranshipError?)? {
        let format = root["format"]?.string ?? ""
        if format.hasPrefix("products:") { return nil }
        guard format.hasPrefix("index:"), let entries = root["index"]?.object else {
            throw refused("is not of Simplestreams: its format is \"\(format.prefix(40))\"")
        }
        var paths: [String] = []
        var refusal: TranshipError?
        for (_, value) in entries.sorted(by: { $0.key < $1.key }) {
            // Both fields are optional: the file itself has them, see ``isOfOtherData``.
            guard value["datatype"]?.string.map({ $0 == Self.dataType }) ?? true,
                value["format"]?.string?.hasPrefix("products:") ?? true
            else { continue }
            do throws(TranshipError) {
                guard let text = try path(of: value) else { continue }
                let path = try checked(text)
                // Two entries may name the same file.
                if !paths.contains(path) { paths.append(path) }
            } catch {
                refusal = refusal ?? error
            }
        }
        return (paths, refusal)
    }

    private static let dataType = "image-downloads"

    /// True if the file has no images to download, which an index need not state.
    var isOfOtherData: Bool {
        root["format"]?.string.map { !$0.hasPrefix("products:") } ?? false
            || root["datatype"]?.string.map { $0 != Self.dataType } ?? false
    }

    /// - Parameters:
    ///   - item: the name or `ftype` of the file in each version.
    ///   - selects: decides by the product's own fields.
    func products(
        item: String, selects: ([String: String]) -> Bool
    ) throws(TranshipError) -> [Product] {
        guard let all = try? Self.object(root["products"]) else {
            throw refused("has \"products\" that are not an object")
        }
        var products: [Product] = []
        for (name, product) in all.sorted(by: { $0.key < $1.key }) {
            guard let entry = product.object else {
                let fault = damaged(name, "it is not an object")
                products.append(Self.refused(name, "", fault))
                continue
            }
            let fields = entry.compactMapValues(Self.words)
            guard selects(fields) else { continue }
            let newest: (version: String, item: JSONValue)
            let path: String
            do throws(TranshipError) {
                guard let found = try self.newest(item, of: name, entry),
                    let text = try self.path(of: found.item, of: name)
                else { continue }
                (newest, path) = (found, text)
            } catch {
                products.append(Self.refused(name, "", error))
                continue
            }
            var properties: [String: String] = [:]
            properties["os_distro"] = fields["os"]
            properties["os_version"] = fields["version"]
            properties["architecture"] = fields["arch"].map { Self.architectures[$0] ?? $0 }
            var found = Product(
                name: name.withControlsShown, version: newest.version, path: "",
                properties: properties)
            do throws(TranshipError) {
                found.path = try checked(path, of: name)
                found.checksum = try checksum(newest.item, of: name)
                found.sizeBytes = try size(newest.item, of: name)
                try expectPlain([name, newest.version] + properties.values.sorted(), of: name)
            } catch {
                found.refusal = error
            }
            products.append(found)
        }
        return products
    }

    /// Returns the newest version of a product that has the item; nil if none has it.
    ///
    /// - Throws: if the newest version is unknown, because one of its values has the wrong type.
    private func newest(
        _ item: String, of product: String, _ entry: [String: JSONValue]
    ) throws(TranshipError) -> (version: String, item: JSONValue)? {
        guard let versions = try? Self.object(entry["versions"]) else {
            throw damaged(product, "its \"versions\" are not an object")
        }
        var newest: (version: String, item: Result<JSONValue, TranshipError>)?
        for (version, value) in versions {
            let found: Result<JSONValue, TranshipError>
            do throws(TranshipError) {
                guard let match = try match(item, in: value, version, of: product) else { continue }
                found = .success(match)
            } catch {
                found = .failure(error)
            }
            let order = newest.map { VersionOrder.compare($0.version, version) } ?? -1
            if order < 0 || (order == 0 && newest.map { $0.version < version } == true) {
                newest = (version, found)
            }
        }
        guard let newest else { return nil }
        return (newest.version, try newest.item.get())
    }

    /// Returns the item of a version; nil if no item has that name or kind.
    private func match(
        _ item: String, in value: JSONValue, _ version: String, of product: String
    ) throws(TranshipError) -> JSONValue? {
        let place = "its version \(version.prefix(80).description.withControlsShown)"
        guard let fields = value.object, let items = try? Self.object(fields["items"]) else {
            throw damaged(product, "\(place) has no object \"items\"")
        }
        let match =
            items[item]
            ?? items.sorted { $0.key < $1.key }
            .first { $0.value["ftype"]?.string == item }?.value
        // An unreadable item may be the one that is wanted.
        let unread = match == nil ? items.values.first { !Self.saysItsKind($0) } : nil
        guard match.map({ $0.object != nil }) ?? true, unread == nil else {
            throw damaged(
                product, "\(place) has an item that is not an object, or whose ftype is not a text")
        }
        return match
    }

    private static func saysItsKind(_ item: JSONValue) -> Bool {
        guard let fields = item.object else { return false }
        return (fields["ftype"] ?? .null) == .null || fields["ftype"]?.string != nil
    }

    /// Returns the path of an item, or of an entry of the index; nil if it has none.
    private func path(
        of value: JSONValue, of product: String? = nil
    ) throws(TranshipError) -> String? {
        let path = value["path"] ?? .null
        guard value.object != nil, path == .null || path.string != nil else {
            guard let product else {
                throw refused(
                    "has an entry whose path is not a text",
                    hint: "ask its publisher to correct the index")
            }
            throw damaged(product, "its path is not a text")
        }
        return path.string
    }

    /// Returns the members of an object; none for null.
    ///
    /// - Throws: if the value has another type, which is not the same as a missing value.
    private static func object(_ value: JSONValue?) throws(NotAnObject) -> [String: JSONValue] {
        switch value {
        case nil, .null: [:]
        case .object(let members): members
        default: throw NotAnObject()
        }
    }

    private struct NotAnObject: Error {}

    private func damaged(_ product: String, _ words: String) -> TranshipError {
        refused(
            "is damaged at product \(product.withControlsShown): \(words)", hint: Self.productHint)
    }

    private static func refused(
        _ product: String, _ version: String, _ refusal: TranshipError
    ) -> Product {
        Product(
            name: product.withControlsShown, version: version, path: "", properties: [:],
            refusal: refusal)
    }

    private static func words(_ value: JSONValue) -> String? {
        value.string ?? value.bool.map { "\($0)" } ?? value.integer.map { "\($0)" }
    }

    /// Returns the strongest checksum of the item.
    ///
    /// - Throws: if a value is not a checksum of its algorithm.
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

    /// Returns the size of the item.
    ///
    /// - Throws: if the size is not a number of bytes.
    private func size(_ item: JSONValue, of product: String) throws(TranshipError) -> Int64? {
        guard let value = item["size"], value != .null else { return nil }
        guard let bytes = value.integer ?? value.string.flatMap({ Int64($0) }), bytes >= 0 else {
            throw refused("has no valid size for product \(product)", hint: Self.productHint)
        }
        return bytes
    }

    /// Checks the texts from which names and properties of images are made.
    ///
    /// - Throws: if a text has characters that a terminal obeys or hides.
    private func expectPlain(_ texts: [String], of product: String) throws(TranshipError) {
        guard let text = texts.first(where: { $0.unicodeScalars.contains(where: \.isUnseen) })
        else { return }
        throw refused(
            "has control characters in product \(product.withControlsShown): "
                + "\"\(text.prefix(80).description.withControlsShown)\"", hint: Self.productHint)
    }

    private static let productHint = "ask its publisher; `products` can leave the product out"

    /// Checks a path.
    ///
    /// - Throws: if the path leads out of the root.
    private func checked(
        _ path: String, of product: String? = nil
    ) throws(TranshipError) -> String {
        // Servers and curl treat the escapes of these characters like the characters.
        let plain = ["%2e": ".", "%2f": "/", "%5c": "\\"].reduce(path) { plain, escape in
            plain.replacing(escape.key, with: escape.value)
                .replacing(escape.key.uppercased(), with: escape.value)
        }
        let parts = plain.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, path.utf8.count <= 4096, !plain.contains("\\"),
            !parts.contains(where: { ["", ".", ".."].contains($0) || $0.hasSuffix(":") }),
            path.unicodeScalars.allSatisfy({ !$0.isUnseen && $0 != " " })
        else {
            let owner = product.map { " of product \($0.withControlsShown)" } ?? ""
            let isUnseen = path.unicodeScalars.contains { $0.isUnseen || $0 == " " }
            let words =
                path.isEmpty
                ? "is empty"
                : isUnseen ? "has a space or a control character" : "leads out of it"
            throw refused(
                "names the path \"\(path.prefix(200).description.withControlsShown)\"\(owner), which "
                    + words,
                hint: product == nil ? "ask its publisher to correct the index" : Self.productHint)
        }
        return path
    }

    private func refused(_ words: String, hint: String? = nil) -> TranshipError {
        guard let hint else { return Self.refused(shown, words) }
        return TranshipError(.sourceUnavailable, "\(shown) \(words)", hint: hint)
    }

    private static func notJSON(_ text: [UInt8], _ shown: String) -> TranshipError {
        let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        switch first {
        case UInt8(ascii: "{"):
            return TranshipError(
                .sourceUnavailable, "\(shown) is not whole: it begins as JSON and does not end so",
                hint: "run again later: its publisher may be writing it; if it stays so, ask the "
                    + "publisher",
                isTransient: true)
        case UInt8(ascii: "<"):
            return TranshipError(
                .sourceUnavailable, "\(shown) is a web page, not a file of Simplestreams",
                hint: "open it in a browser: the address may need a login or may have moved")
        default: return refused(shown, "is not JSON")
        }
    }

    private static func refused(_ shown: String, _ words: String) -> TranshipError {
        TranshipError(
            .sourceUnavailable, "\(shown) \(words)",
            hint: "name the index of Simplestreams, such as "
                + "https://cloud-images.ubuntu.com/releases/streams/v1/index.sjson")
    }
}
