// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import CCurl
import Dispatch
import Glibc

/// A curl easy handle, the connections that it keeps, and the queue on which it blocks.
///
/// `@unchecked Sendable`: one exchange at a time uses `easy`, on `queue` only. ``HandlePool`` gives
/// a handle to the next exchange only after the previous one gave it back. The rest is constant.
final class CurlHandle: @unchecked Sendable {
    let easy: OpaquePointer
    /// Serial, with the default target: Dispatch starts a thread for it at once. Blocks of a
    /// concurrent queue would wait for a core.
    let queue = DispatchQueue(label: "tranship.curl")
    let sockets = OpenSockets()
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// Once per process, before any thread uses curl (curl_global_init(3)).
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

    /// Clears the last exchange, but keeps its connection.
    func reset() {
        curl_easy_reset(easy)
        errorText[0] = 0
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        ccurl_set_open(easy) { sockets, _, address in
            guard let sockets, let address = address?.pointee else { return -1 }
            return Unmanaged<OpenSockets>.fromOpaque(sockets).takeUnretainedValue().open(
                family: address.family, type: address.socktype, protocol: address.protocol)
        }
        ccurl_set_close(easy) { sockets, fd in
            guard let sockets else { return close(fd) }
            return Unmanaged<OpenSockets>.fromOpaque(sockets).takeUnretainedValue().close(fd)
        }
        let pointer = Unmanaged.passUnretained(sockets).toOpaque()
        ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, pointer)
        ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, pointer)
    }

    func set(_ option: CURLoption, _ value: Int) { ccurl_set_long(easy, option, value) }

    func set(_ option: CURLoption, _ value: Bool) { ccurl_set_long(easy, option, value ? 1 : 0) }

    func set(_ option: CURLoption, _ value: String) { ccurl_set_string(easy, option, value) }

    func set(_ option: CURLoption, offset value: Int64) {
        ccurl_set_off(easy, option, curl_off_t(value))
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

    /// What curl says about its last failure, as a part of a message.
    func explanation(of code: CURLcode) -> String {
        let text = String(cString: errorText)
        let words = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        let line = words.split(whereSeparator: \.isNewline).joined(separator: " ")
        let sentence = line.hasSuffix(".") ? String(line.dropLast()) : line
        // Abbreviations ("SSL certificate problem") keep their capitals.
        let isWord = sentence.dropFirst().first?.isLowercase == true
        return isWord ? sentence.prefix(1).lowercased() + sentence.dropFirst() : sentence
    }
}

/// Idle handles with the connections that they keep.
///
/// Reuses the last returned handle first: its connection is most likely still open, and its memory
/// still in the cache.
final class HandlePool: Sendable {
    private let idle = Guarded<[CurlHandle]>([])
    private let idleMax: Int

    init(idleMax: Int) {
        self.idleMax = idleMax
    }

    func take() throws(TranshipError) -> CurlHandle {
        if let handle = idle.withLock({ $0.popLast() }) { return handle }
        return try CurlHandle()
    }

    func give(_ handle: CurlHandle) {
        idle.withLock { idle in
            if idle.count < idleMax { idle.append(handle) }
        }
    }
}
