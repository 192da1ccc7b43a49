// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

extension RawSocket {
    /// Connects to a server on loopback; nil if no server listens.
    ///
    /// The caller closes the connection.
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

    /// Returns the answer of a server on loopback to a request that another server got, with its
    /// chunks joined; nil if no server listens or the answer breaks off.
    public static func answer(
        of url: String, to request: ReceivedRequest
    ) -> (status: Int, headers: [(String, String)], body: [UInt8])? {
        guard let socket = RawSocket(connectingTo: url) else { return nil }
        defer { close(socket.fd) }
        let own = ["connection", "content-length", "transfer-encoding", "expect"]
        let headers = request.headers.filter { !own.contains($0.name.lowercased()) }
            .map { "\($0.name): \($0.value)\r\n" }.joined()
        let head =
            "\(request.method) \(request.target) HTTP/1.1\r\n\(headers)"
            + "Content-Length: \(request.body.count)\r\nConnection: close\r\n\r\n"
        socket.write(Array(head.utf8) + request.body)
        // The status line is parsed as a request line, so the status is in the place of the path.
        guard let answer = socket.readHead(), let status = Int(answer.path),
            let body = socket.body(of: answer, isEmpty: request.method == "HEAD" || status == 204)
        else { return nil }
        let framing = ["connection", "content-length", "transfer-encoding"]
        let kept = answer.headers.filter { !framing.contains($0.name.lowercased()) }
        return (status, kept.map { ($0.name, $0.value) }, body)
    }

    private func body(of answer: ReceivedRequest, isEmpty: Bool) -> [UInt8]? {
        if isEmpty { return [] }
        var body: [UInt8] = []
        func take(_ count: Int) -> Bool {
            let end = body.count + count
            while body.count < end {
                guard let bytes = read(atMost: end - body.count) else { return false }
                body += bytes
            }
            return true
        }
        if let length = answer[header: "content-length"].flatMap({ Int($0) }) {
            return take(length) ? body : nil
        }
        guard answer[header: "transfer-encoding"] != nil else {
            while take(1) {}
            return body
        }
        while let line = readLine(), let count = Int(line.prefix { $0.isHexDigit }, radix: 16) {
            guard take(count), readLine() != nil else { return nil }
            if count == 0 { return body }
        }
        return nil
    }

    /// Returns the body of a URL; nil for any answer but 200 with a length.
    func get(_ url: String) -> [UInt8]? {
        defer { close(fd) }
        let path = URL(string: url)?.path ?? "/"
        write(Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
        // The status line is parsed as a request line, so the status is in the place of the path.
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
