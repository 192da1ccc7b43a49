// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The files and folders that a web server lists for one of its folders, as Apache, nginx, lighttpd,
/// Caddy and Python's `http.server` write them: a web page with a link to each.
///
/// Only links to what lies directly in the folder count, not links to other folders or hosts. The
/// path of a link decides. Its query is dropped: links for sorting (`?C=N;O=D` of Apache and nginx's
/// fancyindex, `./?sort=name` of Caddy) have only a query, so they name nothing, and `disk.raw?h=main`
/// (cgit) or `disk.raw?download=1` (Zenodo) names `disk.raw`.
struct FolderListing {
    /// Decoded, without the slash at the end of a folder, in the order of the page.
    private(set) var names: [String] = []

    /// Links that are read.
    private static let linksMax = 100_000
    private static let nameBytesMax = 255

    /// - Parameters:
    ///   - page: of the server.
    ///   - url: of the folder, after redirects.
    init(_ page: [UInt8], url: String) {
        let origin = URLImage.host(of: url)
        let folder = URLImage.path(url)
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
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { break }
            let tag = rest[..<end]
            rest = rest[end...]
            links += 1
            guard let link = Self.target(of: tag),
                let name = Self.name(link, origin: origin, folder: folder)
            else { continue }
            if known.insert(name).inserted { names.append(name) }
        }
    }

    /// Where a part ends that no browser shows as links: a comment, a script, a style sheet or a
    /// template. Nil if none begins here. Without an end, it has the rest of the page.
    ///
    /// - Parameter rest: what follows a `<`.
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

    /// Where a mark begins, in upper or lower case.
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

    /// The value of `href` in a tag.
    private static func target(of tag: ArraySlice<UInt8>) -> String? {
        let key = Array("href".utf8)
        var rest = tag
        while rest.count > key.count {
            defer { rest = rest.dropFirst() }
            guard isSpace(rest[rest.startIndex]),
                rest.dropFirst().prefix(key.count).map({ $0 | 0x20 }) == key
            else { continue }
            let sign = rest.dropFirst(1 + key.count).drop(while: isSpace)
            guard sign.first == UInt8(ascii: "=") else { continue }
            let value = sign.dropFirst().drop(while: isSpace)
            guard let quote = value.first, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(quote)
            else { return text(value.prefix { !isSpace($0) }) }
            return text(value.dropFirst().prefix { $0 != quote })
        }
        return nil
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let entities = [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"),
            ("&#43;", "+"), ("&amp;", "&"),
        ]
        return entities.reduce(String(decoding: bytes, as: UTF8.self)) {
            $0.replacing($1.0, with: $1.1)
        }
    }

    /// The name of what a link leads to, if that lies directly in the folder.
    private static func name(_ link: String, origin: String, folder: String) -> String? {
        var path = link.prefix { $0 != "#" && $0 != "?" }
        if path.hasPrefix("//") { path = origin.prefix { $0 != "/" } + path }
        if path.contains("://") {
            let url = String(path)
            guard URLImage.host(of: url) == origin else { return nil }
            path = URLImage.path(url)[...]
        } else {
            path = (path.removingPercentEncoding ?? String(path))[...]
        }
        if path.hasPrefix("/") {
            guard path.hasPrefix(folder) else { return nil }
            path = path.dropFirst(folder.count)
        }
        if path.hasPrefix("./") { path = path.dropFirst(2) }
        if path.hasSuffix("/") { path = path.dropLast() }
        guard !path.isEmpty, path != ".", path != "..", !path.contains("/"), !path.contains("\\"),
            path.utf8.count <= nameBytesMax,
            path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { return nil }
        return String(path)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
}
