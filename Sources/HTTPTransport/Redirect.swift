// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CCurl

extension HTTPRequest {
    static let redirectsMax = 10

    /// Returns the request that follows a redirect (RFC 9110, section 15.4).
    ///
    /// - Throws: ``TranshipError/Code/badRedirect`` if the target is neither http nor https, if it
    ///   is http after https, and if it is a link-local address of another host.
    func redirected(status: Int, to target: String?) throws(TranshipError) -> HTTPRequest {
        guard let target, !target.isEmpty else {
            throw TranshipError(
                .badRedirect,
                "\(shown): the server answered \(status), a redirect, without a Location: it names "
                    + "no address to go to",
                hint: "ask the operator of the server, or use the address that needs no redirect")
        }
        guard let there = Origin(target) else {
            throw TranshipError(
                .badRedirect,
                "\(shown) was redirected to \(shownPlace(target)), which is not a valid URL",
                hint: "ask the operator of the server, or use the address that needs no redirect")
        }
        guard ["http", "https"].contains(there.scheme) else {
            throw TranshipError(
                .badRedirect, "\(shown) was redirected to \(shownPlace(target))",
                hint: "name an http or https address")
        }
        let here = Origin(url)
        if here?.scheme == "https", there.scheme == "http" {
            throw TranshipError(
                .badRedirect,
                "\(shown) was redirected from https to \(shownPlace(target)), which is not protected",
                hint: "name an https address that needs no redirect to http")
        }
        if there.host != here?.host, LinkLocal.contains(host: there.host) {
            throw redirectedToLinkLocal(target)
        }
        var next = self
        next.url = target
        // The query may hold a signature, which the new server may repeat.
        next.secrets += Self.secrets(ofURL: target)
        next.isRedirected = true
        if there != here {
            next.headers = headers.forAnotherOrigin
            next.isElsewhere = true
        }
        if status <= 303, method != .head, method != .get {
            next.method = .get
            next.body = nil
            next.headers["content-type"] = nil
        }
        return next
    }

    func redirectedToLinkLocal(_ place: String) -> TranshipError {
        TranshipError(
            .badRedirect,
            "\(shown) was redirected to the link-local address of \(shownPlace(place))",
            hint: "name the address itself if it is right: it belongs to the network of this "
                + "machine, where no redirect may lead")
    }

    func redirectedTooOften() -> TranshipError {
        TranshipError(
            .badRedirect, "\(shown): more than \(Self.redirectsMax) redirects, the last one here",
            hint: "open the URL in a browser: the server may redirect in circles")
    }
}

/// The scheme, host and port of a URL. A redirect to another origin gets none of our secret
/// headers.
struct Origin: Hashable {
    let scheme: String
    let host: String
    let port: String

    /// Parses the URL. Nil if curl cannot parse it.
    init?(_ url: String) {
        guard let parser = curl_url() else { return nil }
        defer { curl_url_cleanup(parser) }
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME)
        guard curl_url_set(parser, CURLUPART_URL, url, flags) == CURLUE_OK else { return nil }
        func part(_ part: CURLUPart) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(parser, part, &text, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK,
                let text
            else { return nil }
            defer { curl_free(text) }
            return String(cString: text).lowercased()
        }
        guard let scheme = part(CURLUPART_SCHEME) else { return nil }
        self.scheme = scheme
        host = part(CURLUPART_HOST) ?? ""
        port = part(CURLUPART_PORT) ?? ""
    }
}
