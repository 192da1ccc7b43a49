// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

/// An answer that curl did not read because sending failed first.
///
/// A service may refuse early, close the connection, and leave the rest of our body unread: its
/// kernel then resets the connection. If our next send meets the reset, curl reports the failed
/// send and drops the answer in the socket.
enum UnreadAnswer {
    /// The answer in these bytes; nil if they have no complete final head. The body may be cut: it
    /// is used for its message only.
    static func parse(_ bytes: [UInt8], bodyBytesMax: Int) -> (head: AnswerHead, body: [UInt8])? {
        guard bytes.starts(with: Array("HTTP/1.".utf8)) else { return nil }
        var head = AnswerHead()
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let isComplete = head.add(String(decoding: rest[...end], as: UTF8.self))
            rest = rest[(end + 1)...]
            guard isComplete else { continue }
            let isChunked = head.headers["transfer-encoding"]?.lowercased() == "chunked"
            let body = isChunked ? unchunked(rest) : Array(rest)
            return (head, Array(body.prefix(bodyBytesMax)))
        }
        return nil
    }

    /// RFC 9112, section 7.1, as far as the bytes go.
    private static func unchunked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var body: [UInt8] = []
        var rest = bytes
        while let end = rest.firstIndex(of: 0x0A) {
            let line = String(decoding: rest[..<end], as: UTF8.self)
            let digits = line.prefix { $0.isHexDigit }
            guard let count = Int(digits, radix: 16), count > 0 else { break }
            rest = rest[(end + 1)...]
            body += rest.prefix(count)
            rest = rest.dropFirst(count).drop { $0 == 0x0D || $0 == 0x0A }
        }
        return body
    }
}

extension UnreadAnswer {
    private static let bytesMax = 256 << 10

    /// The functions of the OpenSSL that libcurl brings along. Linking OpenSSL here could link a
    /// different one.
    private struct Functions {
        typealias NewSocketBIO = @convention(c) (Int32, Int32) -> OpaquePointer?
        typealias SetBIO = @convention(c) (OpaquePointer, OpaquePointer, OpaquePointer) -> Void
        typealias Read = @convention(c) (OpaquePointer, UnsafeMutableRawPointer, Int32) -> Int32
        typealias Context = @convention(c) (OpaquePointer) -> OpaquePointer?
        typealias Shutdown = @convention(c) (OpaquePointer) -> Int32
        typealias SetCallback = @convention(c) (OpaquePointer, OpaquePointer?) -> Void

        let newSocketBIO: NewSocketBIO
        let setBIO: SetBIO
        let read: Read
        let context: Context
        let shutdown: Shutdown
        let setNewSessionCallback: SetCallback

        init?() {
            guard let newSocketBIO = dlsym(nil, "BIO_new_socket"),
                let setBIO = dlsym(nil, "SSL_set_bio"), let read = dlsym(nil, "SSL_read"),
                let context = dlsym(nil, "SSL_get_SSL_CTX"),
                let shutdown = dlsym(nil, "SSL_get_shutdown"),
                let setNewSessionCallback = dlsym(nil, "SSL_CTX_sess_set_new_cb")
            else { return nil }
            self.newSocketBIO = unsafeBitCast(newSocketBIO, to: NewSocketBIO.self)
            self.setBIO = unsafeBitCast(setBIO, to: SetBIO.self)
            self.read = unsafeBitCast(read, to: Read.self)
            self.context = unsafeBitCast(context, to: Context.self)
            self.shutdown = unsafeBitCast(shutdown, to: Shutdown.self)
            self.setNewSessionCallback = unsafeBitCast(
                setNewSessionCallback, to: SetCallback.self)
        }
    }

    private static let functions = Functions()

    /// Whether the other side ended the connection properly, with a TLS close_notify. Nil if
    /// libcurl does not say it or does not use OpenSSL.
    ///
    /// libcurl takes a cut connection for the end of a body whose length is unknown (seen with
    /// 7.88).
    static func hasEnded(_ handle: CurlHandle) -> Bool? {
        guard let functions, let ssl = ccurl_get_openssl(handle.easy).map({ OpaquePointer($0) })
        else { return nil }
        return functions.shutdown(ssl) & receivedShutdown != 0
    }

    /// `SSL_RECEIVED_SHUTDOWN`
    private static let receivedShutdown: Int32 = 2

    /// What came through TLS and was not read before the connection broke. Empty if libcurl does
    /// not use OpenSSL.
    ///
    /// Call it from a callback of curl, which must then end the transfer: it takes the connection
    /// away from curl.
    static func decrypted(_ handle: CurlHandle) -> [UInt8] {
        guard let functions, let fd = handle.sockets.newest,
            let ssl = ccurl_get_openssl(handle.easy).map({ OpaquePointer($0) }),
            let context = functions.context(ssl), let bio = functions.newSocketBIO(fd, 0)
        else { return [] }
        // The callbacks of curl for reading, writing and sessions work only while curl is inside
        // them. The context belongs to this connection alone.
        functions.setNewSessionCallback(context, nil)
        functions.setBIO(ssl, bio, bio)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < bytesMax {
            let count = functions.read(ssl, &buffer, Int32(buffer.count))
            guard count > 0 else { break }
            bytes += buffer.prefix(Int(count))
        }
        return bytes
    }
}
