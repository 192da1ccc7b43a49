// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import CCurl
import Glibc

/// A curl easy handle and the connection that it keeps.
///
/// `@unchecked Sendable`: one exchange at a time uses `easy` and `refused`, on one thread.
/// ``HandlePool`` gives a handle to the next exchange only after the previous one gave it back. The
/// rest is constant.
final class CurlHandle: @unchecked Sendable {
    let easy: OpaquePointer
    let sockets = OpenSockets()
    /// The first option since ``reset()`` that curl did not accept.
    private(set) var refused: (option: CURLoption, code: CURLcode)?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// True if curl is initialized, which happens once per process, before any thread uses curl
    /// (curl_global_init(3)).
    private static let isReady: Bool = {
        // OpenSSL writes to sockets without MSG_NOSIGNAL, so a closed connection would end the
        // process.
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
    }()

    init() throws(TranshipError) {
        guard Self.isReady, let easy = curl_easy_init() else {
            throw TranshipError(.unclassified, "libcurl cannot be started: no memory for it")
        }
        self.easy = easy
        errorText[0] = 0
    }

    deinit {
        // This closes the kept connections through `sockets`, so it comes first.
        curl_easy_cleanup(easy)
        errorText.deallocate()
    }

    /// Clears the state of the last exchange, but keeps its connection.
    func reset() {
        curl_easy_reset(easy)
        errorText[0] = 0
        refused = nil
        check(
            CURLOPT_ERRORBUFFER, ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        // Only one, because the pool counts handles and takes each for one connection.
        set(CURLOPT_MAXCONNECTS, 1)
        let opening = ccurl_set_open(easy) { sockets, _, address in
            guard let sockets, let address else { return -1 }
            return Unmanaged<OpenSockets>.fromOpaque(sockets).takeUnretainedValue().open(address)
        }
        check(CURLOPT_OPENSOCKETFUNCTION, opening)
        let closing = ccurl_set_close(easy) { sockets, fd in
            guard let sockets else { return close(fd) }
            return Unmanaged<OpenSockets>.fromOpaque(sockets).takeUnretainedValue().close(fd)
        }
        check(CURLOPT_CLOSESOCKETFUNCTION, closing)
        let pointer = Unmanaged.passUnretained(sockets).toOpaque()
        set(CURLOPT_OPENSOCKETDATA, pointer: pointer)
        set(CURLOPT_CLOSESOCKETDATA, pointer: pointer)
    }

    /// Notes if curl did not accept an option: a limit or a protection that silently has no effect
    /// would be worse than an error.
    func check(_ option: CURLoption, _ code: CURLcode) {
        if code != CURLE_OK, refused == nil { refused = (option, code) }
    }

    func set(_ option: CURLoption, _ value: Int) {
        check(option, ccurl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }

    /// Sets a text option. Nil removes the value, even one that curl was built with.
    func set(_ option: CURLoption, _ value: String?) {
        check(option, ccurl_set_string(easy, option, value))
    }

    func set(_ option: CURLoption, offset value: Int64) {
        check(option, ccurl_set_off(easy, option, curl_off_t(value)))
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
        check(option, ccurl_set_pointer(easy, option, pointer))
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_get_long(easy, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        return ccurl_get_off(easy, info, &value) == CURLE_OK ? Int64(value) : -1
    }

    func string(_ info: CURLINFO) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard ccurl_get_string(easy, info, &value) == CURLE_OK, let value else { return nil }
        return String(cString: value)
    }

    /// Returns curl's words about its last failure, as a part of a message.
    func explanation(of code: CURLcode) -> String {
        // curl's own words say that it cannot send the body again, but that is not the cause.
        if code == CURLE_SEND_FAIL_REWIND { return "the connection broke while the body was sent" }
        let text = String(cString: errorText)
        let words = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        let line = Self.withoutCredentials(
            ProxySetting.hiding(in: words).split(whereSeparator: \.isNewline).joined(separator: " ")
        )
        let sentence = line.hasSuffix(".") ? String(line.dropLast()) : line
        // Abbreviations ("SSL certificate problem") keep their capitals.
        let isWord = sentence.dropFirst().first?.isLowercase == true
        return isWord ? sentence.prefix(1).lowercased() + sentence.dropFirst() : sentence
    }

    /// Removes the user and the password of an address from curl's words. curl repeats the address
    /// of a proxy that it cannot use.
    ///
    /// A password may contain any character, including quotes and blanks. So this removes
    /// everything from the end of the scheme, or from the quote before the address, up to the last
    /// `@`.
    static func withoutCredentials(_ words: String) -> String {
        guard let at = words.lastIndex(of: "@") else { return words }
        let start =
            words.firstRange(of: "://")?.upperBound ?? words.firstIndex(of: "'").map(
                words.index(after:))
            ?? words.startIndex
        guard start < at else { return words }
        return String(words[..<start] + words[words.index(after: at)...])
    }
}
