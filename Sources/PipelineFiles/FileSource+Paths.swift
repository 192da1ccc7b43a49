// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension FileSource {
    /// True when ``pattern`` may match several files.
    public var isGlob: Bool { Glob(pattern).literal == nil }

    /// The files that the pattern stands for, absolute and sorted by bytes.
    ///
    /// `*`, `?` and `[…]` match within one component and never a leading dot
    /// (POSIX 1003.1, 2.13.3). A file whose name is the pattern, brackets and
    /// all, wins over what the pattern would match. A glob that matches
    /// nothing yields nothing: an empty selection is no error. Directories
    /// are left out of a glob's matches.
    ///
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` when one path is
    ///   named and nothing, or a directory, stands there, and when a
    ///   directory on the way of a glob cannot be read.
    public func paths(baseDirectory: String) throws(TranshipError) -> [String] {
        let literal = Glob(pattern).literal
        for name in [pattern, literal ?? pattern] {
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
                    hint: "relative paths start at the pipeline file's folder, \(baseDirectory)")
            default: continue
            }
        }
        // The folder is no pattern, whatever characters its name has.
        let pattern =
            pattern.hasPrefix("/")
            ? pattern : FilePath.absolute(pattern, in: FilePath.escaped(baseDirectory))
        let matches = try FilePath.matches(pattern, position)
        return matches.filter { FilePath.kind($0) != .directory }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }
}
