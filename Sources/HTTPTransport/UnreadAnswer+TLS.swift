// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

extension UnreadAnswer {
    private static let bytesMax = 256 << 10

    /// Functions of the OpenSSL that libcurl uses. Linking OpenSSL here could link a different one.
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

    private static let functions = isKnown ? Functions() : nil

    /// The variable that turns this off: with `TRANSHIP_UNREAD_TLS=off`, curl keeps connections on
    /// which sending failed. An early answer of a service over TLS is then lost, and the error says
    /// only that the connection broke.
    static let switchName = "TRANSHIP_UNREAD_TLS"

    private static let isSwitchedOff =
        getenv(switchName).map { String(cString: $0).lowercased() == "off" } ?? false

    /// True if ``decrypted(_:)`` does anything in this process. For tests.
    static var isInUse: Bool { functions != nil && !isSwitchedOff }

    /// True if libcurl uses an OpenSSL with which this code was tested.
    private static let isKnown: Bool = {
        guard let words = ccurl_tls_library(),
            let number = dlsym(nil, "OpenSSL_version_num")
        else { return false }
        typealias VersionNumber = @convention(c) () -> UInt
        let loaded = unsafeBitCast(number, to: VersionNumber.self)()
        return isKnown(curl: String(cString: words), loaded: loaded)
    }()

    /// - Parameters:
    ///   - words: libcurl's name of its TLS library: `OpenSSL/3.0.17`. Other libraries with
    ///     functions of these names, such as BoringSSL and LibreSSL, have other names here. A
    ///     libcurl with several libraries puts the names of unused ones into brackets.
    ///   - loaded: the version number of the OpenSSL whose functions this process finds
    ///     (OpenSSL_version_num(3)). It must be the same version, since a process can have two.
    static func isKnown(curl words: String, loaded: UInt) -> Bool {
        guard let match = words.prefixMatch(of: /OpenSSL\/3\.([0-9]+)\.([0-9]+)(?=$|[\s\-+])/),
            let minor = UInt(match.1), let patch = UInt(match.2), minor < 256, patch < 256
        else { return false }
        return loaded >> 4 == (3 << 28 | minor << 20 | patch << 4) >> 4
    }

    /// Returns true if the other side ended the connection properly, with a TLS close_notify. Nil
    /// if libcurl does not reveal its connection or does not use OpenSSL.
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

    /// Returns the bytes that came through TLS and were not read before the connection broke. Empty
    /// if libcurl does not use a known OpenSSL, or if ``switchName`` turns this off.
    ///
    /// Call it from a callback of curl, and then end the transfer: it takes the connection away
    /// from curl.
    static func decrypted(_ handle: CurlHandle) -> [UInt8] {
        guard !isSwitchedOff, let functions, let fd = handle.sockets.newest,
            let ssl = ccurl_get_openssl(handle.easy).map({ OpaquePointer($0) }),
            let context = functions.context(ssl), let bio = functions.newSocketBIO(fd, 0)
        else { return [] }
        // curl's callbacks for reading, writing and sessions work only while curl itself is
        // calling. The context belongs to this connection alone.
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
