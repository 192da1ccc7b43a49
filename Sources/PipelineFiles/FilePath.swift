// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Glibc

/// Questions about paths on this machine, answered by the C library.
package enum FilePath {
    package enum Kind: Equatable {
        case file, directory, special
        case missing(String)
    }

    package static func kind(_ path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing(lastError()) }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        default: .special
        }
    }

    /// Returns the absolute path of the folder that contains a file. A relative `file` starts at
    /// the working directory.
    static func directory(of file: String) -> String {
        let path = absolute(file, in: workingDirectory())
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Returns the path as an absolute path in one spelling, so that all spellings of a path are
    /// one source. A relative path starts at `base`.
    ///
    /// Does not follow links: a link called `current` that gets a new target every night is the
    /// same source every night.
    package static func absolute(_ path: String, in base: String) -> String {
        inOneSpelling(path.hasPrefix("/") ? path : "\(base)/\(path)")
    }

    /// Removes `.`, `..` and doubled slashes. Keeps a slash at the end.
    private static func inOneSpelling(_ path: String) -> String {
        var names: [Substring] = []
        for name in path.split(separator: "/") where name != "." {
            if name == "..", names.isEmpty || isPlainFolder(names) {
                _ = names.popLast()
            } else {
                names.append(name)
            }
        }
        let isFolder = path.hasSuffix("/") && !names.isEmpty
        return "/" + names.joined(separator: "/") + (isFolder ? "/" : "")
    }

    /// True if `..` after these names is the folder that contains the last one. After a link, `..`
    /// is the folder that contains the link's target, and after a wildcard there is one for each
    /// match.
    private static func isPlainFolder(_ names: [Substring]) -> Bool {
        guard names.last != ".." else { return false }
        let text = "/" + names.joined(separator: "/")
        // Try the text as a path, and as a pattern, in which a bracket may be escaped.
        return [text, Glob(text).literal].compactMap { $0 }.contains { folder in
            var status = stat()
            return lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }

    /// Returns the C library's words for `errno`, with a small first letter as in our messages.
    static func lastError() -> String {
        let words = String(cString: strerror(errno))
        return words.prefix(1).lowercased() + words.dropFirst()
    }

    /// Returns a pattern that matches this path and nothing else.
    package static func escaped(_ path: String) -> String {
        path.reduce(into: "") { text, character in
            if "*?[]\\".contains(character) { text.append("\\") }
            text.append(character)
        }
    }

    /// Returns the paths that match a POSIX glob, in no particular order.
    ///
    /// - Parameter place: the place of the pattern, for messages.
    package static func matches(_ pattern: String, _ place: String)
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
            let isMissing = status != GLOB_NOSPACE && errno == ENOENT
            let reason = status == GLOB_NOSPACE ? "out of memory" : lastError()
            throw TranshipError(
                .sourceUnavailable, "\(place): cannot list \(pattern): \(reason)",
                hint: isMissing
                    ? "check the path: its folder is not there; a relative path starts at the folder "
                        + "of the pipeline file" : "make every folder of the path readable")
        }
    }

    /// The names in a folder.
    package struct Names: Equatable {
        /// All names that are UTF-8, sorted, including those with a leading dot.
        package var all: [String] = []
        /// All other names, sorted, with U+FFFD for invalid bytes. No path can lead to them.
        package var notUTF8: [String] = []
    }

    /// Lists a folder. Foundation would silently leave out names that are not UTF-8.
    ///
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` with the words of the C library.
    package static func names(in folder: String) throws(TranshipError) -> Names {
        guard let stream = opendir(folder) else { throw cannotList(folder) }
        defer { closedir(stream) }
        var names = Names()
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw cannotList(folder) }
                names.all.sort()
                names.notUTF8.sort()
                return names
            }
            withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { name in
                    guard let text = String(validatingCString: name) else {
                        return names.notUTF8.append(String(cString: name))
                    }
                    if ![".", ".."].contains(text) { names.all.append(text) }
                }
            }
        }
    }

    private static func cannotList(_ folder: String) -> TranshipError {
        TranshipError(
            .sourceUnavailable, "cannot list \(folder): \(lastError())",
            hint: "check the path, and that this user may list the folder")
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}

extension FileSource {
    /// True if ``pattern`` has wildcards and so may match several files.
    public var isGlob: Bool { Glob(pattern).literal == nil }

    /// Returns the absolute path of the folder that ``latest`` refers to, with a slash at its end.
    public func folder(baseDirectory: String) -> String {
        FilePath.absolute(Glob(pattern).literal ?? pattern, in: baseDirectory)
    }

    /// Finds the files that match the pattern. Returns absolute paths, sorted by their bytes.
    ///
    /// `*`, `?` and `[…]` match within one path component and never match a leading dot (POSIX
    /// 1003.1, 2.13.3). If a file has exactly the pattern as its name, and the only wildcards are
    /// brackets, returns that file alone. A file named `*.raw`, which a shell creates for a glob
    /// without matches, does not hide the other files. Skips directories. Returns an empty list,
    /// without an error, if a glob matches nothing.
    ///
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` if the pattern has no wildcard and the
    ///   path does not exist or is a directory, or if a directory on the path of a glob cannot be
    ///   read.
    public func paths(baseDirectory: String) throws(TranshipError) -> [String] {
        let literal = Glob(pattern).literal
        let isPlainGlob = literal == nil && pattern.contains { "*?".contains($0) }
        for name in isPlainGlob ? [] : [pattern, literal ?? pattern] {
            let path = FilePath.absolute(name, in: baseDirectory)
            switch FilePath.kind(path) {
            case .file, .special:
                return [path]
            case .directory where literal != nil:
                throw TranshipError(
                    .sourceUnavailable, "\(position): \(path) is a directory",
                    hint: "name a file, or all of them: \(pattern)/*.qcow2")
            case .missing(let reason) where name == literal:
                throw TranshipError(
                    .sourceUnavailable, "\(position): cannot read \(path): \(reason)",
                    hint:
                        "check the path; a relative path starts at the folder of the pipeline "
                        + "file, \(baseDirectory)"
                )
            default: continue
            }
        }
        // The folder's name may contain wildcards; they are not part of the pattern, so escape
        // them.
        let pattern =
            pattern.hasPrefix("/")
            ? pattern : FilePath.absolute(pattern, in: FilePath.escaped(baseDirectory))
        let matches = try FilePath.matches(pattern, "\(position)")
        return matches.filter { FilePath.kind($0) != .directory }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }
}
