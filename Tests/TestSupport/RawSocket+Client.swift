// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

extension RawSocket {
    /// A connection to a server on loopback; nil where nothing listens.
    ///
    /// Closed by ``get(_:)``.
    convenience init?(connectingTo url: String) {
        guard let port = URL(string: url)?.port else { return nil }
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(fd)
            return nil
        }
        self.init(fd)
    }

    /// The body behind a URL; nil for any answer but 200 with a length.
    func get(_ url: String) -> [UInt8]? {
        defer { close(fd) }
        let path = URL(string: url)?.path ?? "/"
        write(Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
        // A status line read as a request line: the status stands for the path.
        guard let head = readHead(), head.path == "200",
            let length = head[header: "content-length"].flatMap({ Int($0) })
        else { return nil }
        var body: [UInt8] = []
        while body.count < length {
            guard let bytes = read(atMost: length - body.count) else { return nil }
            body += bytes
        }
        return body
    }
}
