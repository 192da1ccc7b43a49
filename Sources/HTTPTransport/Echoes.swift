// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials

/// The secrets of a request, which a server may repeat in its refusal: debug pages, proxies and
/// object stores show the request that they refuse. Messages quote the server without them.
struct Echoes: Sendable {
    private var secrets: [Secret<String>] = []

    /// A shorter value is found in ordinary words, so it is not replaced.
    private static let charactersMin = 4

    static let replacement = "<redacted>"

    /// Adds what a request sends, as it is sent and as a server may write it.
    mutating func add(_ request: HTTPRequest) {
        for secret in request.secrets { add(secret.revealed) }
        for field in request.headers.fields where field.mayBeSecret {
            add(field.value)
            addParts(of: field.value)
            guard let space = field.value.firstIndex(of: " ") else { continue }
            // Basic, Bearer, …
            let credentials = String(field.value[field.value.index(after: space)...])
            add(credentials)
            guard field.value.hasPrefix("Basic "), let data = Data(base64Encoded: credentials),
                let pair = String(validating: data, as: UTF8.self)
            else { continue }
            add(pair.split(separator: ":", maxSplits: 1).last.map(String.init) ?? "")
        }
    }

    mutating func add(_ secret: Secret<String>) { add(secret.revealed) }

    /// Adds what curl sends for a login: the password, and both in the form of Basic.
    mutating func add(_ login: NetrcFile.Login) {
        add(login.password)
        add(Data("\(login.user):\(login.password.revealed)".utf8).base64EncodedString())
    }

    /// Adds the values in the value of a field: `SECRET` of `sid=SECRET; theme=dark`. Names stay.
    private mutating func addParts(of value: String) {
        for item in value.split(whereSeparator: { ";,".contains($0) }) {
            let words = item.split(separator: " ")
            for (position, word) in words.enumerated() {
                var rest = word
                while let mark = rest.firstIndex(where: { "=:".contains($0) }) {
                    // A password may follow a user: the part before a colon is as secret.
                    if rest[mark] == ":" { addPart(rest[..<mark]) }
                    rest = rest[rest.index(after: mark)...]
                    addPart(rest)
                }
                // The first of several words is the name of a scheme.
                let isName = position == 0 && words.count > 1
                if rest.startIndex == word.startIndex, !isName { addPart(word) }
            }
        }
    }

    /// A shorter part is an ordinary word: `Basic`, `dark`.
    private static let partCharactersMin = 6

    private mutating func addPart(_ part: Substring) {
        let value = part.drop { "\"'".contains($0) }.prefix { !"\"'".contains($0) }
        if value.count >= Self.partCharactersMin { add(String(value)) }
    }

    private mutating func add(_ value: String) {
        guard value.count >= Self.charactersMin else { return }
        secrets.append(Secret(value))
    }

    /// The text without these secrets, in whichever form the server wrote them, and without any
    /// credentials of HTTP (RFC 7235).
    ///
    /// Call it before the text is cut: a part of a secret may be too short to be known.
    ///
    /// - Parameter isCut: true if the end of the text is missing, so that a secret may begin there.
    func removed(from text: String, isCut: Bool = false) -> String {
        let bytes = Array(text.utf8)
        let needles = SoughtBytes(secrets.flatMap { Self.forms(of: $0.revealed) })
        var covered: [Range<Int>] = []
        var view: EchoView? = EchoView(bytes)
        for _ in 0...Self.encodingsMax {
            guard let seen = view else { break }
            covered += needles.places(in: seen, isCut: isCut)
            view = seen.decoded()
        }
        return Self.replacing(covered, in: text, bytes).replacing(Self.credentials) { match in
            "\(match.1)\(match.2)\(Self.replacement)"
        }
    }

    /// A proxy may encode what a server has encoded.
    private static let encodingsMax = 2

    private static func replacing(
        _ covered: [Range<Int>], in text: String, _ bytes: [UInt8]
    ) -> String {
        guard !covered.isEmpty else { return text }
        var result: [UInt8] = []
        var position = 0
        for range in covered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound >= position {
                result += bytes[position..<range.lowerBound] + Array(replacement.utf8)
            }
            position = max(position, range.upperBound)
        }
        return String(decoding: result + bytes[position...], as: UTF8.self)
    }

    /// Words such as "basic authentication" stay. Compiled once, because that takes longer than
    /// most searches.
    ///
    /// `nonisolated(unsafe)`: a regex is a value, and nothing changes this one. It is not `Sendable`
    /// because it could hold a parser of its own; this one holds none.
    private nonisolated(unsafe) static let credentials =
        /\b((?i:basic|bearer))((?:\s|%20|\+)+)(?=\S+[A-Z0-9=])[A-Za-z0-9+\/=_.~-]{8,}/

    /// What to look for. Other spellings are decoded first.
    private static func forms(of value: String) -> [[UInt8]] {
        let base64 = withoutPadding(Data(value.utf8).base64EncodedString())
        let forms = [
            value, percentDecoded(value), value.replacing(" ", with: "+"), withoutPadding(value),
            base64, base64.replacing("+", with: "-").replacing("/", with: "_"),
        ]
        return forms.map { Array($0.utf8) }.filter { $0.count >= charactersMin }
    }

    /// Base64 is also written without what fills it up.
    private static func withoutPadding(_ base64: String) -> String {
        var text = base64[...]
        while text.last == "=" { text.removeLast() }
        return String(text)
    }
}

extension HTTPRequest {
    /// What of a URL no message may show: its password, and the values of its query that are long
    /// enough for a signature.
    public static func secrets(ofURL url: String) -> [Secret<String>] {
        var found: [Secret<String>] = []
        if let start = url.firstRange(of: "://")?.upperBound {
            let authority = url[start...].prefix { !"/?#".contains($0) }
            let user = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
            if let password = user.split(separator: ":", maxSplits: 1).last {
                found.append(Secret(String(password)))
            }
        }
        guard let mark = url.firstIndex(of: "?") else { return found }
        for item in url[url.index(after: mark)...].prefix(while: { $0 != "#" }).split(
            separator: "&")
        {
            let value = item.drop { $0 != "=" }.dropFirst()
            guard value.count >= signatureCharactersMin else { continue }
            found.append(Secret(String(value)))
        }
        return found
    }

    private static let signatureCharactersMin = 8
}

extension HTTPHeaders.Field {
    /// False for fields that say what is asked for, not who asks.
    fileprivate var mayBeSecret: Bool {
        let name = name.lowercased()
        return !HTTPHeaders.impersonalNames.contains(name)
            && !["x-image-meta-", "x-openstack-image-", "content-"].contains {
                name.hasPrefix($0)
            }
    }
}
