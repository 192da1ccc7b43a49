// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The files and folders on the page that a web server shows for a folder. Apache, nginx, lighttpd,
/// Caddy and Python's `http.server` write a web page with a link to each.
///
/// Only links to files and folders directly in the folder count, not links to other folders or
/// hosts. The path of a link decides. Its query is dropped. Links for sorting (`?C=N;O=D` of Apache
/// and nginx's fancyindex, `./?sort=name` of Caddy) have only a query, so they name nothing.
/// `disk.raw?h=main` (cgit) and `disk.raw?download=1` (Zenodo) name `disk.raw`.
struct FolderListing {
    /// The names, decoded, without the slash at the end of a folder, in the order of the page.
    private(set) var names: [String] = []

    /// The maximum number of links that are read.
    private static let linksMax = 100_000
    private static let nameBytesMax = 255

    /// - Parameters:
    ///   - page: the server's page.
    ///   - url: the folder's address, after redirects.
    init(_ page: [UInt8], url: String) {
        let origin = URLImage.host(of: url)
        let folder = URLImage.path(url).split(separator: "/").map(String.init)
        var known: Set<String> = []
        var rest = page[...]
        var links = 0
        while links < Self.linksMax, let open = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[open...].dropFirst()
            if let end = Self.endOfHidden(rest) {
                rest = rest[end...]
                continue
            }
            guard rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "a"),
                rest.dropFirst().first.map(Self.isSpace) == true
            else { continue }
            guard let tag = LinkTag(rest.dropFirst()) else { break }
            rest = rest[tag.end...]
            links += 1
            guard let link = tag.target,
                let name = Self.name(link, origin: origin, folder: folder)
            else { continue }
            if known.insert(name).inserted { names.append(name) }
        }
    }

    /// Returns the end of a part that browsers do not show as links: a comment, a script, a style
    /// sheet or a template. Nil if no such part begins here. A part without an end extends to the
    /// end of the page.
    ///
    /// - Parameter rest: the bytes after a `<`.
    private static func endOfHidden(_ rest: ArraySlice<UInt8>) -> Int? {
        if rest.starts(with: Array("!--".utf8)) {
            let mark = Array("-->".utf8)
            return place(of: mark, in: rest.dropFirst()).map { $0 + mark.count } ?? rest.endIndex
        }
        for name in ["script", "style", "template"] {
            let word = Array(name.utf8)
            let next = rest.dropFirst(word.count).first
            guard rest.prefix(word.count).map({ $0 | 0x20 }) == word,
                next.map({ $0 == UInt8(ascii: ">") || isSpace($0) }) == true
            else { continue }
            return place(of: Array("</\(name)".utf8), in: rest) ?? rest.endIndex
        }
        return nil
    }

    /// Returns the index at which a mark begins, in upper or lower case.
    private static func place(of mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = mark.first else { return nil }
        var rest = bytes
        while let found = rest.firstIndex(of: first) {
            let isMark = zip(rest[found...].prefix(mark.count), mark).allSatisfy { byte, wanted in
                byte == wanted || (0x41...0x5A).contains(byte) && byte | 0x20 == wanted
            }
            if isMark, rest.endIndex - found >= mark.count { return found }
            rest = rest[(found + 1)...]
        }
        return nil
    }

    /// Returns the name of a link's destination; nil unless it is directly in the folder.
    ///
    /// - Parameter folder: the components of the folder's path, decoded.
    private static func name(_ link: String, origin: String, folder: [String]) -> String? {
        var path = link.prefix { $0 != "#" && $0 != "?" }
        if path.hasPrefix("//") { path = origin.prefix { $0 != "/" } + path }
        if let scheme = path.firstRange(of: "://") {
            guard URLImage.host(of: String(path)) == origin else { return nil }
            path = path[scheme.upperBound...].drop { $0 != "/" }
        }
        guard !path.isEmpty else { return nil }
        // Resolve it like a browser (RFC 3986, section 5.2.4). An escaped slash does not separate.
        var parts = path.hasPrefix("/") ? [] : folder
        for part in path.split(separator: "/") {
            let plain = part.removingPercentEncoding ?? String(part)
            switch plain {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(plain)
            }
        }
        guard parts.count == folder.count + 1, Array(parts.dropLast()) == folder,
            let name = parts.last, !name.contains("/"), !name.contains("\\"),
            name.utf8.count <= nameBytesMax,
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { return nil }
        return name
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
}
