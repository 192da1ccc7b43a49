// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CCurl
import Glibc

/// The proxy that curl takes from the environment for a URL, for messages about a connection that
/// failed: curl names the host that it did not reach, which is then the proxy's.
struct ProxySetting {
    /// The variable that names it: `http_proxy`.
    let variable: String
    /// Its scheme, host and port.
    let address: String
    /// Shortest prefix that identifies an address which curl truncated.
    private static let cutCharactersMin = 16
    private static let variables = [
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
    ]

    /// Nil without a proxy, and for a host in `no_proxy`. Networks in `no_proxy` (10.0.0.0/8) are not
    /// looked at.
    ///
    /// - Parameter value: of a variable of the environment.
    init?(
        for url: String, value: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) {
        guard let target = Origin(url) else { return nil }
        func first(_ names: [String]) -> (name: String, value: String)? {
            for name in names {
                if let text = value(name), !text.isEmpty { return (name, text) }
            }
            return nil
        }
        // Not HTTP_PROXY, which a request can set in a CGI program: https://httpoxy.org
        let own = target.scheme == "http" ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]
        guard let found = first(own + ["all_proxy", "ALL_PROXY"]) else { return nil }
        let except = first(["no_proxy", "NO_PROXY"])?.value.lowercased() ?? ""
        let isExcepted = except.split(whereSeparator: { $0 == "," || $0 == " " }).contains {
            entry in
            let name = entry.drop { $0 == "." }
            return entry == "*" || target.host == name || target.host.hasSuffix(".\(name)")
        }
        guard !isExcepted else { return nil }
        variable = found.name
        address = Self.shown(found.value)
    }

    /// The scheme, the host and the port of a proxy: what surrounds them may be secret. An ellipsis takes
    /// the place of an address that may begin or end elsewhere.
    static func shown(_ value: String) -> String {
        let start = value.firstRange(of: "://")?.upperBound ?? value.startIndex
        let scheme = value[..<start]
        guard !value.hasPrefix("://") else { return "…" }
        let rest = value[start...]
        guard let at = rest.lastIndex(of: "@") else {
            return "\(scheme)\(rest.prefix { !"/?#".contains($0) })"
        }
        // The sign may belong to a query, and what follows it to a secret in there.
        guard !rest[..<at].contains(where: { "/?#".contains($0) }) else { return "\(scheme)…" }
        return "\(scheme)\(rest[rest.index(after: at)...].prefix { !"/?#".contains($0) })"
    }

    /// Words of curl, which repeats the whole address of a proxy that it cannot use, with the address as
    /// messages show it.
    static func hiding(
        in words: String,
        value: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) -> String {
        variables.compactMap(value).filter { !$0.isEmpty }.reduce(words) { words, address in
            let shown = shown(address)
            guard shown != address else { return words }
            let hidden = words.replacing(address, with: shown)
            // curl cuts words that are longer than its buffer.
            guard hidden == words, address.count > cutCharactersMin,
                let place = words.firstRange(of: address.prefix(cutCharactersMin))
            else { return hidden }
            return words[..<place.lowerBound] + shown
        }
    }
}

extension Exchange {
    /// The error for a connection that failed on its way to a proxy; nil for others.
    ///
    /// - Parameter words: of curl.
    func proxyFailure(_ code: CURLcode, _ words: String) -> TranshipError? {
        guard let proxy = ProxySetting(for: request.url), !words.contains("unsupported proxy"),
            let target = Origin(request.url)
        else { return nil }
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: break
        case CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT:
            // curl knows more of no_proxy than we do.
            if words.contains("to \(target.host) port \(target.port) "),
                !proxy.address.contains("\(target.host):\(target.port)")
            {
                return nil
            }
        default: return nil
        }
        return TranshipError(
            .unreachable,
            "\(shown), by the proxy \(proxy.address) that \(proxy.variable) in the environment names: "
                + words,
            hint:
                "check \(proxy.variable) and no_proxy in the environment, and that the proxy is up",
            isTransient: true, cause: CurlError(code: Int(code.rawValue)), naming: answerer)
    }
}
