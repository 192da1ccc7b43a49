// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import CCurl

extension Exchange {
    /// The smallest send buffer that curl allows. It is large enough for small answers.
    private static let smallBufferBytes = 16 << 10

    /// Sets all options of this exchange.
    ///
    /// - Returns: the header lines, which must stay alive until the exchange is over.
    func prepare(
        _ handle: CurlHandle
    ) throws(TranshipError) -> UnsafeMutablePointer<curl_slist>? {
        guard ["http://", "https://"].contains(where: request.url.lowercased().hasPrefix) else {
            throw TranshipError(
                .unreachable,
                "\(request.shownPlace(request.url, isForeign: request.isRedirected)) is neither an http nor an https URL",
                hint: "write it with its scheme, as in https://host/path")
        }
        try expectRegularFiles()
        let lines = try headerLines()
        handle.reset()
        // An address in the URL itself was checked with the redirect. A host name resolves to an
        // address only now.
        let isAddress = Origin(request.url).map { LinkLocal.contains(host: $0.host) } ?? false
        handle.sockets.begin(refusesLinkLocal: request.isElsewhere && !isAddress)
        setConnection(handle)
        setMethod(handle)
        setCallbacks(handle)
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) }
        handle.check(
            CURLOPT_HTTPHEADER, ccurl_set_list(handle.easy, CURLOPT_HTTPHEADER, list))
        if let (option, code) = handle.refused {
            curl_slist_free_all(list)
            throw TranshipError(
                .unclassified,
                "\(request.shown.prefix(1000)): libcurl does not take its option \(option.rawValue): "
                    + String(cString: curl_easy_strerror(code)),
                hint: "install libcurl 7.85 or newer, built with OpenSSL",
                cause: CurlError(code: Int(code.rawValue)))
        }
        return list
    }

    private func setConnection(_ handle: CurlHandle) {
        handle.set(CURLOPT_URL, request.url)
        handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        handle.set(CURLOPT_USERAGENT, configuration.userAgent)
        // HTTP/2 has no advantage for bodies, and its flow control would interfere with
        // back-pressure.
        handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        handle.set(CURLOPT_NOSIGNAL, true)
        handle.set(CURLOPT_TCP_KEEPALIVE, true)
        handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        // The checksums are of the stored bytes: neither request an encoding nor undo one.
        handle.set(CURLOPT_HTTP_CONTENT_DECODING, false)
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, bounded(configuration.connectTimeoutSeconds) * 1000)
        handle.set(CURLOPT_SSL_VERIFYPEER, configuration.verifiesTLS ? 1 : 0)
        handle.set(CURLOPT_SSL_VERIFYHOST, configuration.verifiesTLS ? 2 : 0)
        handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // After a redirect, a server could choose any host of the netrc file.
        if let file = configuration.netrcFile, !request.isElsewhere {
            handle.set(CURLOPT_NETRC, Int(CURL_NETRC_OPTIONAL.rawValue))
            handle.set(CURLOPT_NETRC_FILE, file)
        }
        if let file = configuration.caFile {
            handle.set(CURLOPT_CAINFO, file)
            // Debian builds curl with the folder of the system's authorities. curl would accept
            // these too.
            handle.set(CURLOPT_CAPATH, nil)
        }
        if let file = configuration.clientCertificateFile { handle.set(CURLOPT_SSLCERT, file) }
        if let file = configuration.clientKeyFile { handle.set(CURLOPT_SSLKEY, file) }
    }

    /// Throws if curl would read a file that is not a regular one. A named pipe without a writer
    /// blocks forever, and a device or a socket would silently yield no login.
    private func expectRegularFiles() throws(TranshipError) {
        if let file = configuration.netrcFile, !request.isElsewhere,
            let words = WholeFile.special(file)
        {
            throw TranshipError(
                .sourceUnavailable, "`auth: netrc`: \(file) \(words)",
                hint: "name a regular file in the variable NETRC, or unset it to use ~/.netrc")
        }
        let files: [(key: String, path: String?)] = [
            ("cacert", configuration.caFile), ("cert", configuration.clientCertificateFile),
            ("key", configuration.clientKeyFile),
        ]
        for (key, path) in files {
            guard isTLS, let path, let words = WholeFile.special(path) else { continue }
            throw TranshipError(
                .tlsFailed, "\(key) \(settings): \(path) \(words)",
                hint: "name a file of PEM certificates or its key in \(key)")
        }
    }

    var isTLS: Bool { request.url.lowercased().hasPrefix("https://") }

    /// The number of timeouts that an exchange may take while bytes move.
    private static let patience = 10

    private func bounded(_ seconds: Int) -> Int {
        min(seconds, configuration.answerSecondsMax ?? .max)
    }

    private func setMethod(_ handle: CurlHandle) {
        var receiveBytes = Self.smallBufferBytes
        var sendBytes = Self.smallBufferBytes
        switch flow {
        case .small where request.isPatientWhileBytesMove:
            handle.set(CURLOPT_TIMEOUT_MS, request.timeoutSeconds * 1000 * Self.patience)
            handle.set(CURLOPT_LOW_SPEED_LIMIT, 1)
            handle.set(CURLOPT_LOW_SPEED_TIME, bounded(request.timeoutSeconds))
        case .small: handle.set(CURLOPT_TIMEOUT_MS, bounded(request.timeoutSeconds) * 1000)
        case .download:
            receiveBytes = configuration.bufferBytes
            useConnectionOnce(handle, unlessShort: request.bodyBytesMax)
        case .upload(_, let sizeBytes):
            sendBytes = configuration.bufferBytes
            useConnectionOnce(handle, unlessShort: sizeBytes)
        }
        handle.set(CURLOPT_BUFFERSIZE, receiveBytes)
        handle.set(CURLOPT_UPLOAD_BUFFERSIZE, sendBytes)

        // If a kept connection turns out to be dead before any byte of an answer, curl sends the
        // request again over a new one. This request must not be sent twice (RFC 9110, section
        // 9.2.2).
        if !request.isRepeatable { handle.set(CURLOPT_FRESH_CONNECT, true) }

        switch (flow, request.method) {
        case (.upload(_, let sizeBytes), let method):
            handle.set(CURLOPT_UPLOAD, true)
            // -1 means unknown: chunked.
            handle.set(CURLOPT_INFILESIZE_LARGE, offset: sizeBytes ?? -1)
            if method != .put { handle.set(CURLOPT_CUSTOMREQUEST, method.rawValue) }
            if !isTLS { handle.sockets.saveUnread() }
        case (_, .head): handle.set(CURLOPT_NOBODY, true)
        case (_, .get) where request.body == nil: handle.set(CURLOPT_HTTPGET, true)
        case (_, .delete) where request.body == nil:
            handle.set(CURLOPT_CUSTOMREQUEST, HTTPRequest.Method.delete.rawValue)
        case (_, let method):
            let body = request.body ?? []
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: Int64(body.count))
            // curl copies as many bytes as the size that was set above.
            if body.isEmpty { handle.set(CURLOPT_COPYPOSTFIELDS, "") }
            body.withUnsafeBytes { bytes in
                guard !bytes.isEmpty else { return }
                let address = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                handle.set(CURLOPT_COPYPOSTFIELDS, pointer: address)
            }
            if method != .post { handle.set(CURLOPT_CUSTOMREQUEST, method.rawValue) }
        }
    }

    /// The maximum length of a body that reuses connections, in bytes.
    ///
    /// To a distant service, opening a new connection takes as long as sending some MiB. A long
    /// body gains nothing from reuse and risks more: it cannot be sent twice if a kept connection
    /// turns out to be dead.
    private static let shortBodyBytes: Int64 = 16 << 20

    /// - Parameter bodyBytes: nil if the length is unknown.
    private func useConnectionOnce(_ handle: CurlHandle, unlessShort bodyBytes: Int64?) {
        guard (bodyBytes ?? .max) > Self.shortBodyBytes else { return }
        handle.set(CURLOPT_FRESH_CONNECT, true)
        handle.set(CURLOPT_FORBID_REUSE, true)
    }

    /// Returns our header lines, and lines that suppress the headers that curl would add.
    private func headerLines() throws(TranshipError) -> [String] {
        var lines: [String] = []
        for field in request.headers.fields {
            let text = field.name + field.value
            let isLine = text.utf8.allSatisfy { $0 != 0x0D && $0 != 0x0A && $0 != 0 }
            guard isLine, !field.name.isEmpty else {
                throw TranshipError(
                    .badRequest,
                    "\(request.shown): the header \"\(field.name)\" has a line break in it")
            }
            // A semicolon, because curl takes a name with nothing after its colon as an order to
            // leave the header out (CURLOPT_HTTPHEADER(3)).
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // No "Expect: 100-continue": the server under Glance (eventlet) answers it only when the
        // application reads, other servers never do, and curl would wait a second for each body. A
        // refusal before the first byte, its benefit, is not lost: curl reads the answer while it
        // sends the body.
        lines.append("Expect:")
        if request.headers["content-type"] == nil { lines.append("Content-Type:") }
        if case .download = flow, request.headers["accept-encoding"] == nil {
            // Without this header, any encoding is allowed (RFC 9110, section 12.5.3).
            lines.append("Accept-Encoding: identity")
        }
        return lines
    }
}
