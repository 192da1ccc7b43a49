// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Returns a URL for messages: without user, password, query (it may be a signature) and fragment.
///
/// A password may contain `/`, `?`, `#` and `@` although a URL must encode them. If the text before
/// a late `@` may be a password, only the scheme is shown.
///
/// Line ends and other invisible characters are escaped, since the URL may come from a service.
public func shownURL(_ url: String) -> String { bareURL(url).withControlsShown }

private func bareURL(_ url: String) -> String {
    guard let start = url.firstRange(of: "://")?.upperBound else {
        return url.contains("@") ? "…" : String(url.prefix { !"?#".contains($0) })
    }
    let authority = url[start...].prefix { !"/?#".contains($0) }
    let rest = url[authority.endIndex...]
    let path = rest.prefix { !"?#".contains($0) }
    guard rest.contains("@") else {
        let host = authority.split(separator: "@").last ?? ""
        return "\(url[..<start])\(host)\(path)"
    }
    // The `@` is part of a path or a query, or it ends a password.
    let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let isHostAndPort =
        parts.count == 2 && parts[0].contains(".") && !path.isEmpty && !path.contains("@")
        && parts[1].allSatisfy { $0.isASCII && $0.isNumber }
    let isHost = parts.count == 1 && (!path.contains("@") || authority.contains("."))
    guard !authority.contains("@"), isHost || isHostAndPort else { return "\(url[..<start])…" }
    return "\(url[..<start])\(authority)\(path)"
}

extension String {
    private static let urlCharactersMax = 200
    private static let urlEndCharacters = 60

    /// The text with an ellipsis in place of the middle of each long URL. The ends matter more: one
    /// has the host, the other the file.
    package var withShortURLs: String {
        guard utf8.count > Self.urlCharactersMax, contains("://") else { return self }
        return split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard word.contains("://"), word.count > Self.urlCharactersMax else {
                return String(word)
            }
            let start = word.prefix(Self.urlCharactersMax - Self.urlEndCharacters - 1)
            return "\(start)…\(word.suffix(Self.urlEndCharacters))"
        }.joined(separator: " ")
    }
}
