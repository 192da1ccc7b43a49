// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

extension UnreadAnswer {
    private static let bytesMax = 256 << 10

    /// The functions of the OpenSSL that libcurl itself brought along: linking
    /// one of our own might be linking another.
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

    /// Whether the other side has ended the connection as TLS does it, with a
    /// close_notify; nil where libcurl does not say or uses something else than
    /// OpenSSL.
    ///
    /// libcurl takes a connection that is cut without one for a body's end where
    /// nothing else tells its length (seen with 7.88).
    static func hasEnded(_ handle: CurlHandle) -> Bool? {
        guard let functions, let ssl = ccurl_get_openssl(handle.easy).map({ OpaquePointer($0) })
        else { return nil }
        return functions.shutdown(ssl) & receivedShutdown != 0
    }

    /// `SSL_RECEIVED_SHUTDOWN`
    private static let receivedShutdown: Int32 = 2

    /// What came through TLS and was not read before the connection broke.
    ///
    /// To be called from a callback of curl, which must then end the transfer:
    /// it takes the connection out of curl's hands. Empty where libcurl uses
    /// something else than OpenSSL.
    static func decrypted(_ handle: CurlHandle) -> [UInt8] {
        guard let functions, let fd = handle.sockets.newest,
            let ssl = ccurl_get_openssl(handle.easy).map({ OpaquePointer($0) }),
            let context = functions.context(ssl), let bio = functions.newSocketBIO(fd, 0)
        else { return [] }
        // curl's own ways of reading, writing and keeping sessions work only
        // while curl is inside of them. The context is this connection's alone.
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
