// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc

/// Paths of this machine, by the C library.
enum FilePath {
    enum Kind: Equatable {
        case file, directory, special
        case missing(String)
    }

    static func kind(_ path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing(lastError()) }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        default: .special
        }
    }

    /// The folder of a file, absolute; relative ones start at the working
    /// directory.
    static func directory(of file: String) -> String {
        let path = absolute(file, in: workingDirectory())
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The path from `base` on, unless it is absolute itself.
    static func absolute(_ path: String, in base: String) -> String {
        if path.hasPrefix("/") { return path }
        return (base == "/" ? "" : base) + "/" + withoutDot(path)
    }

    private static func withoutDot(_ path: String) -> String {
        var rest = path[...]
        while rest.hasPrefix("./") { rest = rest.dropFirst(2).drop { $0 == "/" } }
        return String(rest)
    }

    static func lastError() -> String { String(cString: strerror(errno)).lowercasedFirst }

    static func escaped(_ path: String) -> String {
        path.reduce(into: "") { text, character in
            if "*?[]\\".contains(character) { text.append("\\") }
            text.append(character)
        }
    }

    static func matches(_ pattern: String, _ position: FilePosition)
        throws(TranshipError) -> [String]
    {
        var found = glob_t()
        defer { globfree(&found) }
        let status = glob(pattern, GLOB_ERR | GLOB_NOSORT, nil, &found)
        switch status {
        case 0:
            return (0..<Int(found.gl_pathc)).compactMap { index in
                found.gl_pathv[index].map { String(cString: $0) }
            }
        case GLOB_NOMATCH:
            return []
        default:
            let reason = status == GLOB_NOSPACE ? "out of memory" : lastError()
            throw TranshipError(
                .sourceUnavailable, "\(position): cannot look for \(pattern): \(reason)",
                hint: "every folder on the way must be readable")
        }
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}

extension String {
    /// The C library starts its words with a capital; our messages do not.
    fileprivate var lowercasedFirst: String {
        prefix(1).lowercased() + dropFirst()
    }
}
