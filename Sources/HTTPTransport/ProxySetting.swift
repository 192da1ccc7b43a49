// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CCurl
import Glibc

/// The proxy that curl takes from the environment for a URL, for messages about a failed
/// connection: curl then names the host that it did not reach, which is the proxy's.
struct ProxySetting {
    /// The variable that contains it: `http_proxy`.
    let variable: String
    /// The proxy's scheme, host and port.
    let address: String
    /// The shortest prefix that identifies an address which curl truncated.
    private static let cutCharactersMin = 16
    private static let variables = [
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
    ]

    /// Finds the proxy. Nil without a proxy, and for a host in `no_proxy`.
    ///
    /// - Parameter value: returns the value of an environment variable.
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
        let except = NoProxy(first(["no_proxy", "NO_PROXY"])?.value ?? "")
        guard !except.covers(target.host) else { return nil }
        variable = found.name
        address = Self.shown(found.value)
    }

    /// Returns the scheme, the host and the port of a proxy: the rest of the value may be secret.
    /// Writes an ellipsis if it is uncertain where the address begins or ends.
    static func shown(_ value: String) -> String {
        let start = value.firstRange(of: "://")?.upperBound ?? value.startIndex
        let scheme = value[..<start]
        guard !value.hasPrefix("://") else { return "…" }
        let rest = value[start...]
        guard let at = rest.lastIndex(of: "@") else {
            return "\(scheme)\(rest.prefix { !"/?#".contains($0) })"
        }
        // The sign may belong to a query, and the text after it to a secret in that query.
        guard !rest[..<at].contains(where: { "/?#".contains($0) }) else { return "\(scheme)…" }
        return "\(scheme)\(rest[rest.index(after: at)...].prefix { !"/?#".contains($0) })"
    }

    /// Shortens a proxy's address in curl's words to the form for messages. curl repeats the whole
    /// address of a proxy that it cannot use.
    static func hiding(
        in words: String,
        value: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) -> String {
        variables.compactMap(value).filter { !$0.isEmpty }.reduce(words) { words, address in
            let shown = shown(address)
            guard shown != address else { return words }
            let hidden = words.replacing(address, with: shown)
            // curl cuts off words that are longer than its buffer.
            guard hidden == words, address.count > cutCharactersMin,
                let place = words.firstRange(of: address.prefix(cutCharactersMin))
            else { return hidden }
            return words[..<place.lowerBound] + shown
        }
    }
}

extension Exchange {
    /// Returns the error for a connection that failed on its way to a proxy; nil for others.
    ///
    /// - Parameter words: curl's words.
    func proxyFailure(_ code: CURLcode, _ words: String) -> TranshipError? {
        guard let proxy = ProxySetting(for: request.url), !words.contains("unsupported proxy"),
            let target = Origin(request.url)
        else { return nil }
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: break
        case CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT:
            // curl understands more of no_proxy than this program does.
            if words.contains(
                "to \(NoProxy.withoutBrackets(target.host)) port \(target.port) "),
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
