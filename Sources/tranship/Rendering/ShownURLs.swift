// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension [String: JSONValue] {
    /// The record without the credentials and signatures of the URLs in it.
    var withURLsShown: Self {
        var shown: Self = [:]
        for (key, value) in self { shown[key] = value.withURLsShown(key: key) }
        return shown
    }
}

extension JSONValue {
    /// Fields in which services keep addresses of image data. Everything after the path is hidden,
    /// because a query there is a signature.
    private static let addressKeys: Set = [
        "url", "uri", "direct_url", "import_from", "location", "locations",
    ]

    /// - Parameter key: the key of the field with the value.
    fileprivate func withURLsShown(key: String) -> JSONValue {
        switch self {
        case .string(let text): .string(Self.shown(text, isAddress: Self.addressKeys.contains(key)))
        case .array(let values): .array(values.map { $0.withURLsShown(key: key) })
        case .object(let members): .object(members.withURLsShown)
        default: self
        }
    }

    private static func shown(_ text: String, isAddress: Bool) -> String {
        guard text.contains("://") else { return text }
        if text.prefixMatch(of: /[A-Za-z][A-Za-z0-9+.\-]*:\/\//) != nil {
            return shownAddress(text, hidesQuery: isAddress)
        }
        return text.replacing(/[A-Za-z][A-Za-z0-9+.\-]*:\/\/[^\s"'<>]+/) {
            shownAddress(String($0.output), hidesQuery: isAddress)
        }
    }

    private static func shownAddress(_ url: String, hidesQuery: Bool) -> String {
        let query = url.drop { $0 != "?" }.dropFirst()
        let isSigned = !query.isEmpty && (hidesQuery || holdsSecret(query))
        // The property of an image may be any address. An address without a secret stays unchanged.
        guard isSigned || url.drop(while: { $0 != ":" }).contains("@") else { return url }
        return shownURL(url) + (query.isEmpty ? "" : "?<redacted>")
    }

    /// True if a parameter's name is one that signs or permits a request: `X-Amz-Signature`, `sig`,
    /// `temp_url_sig`, `token`, `AWSAccessKeyId`.
    private static func holdsSecret(_ query: Substring) -> Bool {
        query.split { "&;".contains($0) }.contains { parameter in
            let name = parameter.prefix { $0 != "=" }.lowercased()
            return ["sig", "token", "key", "secret", "passw", "credential", "auth", "hmac"]
                .contains { name.contains($0) }
        }
    }
}
