// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import CCurl

extension Exchange {
    /// Returns the error for a curl code.
    func failure(_ code: CURLcode, _ handle: CurlHandle) -> TranshipError {
        var words = handle.explanation(of: code)
        // curl's words may name the host, which a server chose in the redirect.
        if request.isRedirected { words = request.echoes.removed(from: words) }
        let isSent = handle.long(CURLINFO_REQUEST_SIZE) > 0
        let isOverKept = handle.sockets.openedCount == 0
        func error(
            _ kind: TranshipError.Code, isTransient: Bool, hint: String? = nil
        ) -> TranshipError {
            TranshipError(
                kind, "\(shown): \(words)", hint: hint, isTransient: isTransient,
                cause: CurlError(code: Int(code.rawValue)), naming: answerer)
        }
        if handle.sockets.hasRefusedLinkLocal { return request.redirectedToLinkLocal(request.url) }
        // The resolver and the certificate reader do not report why they failed.
        let isShort =
            OpenFileLimit.isShortage(handle.sockets.openError)
            || !isSent && OpenFileLimit.isReached
        if isShort { return tooManyFiles() }
        // curl starts a thread for each name that it resolves.
        if words.contains("thread failed to start") { return ThreadPool.shortage(words) }
        if isSent, let error = endlessHead(code, words) { return error }
        if !isSent, let error = proxyFailure(code, words) { return error }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            return error(
                .unreachable, isTransient: true,
                hint: "check the host name, and that this machine can resolve it")
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            return error(
                .unreachable, isTransient: true,
                hint: "check http_proxy, https_proxy and no_proxy in the environment")
        case CURLE_COULDNT_CONNECT where words.contains("unsupported proxy"):
            return error(
                .unreachable, isTransient: false,
                hint: "check http_proxy, https_proxy and no_proxy in the environment")
        case CURLE_COULDNT_CONNECT,
            CURLE_OPERATION_TIMEDOUT where !isSent:
            return error(
                .unreachable, isTransient: true,
                hint: "check that the service is up and that no firewall is in the way")
        case CURLE_OPERATION_TIMEDOUT:
            return error(.timedOut, isTransient: true, hint: Self.silenceHint)
        case CURLE_PARTIAL_FILE:
            if case .download = flow, (200..<300) ~= head.status {
                let declared = head.headers["content-length"]
                return cutShort(declared.map { "\(bodyBytes) of \($0) bytes came" } ?? words)
            }
            return error(.connectionLost, isTransient: true, hint: Self.lossHint)
        case CURLE_RECV_ERROR where handle.long(CURLINFO_HTTP_CONNECTCODE) >= 300:
            return error(
                .unreachable, isTransient: handle.long(CURLINFO_HTTP_CONNECTCODE) >= 500,
                hint: "check https_proxy and no_proxy in the environment: the proxy refused")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_FAIL_REWIND:
            return error(.connectionLost, isTransient: true, hint: lossHint(isOverKept))
        // CURLE_OK: curl accepted an answer without a head. Over a kept connection, such an answer
        // may be the rest of the previous one.
        case CURLE_UNSUPPORTED_PROTOCOL where isOverKept, CURLE_WEIRD_SERVER_REPLY where isOverKept:
            return error(.connectionLost, isTransient: true, hint: Self.lossHint)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_OK:
            return error(
                .invalidAnswer, isTransient: false,
                hint: "check host and port: the server does not speak HTTP/1.1")
        case CURLE_URL_MALFORMAT:
            return error(
                .unreachable, isTransient: false, hint: "check the URL and its percent-encoding")
        default:
            return tlsFailure(code, words) ?? error(.unclassified, isTransient: false)
        }
    }

    /// `CURLE_TOO_LARGE` of curl 8.6 and later.
    private static let tooLarge = CURLcode(rawValue: 100)

    /// Returns the error for a head that is too long. curl accepts at most 100 kB for one line of a
    /// head and 300 kB in total; its code for more depends on its version.
    private func endlessHead(_ code: CURLcode, _ words: String) -> TranshipError? {
        guard
            code == CURLE_OUT_OF_MEMORY || code == Self.tooLarge
                || words.contains("too large response headers")
        else { return nil }
        return TranshipError(
            .invalidAnswer, "\(shown): the head of the answer is too long",
            hint: "ask the operator of the server, or of a proxy before it: one of them is broken",
            isTransient: true, cause: CurlError(code: Int(code.rawValue)))
    }

    /// Returns the hint for a lost connection. A service that speaks TLS ends a connection that
    /// begins with plain HTTP.
    private func lossHint(_ isOverKept: Bool) -> String {
        let mayBeTLS =
            [.get, .head].contains(request.method) && head.status == 0 && !isOverKept
            && request.url.lowercased().hasPrefix("http://")
        return mayBeTLS
            ? "if the port speaks TLS, write https://; else \(Self.lossHint)" : Self.lossHint
    }

    static let lossHint =
        "look at the server, and at proxies and firewalls before it, if that happens again"
    static let silenceHint =
        "ask the operator of the server if that happens again: it is overloaded, or something "
        + "before it is"

    private func tooManyFiles() -> TranshipError {
        TranshipError(
            .unclassified,
            "\(request.shown): this process may have \(OpenFileLimit.files) files and sockets open "
                + "at once, and all are in use",
            hint: "raise the limit (`ulimit -n`), or lower limits.images: a run needs about "
                + "\(OpenFileLimit.otherFiles), and \(OpenFileLimit.filesPerImage) more for each "
                + "image in flight",
            isTransient: true)
    }

    var settings: String {
        switch configuration.settingsPlace {
        case .cloudsFile: "in clouds.yaml"
        case .pipelineSource: "of this source in the pipeline file"
        }
    }

    private var authorityKey: String {
        switch configuration.settingsPlace {
        case .cloudsFile: "cacert in clouds.yaml"
        case .pipelineSource: "`cacert` of this source"
        }
    }

    /// The hint for settings that the operator wrote in the wrong place; nil if there are none.
    private var misplacedHint: String? {
        let keys = configuration.misplacedKeys.joined(separator: " and ")
        return keys.isEmpty
            ? nil
            : "move \(keys) out of auth in clouds.yaml, one level up: inside auth, that has no "
                + "effect"
    }

    private var authorityHint: String {
        switch configuration.settingsPlace {
        case .cloudsFile:
            "if this cloud has a certificate authority of its own, set cacert in clouds.yaml to its "
                + "certificate"
        case .pipelineSource:
            "if this server has a certificate authority of its own, write the file of its "
                + "certificate as `cacert` of this source"
        }
    }

    /// True if the certificate is for another host. The words are those of curl with OpenSSL: "no
    /// alternative certificate subject name matches target host name", "certificate subject name
    /// 'a' does not match target host name 'b'".
    private func isOfAnotherHost(_ words: String) -> Bool {
        words.contains("subject name") && words.contains("target host")
    }

    private func tlsFailure(_ code: CURLcode, _ words: String) -> TranshipError? {
        let hint: String
        switch code {
        case CURLE_PEER_FAILED_VERIFICATION where isOfAnotherHost(words):
            hint =
                "the certificate is for another host name: use the name that it is for, or ask the "
                + "operator of the server for a certificate with this name"
        case CURLE_PEER_FAILED_VERIFICATION where words.contains("has expired"),
            CURLE_PEER_FAILED_VERIFICATION where words.contains("not yet valid"):
            hint = "ask the operator of the server to renew it, and check the clock of this machine"
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
            hint = authorityHint
        case CURLE_SSL_CACERT_BADFILE:
            hint = "name a readable file of PEM certificates as \(authorityKey)"
        case CURLE_SSL_CERTPROBLEM:
            hint = "cert and key in clouds.yaml must name a PEM certificate and its key"
        case CURLE_SSL_CONNECT_ERROR where words.contains("wrong version number"):
            hint = "the port may speak plain http; check the scheme of the URL"
        case CURLE_SSL_CONNECT_ERROR where words.contains("SSL_ERROR_SYSCALL"):
            return TranshipError(
                .connectionLost, "\(shown): \(words)", hint: Self.lossHint, isTransient: true,
                cause: CurlError(code: Int(code.rawValue)))
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT:
            hint =
                configuration.settingsPlace == .cloudsFile
                ? "check cacert, cert and key in clouds.yaml, and the service's TLS settings"
                : "check \(authorityKey), and the TLS settings of the server"
        default: return nil
        }
        return TranshipError(
            .tlsFailed, "\(request.shown): \(words)", hint: misplacedHint ?? hint,
            cause: CurlError(code: Int(code.rawValue)))
    }
}

/// The code of libcurl, as in `libcurl-errors(3)`.
public struct CurlError: Error, Hashable, Sendable {
    public let code: Int
}
