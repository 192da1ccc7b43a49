// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The reason why a text cannot be the address of a service. It is found before anything is sent
/// there, while the author of the text is still known.
enum AddressFault {
    /// The maximum length, beyond that of any real address. libcurl has no memory for much longer
    /// ones.
    private static let bytesMax = 8192

    /// Returns the fault in words: "its port 99999 is not a number from 1 to 65535". Nil if there
    /// is none.
    static func words(_ url: String) -> String? {
        guard url.utf8.count <= bytesMax else {
            return "it has \(url.utf8.count) bytes, more than \(bytesMax)"
        }
        if let placeholder = placeholder(url) {
            return "it still has the placeholder \(placeholder)"
        }
        guard let start = url.firstRange(of: "://")?.upperBound,
            ["http://", "https://"].contains(url[..<start].lowercased())
        else { return "it begins with neither http:// nor https://" }
        if url.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) {
            return "it has a blank or a control character in it"
        }
        let authority = url[start...].prefix { !"/?#".contains($0) }
        let place =
            authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] }
            ?? authority
        let host: Substring
        if place.first == "[" {
            host = place.prefix { $0 != "]" }.dropFirst()
        } else {
            host = place.prefix { $0 != ":" }
        }
        guard !host.isEmpty else { return "it has no host" }
        // An address in brackets has colons of its own.
        let rest =
            place.first == "[" ? place.drop { $0 != "]" }.dropFirst() : place.dropFirst(host.count)
        let port = rest.first == ":" ? rest.dropFirst() : ""
        guard port.isEmpty || Int(port).map((1...65535).contains) == true else {
            return "its port \(port.prefix(20)) is not a number from 1 to 65535"
        }
        return nil
    }

    /// Returns a placeholder such as `$(public_host)s` or `%(tenant_id)s`. Keystone fills in those
    /// with names that it knows before it lists an address.
    private static func placeholder(_ url: String) -> String? {
        for beginning in ["$(", "%("] {
            guard let start = url.firstRange(of: beginning)?.lowerBound else { continue }
            let name = url[start...].prefix { $0 != ")" }.prefix(60)
            return "\(name)\(url[start...].contains(")s") ? ")s" : "")"
        }
        return nil
    }
}

extension String {
    /// The text without the blanks and line ends at both ends that a copied address may have.
    var withoutOuterBlanks: String {
        let text = drop(while: \.isWhitespace)
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(text[...last])
    }
}
