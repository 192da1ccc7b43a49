// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The Image service's address, as catalogues and operators write it.
enum ImageEndpoint {
    /// Without slashes at the end and without a version: `http://host:9292`
    /// of `http://host:9292/v2/`, `http://host/image` of `http://host/image/v2`.
    static func root(of url: String) -> String {
        var root = url[...]
        while root.hasSuffix("/") { root = root.dropLast() }
        let authority = root.firstRange(of: "://")?.upperBound ?? root.startIndex
        if let slash = root[authority...].lastIndex(of: "/"),
            isVersion(root[root.index(after: slash)...])
        {
            root = root[..<slash]
            while root.hasSuffix("/") { root = root.dropLast() }
        }
        return String(root)
    }

    /// `v1`, `v2`, `v2.9`: a version as the Image service spells one.
    private static func isVersion(_ segment: Substring) -> Bool {
        segment.first == "v" && segment.count > 1
            && segment.dropFirst().allSatisfy { $0.isASCII && $0.isNumber || $0 == "." }
    }
}
