// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The file name at the end of a path or URL. `{stem}` and the disk format derive from it.
public struct FileName: Sendable, Equatable {
    /// The name without its folder.
    public let text: String

    /// Takes the name from a path. Empty if the path ends in a slash.
    public init(_ path: String) {
        let slash = path.lastIndex(of: "/")
        text = String(slash.map { path[path.index(after: $0)...] } ?? path[...])
    }

    /// Takes the name from an http address, without query and fragment. Empty if the address has
    /// none.
    ///
    /// If the address is that of a script (`download?file=noble.img`), takes a file name from its
    /// query. Decodes percent-encoding, unless the result would not be UTF-8.
    public init(url: String) {
        self.init(pathOf: url)
        guard isScript, let query = Self.query(of: url) else { return }
        for parameter in query.split(whereSeparator: { $0 == "&" || $0 == ";" }) {
            guard let sign = parameter.firstIndex(of: "=") else { continue }
            let value = String(parameter[parameter.index(after: sign)...])
            let name = FileName(Self.decoded(value) ?? value)
            if Self.imageExtensions.contains(name.fileExtension) {
                self = name
                return
            }
        }
    }

    /// Returns the file that the query of a script names; nil for other addresses.
    public static func inQuery(of url: String) -> String? {
        let path = FileName(pathOf: url)
        let name = FileName(url: url)
        return path.isScript && name != path ? name.text : nil
    }

    /// True if the address is that of a script whose query names no file. Then only the answer can
    /// name it.
    public static func isUnknown(url: String) -> Bool {
        query(of: url) != nil && FileName(url: url).isScript
    }

    /// The disk format that the extension implies. `.img` implies none: some publishers use it for
    /// qcow2, others for raw.
    public var impliedDiskFormat: String? {
        let formats = ["iso", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk"]
        return formats.first { $0 == fileExtension }
    }

    /// The extensions of files that a script may hand out.
    private static let imageExtensions: Set = [
        "iso", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk", "img", "ova", "bin", "tar", "tgz",
        "xz", "gz", "bz2", "zst", "zip",
    ]

    private var isScript: Bool {
        ["", "php", "cgi", "asp", "aspx", "jsp", "pl", "py"].contains(fileExtension)
    }

    private static func query(of url: String) -> Substring? {
        let address = url.prefix { $0 != "#" }
        return address.firstIndex(of: "?").map { address[address.index(after: $0)...] }
    }

    private init(pathOf url: String) {
        let address = url.prefix { $0 != "?" && $0 != "#" }
        let path = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address
        guard let slash = path.lastIndex(of: "/") else {
            self.init("")
            return
        }
        let name = String(path[path.index(after: slash)...])
        let decoded = Self.decoded(name) ?? name
        // A decoded slash would split the name into two.
        self.init(decoded.contains("/") || decoded.contains("\0") ? name : decoded)
    }

    /// The name without its last extension: `noble.server` for `noble.server.img`. A leading dot
    /// does not start an extension.
    public var stem: String {
        guard let dot = lastDot else { return text }
        return String(text[..<dot])
    }

    /// The last extension in lower case, without the dot. Empty if there is none.
    public var fileExtension: String {
        guard let dot = lastDot else { return "" }
        return text[text.index(after: dot)...].lowercased()
    }

    private var lastDot: String.Index? {
        guard let dot = text.lastIndex(of: "."), dot != text.startIndex else { return nil }
        return dot
    }

    private static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, let high = rest.first.flatMap(digit),
                let low = rest.dropFirst().first.flatMap(digit)
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
