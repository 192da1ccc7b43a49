// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The parts of a POSIX path, as text.
///
/// Foundation's functions for this end the process on some names: `NSString.lastPathComponent` and
/// its siblings trap on `a//é` (Swift 6.3). Paths come from pipeline files, addresses and journals.
public enum PathText {
    private static let slash = UInt8(ascii: "/")

    /// Returns `b` for `a/b` and `a/b/`; `/` for slashes alone; an empty text for an empty path.
    public static func lastComponent(_ path: String) -> String {
        guard let last = path.utf8.split(separator: slash).last else {
            return path.isEmpty ? "" : "/"
        }
        return String(last) ?? path
    }

    /// Returns `a` for `a/b` and `a/b/`; `/` for `/b`; an empty text for a name alone.
    public static func folder(of path: String) -> String {
        let path = path.utf8
        guard let nameEnd = path.lastIndex(where: { $0 != slash }),
            let nameStart = path[..<nameEnd].lastIndex(of: slash)
        else { return path.first == slash ? "/" : "" }
        guard let end = path[..<nameStart].lastIndex(where: { $0 != slash }) else { return "/" }
        return String(path[...end]) ?? ""
    }
}
