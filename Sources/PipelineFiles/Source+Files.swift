// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension Source {
    /// Returns the absolute paths of files and folders that the entry always needs, whatever a
    /// server answers, with the keys that name them.
    ///
    /// - Parameter folder: the folder at which relative paths start.
    package func files(in folder: String) -> [(key: String, path: String)] {
        switch self {
        case .cloud, .other: return []
        case .archive(let source): return [("archive", source.path)]
        case .url(let source): return source.files
        case .simplestreams(let source): return source.index.files
        case .file(let source):
            let literal = Glob(source.pattern).literal ?? source.pattern
            let path = FilePath.absolute(literal, in: folder)
            var files = Self.lists(source.checksumFile, source.signature)
            if !source.isGlob { files.append(("file", path)) }
            return files
        }
    }

    /// Returns the values that are paths and are the same for all versions.
    fileprivate static func lists(
        _ list: String?, _ signature: SignatureRule?
    ) -> [(key: String, path: String)] {
        let all: [(String, String?)] = [
            ("checksum_file", list), ("signed_by", signature?.keyring),
            ("signature", signature?.place),
        ]
        return all.compactMap { key, path in
            guard let path, path.hasPrefix("/"), !path.contains("@v") else { return nil }
            return (key, path)
        }
    }
}

extension URLSource {
    fileprivate var files: [(key: String, path: String)] {
        var files = Source.lists(checksumFile, signature)
        if let cacert { files.append(("cacert", cacert)) }
        return files
    }
}
